package stream

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

// TestTheOrderOfSeqIsTheOrderOfCommits has many writers share topics on two processes, while others look: no
// snapshot may show an event without all those before it.
func TestTheOrderOfSeqIsTheOrderOfCommits(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 40
	dsn := postgrestest.New(t)
	processes := []*process{start(t, dsn, often, postgresBroker(t)), start(t, dsn, often, postgresBroker(t))}
	topics := processes[0].topics(4)
	written := make([]map[uuid.UUID]int, writers)
	var all, looking sync.WaitGroup
	done := make(chan struct{})
	for _, p := range processes {
		looking.Go(func() {
			for {
				var broken int
				if err := p.db.QueryRowContext(context.Background(), `
SELECT count(*) FROM (SELECT t.id, t.seq, t.unread_notes, count(e.seq) AS n, coalesce(max(e.seq), 0) AS last
  FROM topics t LEFT JOIN events e ON e.topic_id = t.id GROUP BY t.id) AS s WHERE n <> last OR last <> seq OR unread_notes <> n`).Scan(&broken); err != nil || broken > 0 {
					t.Errorf("%d topics have a hole: %v", broken, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for w := range writers {
		written[w] = map[uuid.UUID]int{}
		all.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for range each {
				some := slices.Clone(topics)
				r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] }) // any order of locks
				some = some[:1+r.IntN(3)]
				processes[w%2].write(nil, some...)
				for _, id := range some {
					written[w][id]++
				}
			}
		})
	}
	all.Wait()
	close(done)
	looking.Wait()
	for _, id := range topics {
		n := 0
		for _, w := range written {
			n += w[id]
		}
		for i, e := range processes[1].reader(id, 0).until(n) {
			if e.Seq != int64(i+1) || e.Topic != id || e.Unread.Notes != i+1 {
				t.Fatalf("event %d of %s: %+v", i, id, e)
			}
		}
		if h, ok, err := processes[0].log.Head(t.Context(), id); err != nil || !ok || h.Seq != int64(n) || h.Unread.Notes != n {
			t.Errorf("head %+v %t %v after %d events", h, ok, err, n)
		}
	}
}

// TestALateCommitIsNotPassedOver has a writer hold its transaction open while another one wants to write the
// same log, and a reader comes in between.
func TestALateCommitIsNotPassedOver(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.New(t)
	p := start(t, dsn, never, postgresBroker(t))
	topic := p.topics(1)[0]
	written, commit := make(chan struct{}), make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() { p.write(func() { close(written); <-commit }, topic) })
	<-written
	acknowledged := make(chan struct{})
	both.Go(func() { p.write(nil, topic); close(acknowledged) })
	eventually(t, "the other writer waits", func() bool {
		var n int
		err := p.db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		return err == nil && n == 1
	})
	r := p.reader(topic, 0)
	if events, err := r.sub.Read(t.Context(), 10); err != nil || len(events) != 0 {
		t.Errorf("nothing is committed, but there is %v %v", events, err)
	}
	select {
	case <-acknowledged:
		t.Error("the second was acknowledged before the first was committed")
	default:
	}
	close(commit)
	for i, e := range r.until(2) {
		if e.Seq != int64(i+1) {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	both.Wait()
}

// TestThePollSeesWhatCommitsLate has a transaction with a low id commit after many with higher ids and after
// many polls: the net must still hold it, though no broker says a word.
func TestThePollSeesWhatCommitsLate(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.New(t)
	writer, p := start(t, dsn, never, deaf), start(t, dsn, often, deaf)
	topics := p.topics(2)
	late, early := p.reader(topics[0], Now), p.reader(topics[1], Now)
	written, commit := make(chan struct{}), make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { writer.write(func() { close(written); <-commit }, topics[0]) })
	<-written
	for i := range 3 {
		writer.write(nil, topics[1])
		early.until(i + 1)
	}
	polls := p.polls.Load()
	eventually(t, "more polls", func() bool { return p.polls.Load() > polls+3 })
	close(commit)
	late.until(1)
	running.Wait()
}

func TestLockingATopicThatDoesNotExist(t *testing.T) {
	t.Parallel()
	p := start(t, postgrestest.New(t), never, deaf)
	err := p.db.InTx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error {
		return p.log.Begin(tx, time.Now()).Lock(ctx, uuid.New())
	})
	if err == nil {
		t.Error("an event without a head could be written")
	}
}
