package stream

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
)

const (
	// A topic's newest events are kept in memory for its readers here: enough that live delivery needs one
	// read per process and wake-up, little enough for 10,000 topics. Who is further behind reads the table.
	tailSize = 32
	// Topics read by one statement: what a burst or a lost broker wakes is read in chunks.
	readChunk = 500
)

// Hub wakes the subscriptions of this process. Run must be running for that.
type Hub struct {
	log    *Log
	broker Broker
	poll   time.Duration
	slog   *slog.Logger

	mu        sync.Mutex
	topics    map[uuid.UUID]*topic // those with readers here
	dirty     map[uuid.UUID]struct{}
	waiters   map[uuid.UUID]map[*waiter]struct{}
	listeners map[uuid.UUID]map[*listener]struct{}
	bell      chan struct{}          // size 1: there is something dirty
	moved     map[uuid.UUID]struct{} // those whose first reader came, or whose last one left; one entry per topic
	moving    chan struct{}          // size 1: something has moved
	following sync.Mutex             // held while the broker is told of what has moved

	outMu      sync.Mutex
	out        map[uuid.UUID]int64  // what the others are still to be told; one entry per topic
	outSignals map[signalKey]string // the same of signals; at most maxSignals
	outBell    chan struct{}        // size 1: one of them is not empty

	lost   chan struct{} // size 1: anything may have been missed
	synced atomic.Bool
	open   atomic.Int64 // subscriptions
}

// topic is what the hub knows of a log that has readers here.
type topic struct {
	head    int64 // the greatest seq that was heard of
	read    int64 // the greatest seq that was read; -1 until the first subscription knows where it starts
	missed  bool  // there was something to read before that was known
	tail    []Event
	readers map[*Subscription]struct{}
}

// New makes the log of a database and the hub of this process. poll is how often the hub looks for what
// the broker lost.
func New(ctx context.Context, db *postgres.DB, broker Broker, poll time.Duration, log *slog.Logger) (*Log, *Hub, error) {
	l, err := NewLog(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	h := &Hub{
		log: l, broker: broker, poll: poll, slog: log,
		topics: map[uuid.UUID]*topic{}, dirty: map[uuid.UUID]struct{}{}, waiters: map[uuid.UUID]map[*waiter]struct{}{},
		listeners: map[uuid.UUID]map[*listener]struct{}{}, bell: make(chan struct{}, 1),
		moved: map[uuid.UUID]struct{}{}, moving: make(chan struct{}, 1),
		out: map[uuid.UUID]int64{}, outSignals: map[signalKey]string{}, outBell: make(chan struct{}, 1),
		lost: make(chan struct{}, 1),
	}
	l.hub = h
	return l, h, nil
}

// Connected says whether the hub hears of what other processes commit, and could look for it lately.
func (h *Hub) Connected() bool { return h.broker.Connected() && h.synced.Load() }

// Subscriptions is how many are open.
func (h *Hub) Subscriptions() int { return int(h.open.Load()) }

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default: // it is ringing already
	}
}

// Run serves until ctx is done, and returns when all it started has ended.
func (h *Hub) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, f := range []func(context.Context){h.deliver, h.tell, h.follow, h.watch} {
		wg.Go(func() { f(ctx) })
	}
	wg.Go(func() { h.broker.Receive(ctx, h.heard, h.signalled, func() { ring(h.lost) }) })
	wg.Wait()
}

// Committed is told of what this process has just made true: its own readers are woken at once, those of
// other processes through the broker. It does not block.
func (h *Hub) Committed(wakes []Wake) {
	h.heard(wakes)
	h.outMu.Lock()
	for _, w := range wakes {
		h.out[w.Topic] = max(h.out[w.Topic], w.Seq)
	}
	h.outMu.Unlock()
	ring(h.outBell)
}

// heard marks what has more to read.
func (h *Hub) heard(wakes []Wake) {
	h.mu.Lock()
	more := false
	var rung []*waiter
	for _, w := range wakes {
		if t := h.topics[w.Topic]; t != nil && w.Seq > t.head {
			t.head = w.Seq
			h.dirty[w.Topic] = struct{}{}
			more = true
		}
		rung = h.waiting(rung, w.Topic)
	}
	h.mu.Unlock()
	if more {
		ring(h.bell)
	}
	for _, w := range rung {
		w.rung()
	}
}

// tell publishes what was committed, and signals, the next lot when the last was taken: while the broker is
// busy, what comes in between is one wake per topic and one signal per topic and key.
func (h *Hub) tell(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.outBell:
		}
		h.outMu.Lock()
		wakes := make([]Wake, 0, len(h.out))
		for t, seq := range h.out {
			wakes = append(wakes, Wake{t, seq})
		}
		clear(h.out)
		signals := make([]Signal, 0, len(h.outSignals))
		for k, data := range h.outSignals {
			signals = append(signals, Signal{k.topic, data})
		}
		clear(h.outSignals)
		h.outMu.Unlock()
		h.followMoved() // who asks by a signal hears the answers
		limited, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := h.broker.Publish(limited, wakes, signals)
		cancel()
		if err != nil && !failing && ctx.Err() == nil { // said once, not for each commit
			h.slog.Warn("broker: not published: other processes find it by polling, signals are lost", "topics", len(wakes), "signals", len(signals), "error", err)
		}
		failing = err != nil
	}
}

// follow keeps the broker informed of which topics somebody here wants to hear of.
func (h *Hub) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.moving:
			h.followMoved()
		}
	}
}

func (h *Hub) followMoved() {
	h.following.Lock()
	defer h.following.Unlock()
	var begin, end []uuid.UUID
	h.mu.Lock()
	for id := range h.moved {
		if h.topics[id] != nil || h.waiters[id] != nil || h.listeners[id] != nil {
			begin = append(begin, id)
		} else {
			end = append(end, id)
		}
	}
	clear(h.moved)
	h.mu.Unlock()
	if len(begin)+len(end) > 0 {
		h.broker.Follow(begin, end)
	}
}

// move notes that a topic was given its first reader, or has lost its last one. The caller holds mu.
func (h *Hub) move(id uuid.UUID) {
	h.moved[id] = struct{}{}
	ring(h.moving)
}

// deliver reads what is new, once for all readers of this process, and wakes them.
func (h *Hub) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.bell:
		}
		for h.deliverChunk(ctx) {
		}
	}
}

func (h *Hub) deliverChunk(ctx context.Context) (more bool) {
	h.mu.Lock()
	var ids []uuid.UUID
	var after []int64
	for id := range h.dirty {
		delete(h.dirty, id)
		switch t := h.topics[id]; {
		case t == nil:
		case t.read < 0:
			t.missed = true
		default:
			ids, after = append(ids, id), append(after, t.read)
		}
		if len(ids) == readChunk {
			break
		}
	}
	more = len(h.dirty) > 0
	h.mu.Unlock()
	if len(ids) == 0 {
		return more
	}
	events, err := h.log.read(ctx, ids, after, tailSize)
	if err != nil {
		if ctx.Err() != nil {
			return false
		}
		h.slog.Warn("events not read: trying again", "topics", len(ids), "error", err)
		ring(h.lost) // the poll reads them when the database is back
		return more
	}
	for _, s := range h.keep(events) {
		s.wake()
	}
	return more || len(events) > 0 && h.anyDirty()
}

func (h *Hub) anyDirty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.dirty) > 0
}

// keep puts events into the tails and returns the readers to wake.
func (h *Hub) keep(events []Event) (woken []*Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(events) > 0 {
		id, n := events[0].Topic, 1
		for n < len(events) && events[n].Topic == id {
			n++
		}
		if t := h.topics[id]; t != nil {
			t.take(events[:n])
			for s := range t.readers {
				woken = append(woken, s)
			}
			if n == tailSize { // there may be more
				h.dirty[id] = struct{}{}
			}
		}
		events = events[n:]
	}
	return woken
}

// has says whether a subscription is a reader of the topic.
func (t *topic) has(s *Subscription) bool {
	_, ok := t.readers[s]
	return ok
}

// take adds events that follow what was read. Events before that were taken by another read.
func (t *topic) take(events []Event) {
	for _, e := range events {
		if e.Seq <= t.read {
			continue
		}
		if e.Seq != t.read+1 { // a hole: the readers find it in the table, and say so
			t.tail = t.tail[:0]
		}
		if len(t.tail) == tailSize {
			copy(t.tail, t.tail[1:])
			t.tail = t.tail[:tailSize-1]
		}
		t.tail = append(t.tail, e)
		t.read = e.Seq
	}
	t.head = max(t.head, t.read)
}

// after copies from the tail up to limit events after pos. ok is false when the tail does not reach back
// that far.
func (t *topic) after(pos int64, limit int) (events []Event, ok bool) {
	if pos >= t.read {
		return nil, true
	}
	if len(t.tail) == 0 || t.tail[0].Seq > pos+1 {
		return nil, false
	}
	from := t.tail[pos+1-t.tail[0].Seq:]
	return append([]Event(nil), from[:min(limit, len(from))]...), true
}
