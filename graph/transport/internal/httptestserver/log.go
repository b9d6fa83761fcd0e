package httptestserver

import (
	"context"
	"strconv"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/notewire/notewire/graph/transport"
)

// Log is an append-only list that subscriptions read.
type Log struct {
	mu      sync.Mutex
	entries []string
	sources map[*source]struct{}
	opened  int
	read    int
	changed chan struct{}
}

func newLog() *Log {
	return &Log{sources: map[*source]struct{}{}, changed: make(chan struct{})}
}

// Append adds entries, wakes every reader and returns the length of the log.
func (l *Log) Append(texts ...string) (length int) {
	l.change(func() {
		l.entries = append(l.entries, texts...)
		length = len(l.entries)
	})
	return length
}

// Expire ends the subscriptions that are open, once they have read everything, with CURSOR_EXPIRED.
func (l *Log) Expire() {
	l.change(func() {
		for s := range l.sources {
			s.expired = true
		}
	})
}

// Wait returns once condition holds for the number of subscriptions that are open, of those that ever
// were, and of entries read by all of them; false if ctx ends first.
func (l *Log) Wait(ctx context.Context, condition func(open, opened, read int) bool) bool {
	for {
		l.mu.Lock()
		ok, changed := condition(len(l.sources), l.opened, l.read), l.changed
		l.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// Read is the number of entries read by all subscriptions so far.
func (l *Log) Read() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.read
}

func (l *Log) change(f func()) {
	l.mu.Lock()
	f()
	wakes := make([]func(), 0, len(l.sources))
	for s := range l.sources {
		wakes = append(wakes, s.wake)
	}
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
}

func (l *Log) open(after string, wake func()) (*source, error) {
	s := &source{log: l, wake: wake}
	l.mu.Lock()
	s.position = len(l.entries)
	l.mu.Unlock()
	if after != "" {
		n, err := strconv.Atoi(after)
		if err != nil {
			return nil, coded("BAD_USER_INPUT", "after is not a cursor of this log")
		}
		s.position = n
	}
	l.change(func() { l.sources[s] = struct{}{}; l.opened++ })
	return s, nil
}

// source is one reader of a Log.
type source struct {
	log      *Log
	wake     func()
	position int
	expired  bool
}

func (s *source) Next(_ context.Context, limit int) ([]transport.Item[*Tick], error) {
	var items []transport.Item[*Tick]
	expired := false
	s.log.mu.Lock()
	for ; s.position < len(s.log.entries) && len(items) < limit; s.log.read++ {
		text := s.log.entries[s.position]
		s.position++
		cursor := strconv.Itoa(s.position)
		items = append(items, transport.Item[*Tick]{Value: &Tick{Cursor: cursor, Text: text}, Cursor: cursor})
	}
	expired = s.expired
	s.log.mu.Unlock()
	if len(items) == 0 && expired {
		return nil, coded("CURSOR_EXPIRED", "the log no longer reaches back to this cursor")
	}
	return items, nil
}

func (s *source) Acknowledged(string) {}

func (s *source) Close() { s.log.change(func() { delete(s.log.sources, s) }) }

func coded(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}
