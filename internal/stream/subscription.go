package stream

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
)

// Subscription is one reader of a topic: a position and a wake-up, and nothing that grows with what the
// reader has not read. Read is for one goroutine at a time.
type Subscription struct {
	hub   *Hub
	topic uuid.UUID
	pos   int64
	wake  func()
	start Head   // of the log when this reader came
	epoch uint64 // in which pos has its meaning

	opened, closed bool // guarded by the hub
}

// Now is the position of a subscription that starts with the next event.
const Now int64 = -1

// Subscribe starts a reader of topic after a position, or with the next event (Now). wake is called when
// there is more to read, perhaps too often, from any goroutine, and must not block. A position beyond the
// log's end, or one whose next event is no longer kept, is CURSOR_EXPIRED. Who may listen to the topic is
// the caller's matter.
func (h *Hub) Subscribe(ctx context.Context, id uuid.UUID, after int64, wake func()) (_ *Subscription, err error) {
	s := &Subscription{hub: h, topic: id, wake: wake, epoch: h.log.epochs.now.Load()}
	// First listen, then read where the log ends: between the two nothing can be missed.
	h.mu.Lock()
	t := h.topics[id]
	if t == nil {
		t = &topic{read: -1, readers: map[*Subscription]struct{}{}}
		h.topics[id] = t
		h.move(id)
	}
	t.readers[s] = struct{}{}
	h.mu.Unlock()
	s.start, err = h.log.start(ctx, id, after)
	if err != nil {
		s.Close()
		return nil, err
	}
	head := s.start.Seq
	if s.pos = after; after == Now {
		s.pos = head
	}
	h.mu.Lock()
	if t.read < 0 {
		t.read = head
	}
	// This reader has just seen the log's end: others here may not have been woken yet.
	behind := t.head > t.read || head > t.read || t.missed
	t.head, t.missed = max(t.head, head), false
	if behind {
		h.dirty[id] = struct{}{}
	}
	h.mu.Unlock()
	if behind {
		ring(h.bell)
	}
	s.opened = true
	h.open.Add(1)
	return s, nil
}

const readStart = `
SELECT t.seq, t.unread_notes, t.unread_conversations, t.unread_notifications, t.unseen_notifications,
  $2 >= t.seq OR EXISTS (SELECT FROM events WHERE topic_id = t.id AND seq = $2 + 1)
FROM topics AS t WHERE t.id = $1`

// start reads the head of a topic, and whether the log still reaches back to a position.
func (l *Log) start(ctx context.Context, id uuid.UUID, after int64) (h Head, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	rows, err := l.db.Rows(ctx, readStart, id, after)
	if err != nil {
		return h, postgres.Explain(err)
	}
	defer rows.Close()
	kept := true
	for rows.Next() {
		if err := rows.Scan(&h.Seq, &h.Unread.Notes, &h.Unread.Conversations, &h.Unread.Notifications, &h.Unread.Unseen, &kept); err != nil {
			return h, err
		}
	}
	if err := rows.Err(); err != nil {
		return h, postgres.Explain(err)
	}
	switch {
	case after == Now:
	case after > h.Seq:
		return h, expired("it lies beyond the end of the log")
	case !kept:
		return h, expired("they are older than the log is kept")
	}
	return h, nil
}

// Read returns up to limit events after the position and moves the position past them; none when there are
// no more now. It does not wait. A hole in the log is CURSOR_EXPIRED, never passed over.
func (s *Subscription) Read(ctx context.Context, limit int) ([]Event, error) {
	if s.epoch != s.hub.log.epochs.now.Load() {
		return nil, expired("the log was restored from a backup or lost its end")
	}
	s.hub.mu.Lock()
	if s.closed {
		s.hub.mu.Unlock()
		return nil, nil
	}
	t := s.hub.topics[s.topic]
	if t == nil || !t.has(s) { // it came just when the epoch changed
		s.hub.mu.Unlock()
		return nil, expired("the log was restored from a backup or lost its end")
	}
	events, ok := t.after(s.pos, limit)
	if len(events) == 0 && s.pos < s.start.Seq {
		ok = false // the hub is behind what this reader has seen of the log: the table is not
	}
	s.hub.mu.Unlock()
	if !ok {
		var err error
		if events, err = s.hub.log.read(ctx, []uuid.UUID{s.topic}, []int64{s.pos}, limit); err != nil {
			return nil, err
		}
		if len(events) == 0 {
			return nil, expired("they are older than the log is kept")
		}
	}
	for i, e := range events {
		if e.Seq != s.pos+1+int64(i) {
			return nil, expired("the log has a hole")
		}
	}
	s.pos += int64(len(events))
	return events, nil
}

// Rewind takes back what Read returned after a position: it could not be used.
func (s *Subscription) Rewind(position int64) { s.pos = position }

// Position is the seq of the last event that Read returned, or where the subscription started.
func (s *Subscription) Position() int64 { return s.pos }

// Start is the head of the log when the subscription began: what Read returns up to there is history.
func (s *Subscription) Start() Head { return s.start }

// Close ends the subscription. wake may be called once more while it runs.
func (s *Subscription) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	if s.opened {
		h.open.Add(-1)
	}
	t := h.topics[s.topic]
	if t == nil {
		return
	}
	delete(t.readers, s)
	if len(t.readers) == 0 {
		delete(h.topics, s.topic)
		delete(h.dirty, s.topic)
		h.move(s.topic)
	}
}
