package stream

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
)

// waiter is somebody who wants to know that a topic was rung, and reads no log.
type waiter struct{ rung func() }

// OnWake calls rung when a topic was rung by a transaction of any process, and whenever it may have been:
// when the broker may have lost something. rung must not block. Nothing is called once stop has returned and
// calls under way have ended.
func (h *Hub) OnWake(topic uuid.UUID, rung func()) (stop func()) {
	w := &waiter{rung}
	h.mu.Lock()
	if h.waiters[topic] == nil {
		h.waiters[topic] = map[*waiter]struct{}{}
		h.move(topic)
	}
	h.waiters[topic][w] = struct{}{}
	h.mu.Unlock()
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waiters[topic], w)
		if len(h.waiters[topic]) == 0 {
			delete(h.waiters, topic)
			h.move(topic)
		}
	}
}

// waiting adds those who wait for a topic to a list. The caller holds mu.
func (h *Hub) waiting(list []*waiter, topic uuid.UUID) []*waiter {
	for w := range h.waiters[topic] {
		list = append(list, w)
	}
	return list
}

// Ring has those who wait for the topics called once tx has committed, in all processes. A topic that has no
// log, such as a session, may be rung too.
func (l *Log) Ring(ctx context.Context, tx *postgres.Tx, topics ...uuid.UUID) error {
	if len(topics) == 0 {
		return nil
	}
	if err := tx.Sign(ctx, `INSERT INTO wakes (topics) VALUES ($1::uuid[]) RETURNING `+postgres.Receipt, postgres.UUIDs(topics)); err != nil {
		return err
	}
	if l.hub != nil {
		wakes := make([]Wake, len(topics))
		for i, t := range topics {
			wakes[i] = Wake{Topic: t}
		}
		tx.AfterCommit(func() { l.hub.Committed(wakes) })
	}
	return nil
}
