package notify

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

const (
	// MaxTold is how many watchers one transaction notifies. Each is a lock, and some rows.
	MaxTold = 200

	fanoutHands   = 2               // work at once in a process: while one waits for a lock, the other tells others
	fanoutPoll    = time.Second     // how long work can lie when the broker said nothing
	fanoutBackoff = time.Second     // after the first failure, twice as long after each further one
	fanoutLonger  = 6               // up to so many times twice: a minute
	fanoutFuture  = 2 * time.Minute // who is to wait for longer does not: the clock has been put back
)

// fanoutBell is the topic that is rung when there is work for the workers.
var fanoutBell = uuid.UUID{'f', 'a', 'n', 'o', 'u', 't'}

// News is something that the watchers of a subject are to be told of.
type News struct {
	Kind        Kind
	SubjectKind ids.Kind
	Subject     uuid.UUID // what is watched; it has a log of its own
	Position    int64     // of the news, in the log of the subject
	Cause       uuid.UUID
	Actor       uuid.UUID // who did it, and is not told

	told postgres.UUIDs // who was told in another way
}

func (n *News) tell(users []uuid.UUID) []Occurrence {
	list := make([]Occurrence, len(users))
	for i, u := range users {
		list[i] = Occurrence{User: u, Kind: n.Kind, SubjectKind: n.SubjectKind, Subject: n.Subject, Cause: n.Cause, Actor: n.Actor}
	}
	return list
}

// watchers are the next of those who are to be told, after one of them, at most limit.
func (n *News) watchers(ctx context.Context, tx *postgres.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	return postgres.Column[uuid.UUID](tx.Rows(ctx, readWatchers, n.Subject, after, n.Position, n.Actor, n.told, limit))
}

const addFanout = `
INSERT INTO fanouts (subject_id, position, kind, subject_kind, cause_id, actor_id, except_id, except_ids)
SELECT $1::uuid, $2::bigint, $3::text, $4::text, $5::uuid, $6::uuid, told[1], told
FROM (SELECT coalesce(array_agg(n.user_id), '{}') AS told FROM notification_causes c JOIN notifications n ON n.id = c.notification_id WHERE c.cause_id = $5::uuid) AS already`

// Audience finds who is to be told of news in the transaction that makes them: the occurrences to Raise, once
// their users' mailboxes are locked. When there are more than AtOnce watchers it finds none, and the news are
// to be handed to Later. What it finds does not change while the caller holds the lock of the subject, but
// for those who mute it, whom Raise passes over. The position need not be known yet: it is beyond all others.
func (b *Bell) Audience(ctx context.Context, tx *postgres.Tx, news News) (told []Occurrence, later bool, err error) {
	news.Position = 1<<63 - 1
	users, err := news.watchers(ctx, tx, uuid.Nil, b.AtOnce+1)
	if err != nil || len(users) > b.AtOnce {
		return nil, err == nil, err
	}
	return news.tell(users), false, nil
}

// Later has the workers tell the watchers, each exactly once, after tx has committed. Who was told of the cause
// already, in tx, is not told again. It joins tx.
func (b *Bell) Later(ctx context.Context, tx *postgres.Tx, news News) error {
	_, err := tx.Exec(ctx, addFanout, news.Subject, news.Position, string(news.Kind), string(news.SubjectKind), news.Cause, news.Actor)
	if err != nil {
		return err
	}
	return b.log.Ring(ctx, tx, fanoutBell)
}

// FanOut tells watchers what Later has left, and takes back what ForgetLater has, until ctx is done. Any number
// of processes may do so.
func (b *Bell) FanOut(ctx context.Context, hub *stream.Hub, log *slog.Logger) {
	var hands sync.WaitGroup
	for range fanoutHands {
		hands.Go(func() { b.fanOut(ctx, hub, log) })
	}
	hands.Wait()
}

func (b *Bell) fanOut(ctx context.Context, hub *stream.Hub, log *slog.Logger) {
	rung := make(chan struct{}, 1) // full: it is ringing already
	defer hub.OnWake(fanoutBell, func() {
		select {
		case rung <- struct{}{}:
		default:
		}
	})()
	tick := time.NewTicker(fanoutPoll)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		more, err := b.workBatch(ctx, log)
		if err != nil && !failing && ctx.Err() == nil { // said once, not each second
			log.Warn("work of the bell not looked for: trying again", "error", err)
		}
		failing = err != nil
		if more {
			continue
		}
		select {
		case <-ctx.Done():
		case <-rung:
		case <-tick.C:
		}
	}
}

// workBatch does one piece of each kind of work that is due.
func (b *Bell) workBatch(ctx context.Context, log *slog.Logger) (more bool, err error) {
	isToTell, isToForget, err := b.isDue(ctx)
	if isToTell && err == nil {
		more, err = b.fanOutBatch(ctx, log)
	}
	if isToForget && err == nil {
		var moreGone bool
		moreGone, err = b.forgetBatch(ctx, log)
		more = more || moreGone
	}
	return more, err
}

// The first of each subject may be told, because those of one subject are told in order. $1 is fanoutFuture
// in seconds.
const dueFanouts = `FROM fanouts AS f
WHERE (not_before <= now() OR not_before > now() + make_interval(secs => $1))
  AND NOT EXISTS (SELECT FROM fanouts e WHERE e.subject_id = f.subject_id AND e.position < f.position)`

const (
	// Most looks find nothing: they need no transaction.
	lookForWork = `SELECT EXISTS (SELECT ` + dueFanouts + `), EXISTS (SELECT ` + dueRetractions + `)`

	// Who was told last comes last, so that many watchers of one subject do not keep those of others waiting.
	takeFanout = `
SELECT subject_id, position, kind, subject_kind, cause_id, actor_id, array_remove(except_ids || except_id, NULL), told_to, failures ` + dueFanouts + `
ORDER BY not_before, subject_id LIMIT 1 FOR UPDATE SKIP LOCKED`

	moveFanout = `UPDATE fanouts SET told_to = $3, failures = 0, not_before = clock_timestamp() WHERE subject_id = $1 AND position = $2`
	endFanout  = `DELETE FROM fanouts WHERE subject_id = $1 AND position = $2`
	// Whoever took it in the moment before this is written may have failed, too: that counts once.
	failedFanout = `
UPDATE fanouts SET failures = failures + 1, not_before = now() + make_interval(secs => $3 * 2 ^ least(failures, $4))
WHERE subject_id = $1 AND position = $2 AND failures = $5`
)

// fanOutBatch tells the next watchers of one of the news. How far it got is written in the same transaction:
// whoever goes on after a crash begins with who was not told. more is false when there is nothing to do now.
func (b *Bell) fanOutBatch(ctx context.Context, log *slog.Logger) (more bool, err error) {
	var news News
	var failures int
	at := b.log.Clock.Now()
	err = b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		more, news = false, News{}
		var toldTo uuid.UUID
		found, err := tx.Row(ctx, takeFanout, []any{fanoutFuture.Seconds()},
			&news.Subject, &news.Position, &news.Kind, &news.SubjectKind, &news.Cause, &news.Actor, &news.told, &toldTo, &failures)
		if err != nil || !found {
			return err
		}
		more = true
		users, err := news.watchers(ctx, tx, toldTo, b.AtOnce)
		if err != nil {
			return err
		}
		if len(users) < b.AtOnce {
			_, err = tx.Exec(ctx, endFanout, news.Subject, news.Position)
		} else {
			_, err = tx.Exec(ctx, moveFanout, news.Subject, news.Position, users[len(users)-1])
		}
		if err != nil || len(users) == 0 {
			return err
		}
		batch := b.log.Begin(tx, at)
		if err := batch.Lock(ctx, users...); err != nil {
			return err
		}
		if err := b.Raise(ctx, tx, batch, news.tell(users)); err != nil {
			return err
		}
		_, err = batch.Write(ctx)
		return err
	})
	if err == nil || news.Subject == uuid.Nil || ctx.Err() != nil {
		return more && err == nil, err
	}
	// This one waits; the others go on.
	log.Error("watchers not told: trying again later", "subject", ids.Encode(news.SubjectKind, news.Subject), "error", err)
	err = b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, failedFanout, news.Subject, news.Position, fanoutBackoff.Seconds(), fanoutLonger, failures)
		return err
	})
	return err == nil, err
}

func (b *Bell) isDue(ctx context.Context) (toTell, toForget bool, err error) {
	rows, err := b.db.Rows(ctx, lookForWork, fanoutFuture.Seconds())
	if err != nil {
		return false, false, postgres.Explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&toTell, &toForget); err != nil {
			return false, false, err
		}
	}
	return toTell, toForget, postgres.Explain(rows.Err())
}

// Untold is what the workers have still to tell to watchers, and to take back.
type Untold struct {
	Pending int
	Failing int           // of those, whose last batch failed; they are tried again
	Oldest  time.Duration // since when the oldest of them waits; 0: there is none
}

const countUntold = `
SELECT count(*), count(*) FILTER (WHERE failures > 0), coalesce(extract(epoch FROM now() - min(at)), 0)
FROM (SELECT failures, at FROM fanouts UNION ALL SELECT failures, at FROM retractions) AS work`

// Untold counts, in the whole site, what is still to be told.
func (b *Bell) Untold(ctx context.Context) (u Untold, err error) {
	var seconds float64
	err = b.db.QueryRowContext(ctx, countUntold).
		Scan(&u.Pending, &u.Failing, &seconds)
	u.Oldest = time.Duration(seconds * float64(time.Second))
	return u, postgres.Explain(err)
}
