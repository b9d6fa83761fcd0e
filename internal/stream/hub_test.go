package stream

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/internal/problem"
)

func TestOneReadForAllReaders(t *testing.T) {
	t.Parallel()
	p := start(t, postgrestest.New(t), never, deaf)
	topic := p.topics(1)[0]
	var readers []*reader
	for range 50 {
		readers = append(readers, p.reader(topic, Now))
	}
	for n := 1; n <= 5; n++ {
		p.write(nil, topic)
		for _, r := range readers {
			r.until(n)
		}
		if reads := p.reads.Load(); reads != int64(n) {
			t.Fatalf("%d reads for %d events and %d readers", reads, n, len(readers))
		}
	}
}

func TestTheTailAndTheTableSayTheSame(t *testing.T) {
	t.Parallel()
	const events = 3*tailSize + 5
	dsn := postgrestest.New(t)
	p := start(t, dsn, never, deaf)
	topic := p.topics(1)[0]
	live := p.reader(topic, Now)
	for n := range events {
		p.write(nil, topic)
		live.until(n + 1)
	}
	stored, err := p.log.read(t.Context(), []uuid.UUID{topic}, []int64{0}, events+1)
	if err != nil || len(stored) != events {
		t.Fatal(len(stored), err)
	}
	check := func(what string, after int, got []Event) {
		t.Helper()
		for i, e := range got {
			if e != stored[after+i] {
				t.Fatalf("%s after %d: %+v, stored is %+v", what, after, e, stored[after+i])
			}
		}
	}
	check("live", 0, live.got)
	for after := 0; after <= events; after += 3 {
		before := p.reads.Load()
		r := p.reader(topic, int64(after))
		check("caught up", after, r.until(events-after))
		if inTail := after >= events-tailSize; inTail != (p.reads.Load() == before) {
			t.Errorf("after %d of %d: %d reads", after, events, p.reads.Load()-before)
		}
		r.sub.Close()
	}
}

func TestClosingLeavesNothing(t *testing.T) {
	t.Parallel()
	p := start(t, postgrestest.New(t), often, postgresBroker(t))
	topics := p.topics(20)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			for n := range 40 {
				id := topics[(i+n)%len(topics)]
				s, err := p.hub.Subscribe(t.Context(), id, []int64{Now, 0}[n%2], func() {})
				if err != nil {
					t.Error(err)
					return
				}
				if n%4 == 0 {
					p.write(nil, id)
				}
				if _, err := s.Read(t.Context(), 5); err != nil {
					t.Error(err)
				}
				s.Close()
				s.Close() // once more changes nothing
			}
		})
	}
	all.Wait()
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	if n := len(p.hub.topics); n > 0 || p.hub.Subscriptions() != 0 {
		t.Errorf("%d topics and %d subscriptions are left", n, p.hub.Subscriptions())
	}
}

func TestAHoleIsSaidNotPassedOver(t *testing.T) {
	t.Parallel()
	p := start(t, postgrestest.New(t), often, deaf)
	topic := p.topics(1)[0]
	slow, live := p.reader(topic, Now), p.reader(topic, Now)
	for n := range 2 * tailSize {
		p.write(nil, topic)
		live.until(n + 1)
	}
	slow.got, _ = slow.sub.Read(t.Context(), 3) // from the table
	if _, err := p.db.ExecContext(t.Context(), `DELETE FROM events WHERE topic_id = $1 AND seq <= 10`, topic); err != nil {
		t.Fatal(err)
	}
	var refusal *problem.Error
	if events, err := slow.sub.Read(t.Context(), 10); !errors.As(err, &refusal) || refusal.Code != problem.CursorExpired {
		t.Errorf("a reader that is behind: %v %v", events, err)
	}
	for _, after := range []int64{0, 3, 9, 2*tailSize + 1} {
		if _, err := p.hub.Subscribe(t.Context(), topic, after, func() {}); !errors.As(err, &refusal) || refusal.Code != problem.CursorExpired {
			t.Errorf("after %d: %v", after, err)
		}
	}
	if n := len(p.reader(topic, 10).until(2*tailSize - 10)); n != 2*tailSize-10 {
		t.Errorf("%d events after the hole", n)
	}
	p.write(nil, topic)
	live.until(2*tailSize + 1)
}
