package stream

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/notewire/notewire/internal/postgres"
)

// watch is the net under the broker. Once an interval it reads what transactions have changed since, not
// what is served: each write leaves a row with its transaction id, and all that had not ended when the net
// was last drawn is at or above the oldest id that was running then. After a lost connection, or a crash,
// which empties that table, the logs of all that is served are read instead.
func (h *Hub) watch(ctx context.Context) {
	tick := time.NewTicker(h.poll)
	defer tick.Stop()
	var since string             // nothing yet: read all that is served
	drawn := time.Now().Round(0) // by the clock on the wall, which goes on while a process is stopped
	for {
		missed := false
		select {
		case <-ctx.Done():
			return
		case <-h.lost:
			missed = true
		case <-tick.C:
		}
		now := time.Now().Round(0)
		missed = missed || now.Sub(drawn) > netKept/2
		drawn = now
		next, topics, whole, err := h.changed(ctx, since)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if since != "" {
				h.slog.Warn("poll failed: events may be late", "error", err)
			}
			since = ""
			h.synced.Store(false)
			continue
		}
		// The database may be another one than before: a failover, a restore.
		changed, err := h.log.epochs.read(ctx, h.log.db)
		if err != nil {
			since = "" // what was found is not looked at yet
			h.synced.Store(false)
			continue
		}
		if changed {
			h.slog.Warn("the log has a new epoch: all positions of before have expired")
			h.expireAll()
		}
		if since == "" || missed || !whole {
			h.markAll()
		} else {
			h.mark(topics)
		}
		since = next
		h.synced.Store(true)
	}
}

// netKept is how long the net's rows are kept: many polls, also of a process that was stopped for a while. One
// that slept longer than half of it reads the logs of all it serves.
const netKept = 5 * time.Minute

// The row with the transaction id 0 is there as long as no crash has emptied the table.
const (
	markNet      = `INSERT INTO wakes (xid, topics) SELECT '0'::xid8, '{}' WHERE NOT EXISTS (SELECT FROM wakes WHERE xid = '0'::xid8)`
	changedSince = `
SELECT pg_snapshot_xmin(pg_current_snapshot())::text, EXISTS (SELECT FROM wakes WHERE xid = '0'::xid8),
  coalesce((SELECT array_agg(DISTINCT t)::text[] FROM wakes, unnest(topics) AS t WHERE xid >= $1::text::xid8), '{}')`
)

// changed returns the topics of the transactions that may have committed since the last call, and what to
// give to the next. whole says whether all that was written is still there.
func (h *Hub) changed(ctx context.Context, since string) (next string, topics []uuid.UUID, whole bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if since == "" {
		since = "1"
	}
	rows, err := h.log.db.Rows(ctx, changedSince, since)
	if err != nil {
		return "", nil, false, postgres.Explain(err)
	}
	defer rows.Close()
	var found pq.StringArray
	for rows.Next() {
		if err := rows.Scan(&next, &whole, &found); err != nil {
			return "", nil, false, err
		}
	}
	for _, s := range found {
		if id, err := uuid.Parse(s); err == nil {
			topics = append(topics, id)
		}
	}
	if err := rows.Err(); err != nil {
		return "", nil, false, postgres.Explain(err)
	}
	if !whole {
		err = h.log.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
			_, err := tx.Exec(ctx, markNet)
			return err
		})
	}
	return next, topics, whole, err
}

func (h *Hub) mark(ids []uuid.UUID) {
	h.mu.Lock()
	more := false
	var rung []*waiter
	for _, id := range ids {
		if h.topics[id] != nil {
			h.dirty[id] = struct{}{}
			more = true
		}
		rung = h.waiting(rung, id)
	}
	h.mu.Unlock()
	if more {
		ring(h.bell)
	}
	for _, w := range rung {
		w.rung()
	}
}

func (h *Hub) markAll() {
	h.mu.Lock()
	for id := range h.topics {
		h.dirty[id] = struct{}{}
	}
	var rung []*waiter
	for id := range h.waiters {
		rung = h.waiting(rung, id)
	}
	h.mu.Unlock()
	ring(h.bell)
	for _, w := range rung {
		w.rung()
	}
}

// expireAll ends the subscriptions of an epoch that is over: their next Read says so.
func (h *Hub) expireAll() {
	h.mu.Lock()
	var woken []*Subscription
	for id, t := range h.topics {
		h.move(id)
		for s := range t.readers {
			woken = append(woken, s)
		}
	}
	clear(h.topics)
	clear(h.dirty)
	h.mu.Unlock()
	for _, s := range woken {
		s.wake()
	}
}

// Prune deletes what the net no longer needs. It is called now and then by the process that does the
// housekeeping.
func (l *Log) Prune(ctx context.Context) error {
	return l.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM wakes WHERE at < now() - make_interval(secs => $1) AND xid <> '0'::xid8`, netKept.Seconds())
		return err
	})
}
