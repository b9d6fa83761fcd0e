package testserver

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/notewire/notewire/graph/transport"
)

// Event is one entry of a topic. Its cursor is its number, the first is 1.
type Event struct {
	Cursor string
	Body   string
}

// Log keeps the events of topics in memory and wakes their readers.
type Log struct {
	mu      sync.Mutex
	topics  map[string]*topic
	readers int
	reads   int
	acks    chan Ack
	faults  []string
}

// Ack is one acknowledgement of a reader.
type Ack struct{ Topic, Cursor string }

type topic struct {
	bodies  []string
	readers map[*reader]struct{}
}

// NewLog returns an empty log.
func NewLog() *Log { return &Log{topics: map[string]*topic{}} }

// Acknowledgements returns a channel that is given every acknowledgement from now on. It must be read.
func (l *Log) Acknowledgements() <-chan Ack {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acks = make(chan Ack, 1024)
	return l.acks
}

// Faults is what a door has done with a reader that the rules of transport.Source forbid.
func (l *Log) Faults() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.faults
}

func (l *Log) topic(name string) *topic {
	t := l.topics[name]
	if t == nil {
		t = &topic{readers: map[*reader]struct{}{}}
		l.topics[name] = t
	}
	return t
}

// Publish appends times copies of body and returns how many events the topic then has.
func (l *Log) Publish(name, body string, times int) int {
	l.mu.Lock()
	t := l.topic(name)
	for range times {
		t.bodies = append(t.bodies, body)
	}
	n := len(t.bodies)
	wakes := make([]func(), 0, len(t.readers))
	for r := range t.readers {
		wakes = append(wakes, r.wake)
	}
	l.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
	return n
}

// Readers is how many subscriptions are open.
func (l *Log) Readers() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.readers
}

// Reads is how often any reader has been asked for events.
func (l *Log) Reads() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads
}

// Open returns a reader of a topic that starts after the cursor, or now if that is "".
func (l *Log) Open(name, after string, wake func()) (transport.Source[*Event], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	head := len(l.topic(name).bodies)
	at := head
	if after != "" {
		var err error
		if at, err = strconv.Atoi(after); err != nil || at > head {
			return nil, fmt.Errorf("after: %q is not a cursor of this topic", after)
		}
	}
	r := &reader{log: l, name: name, at: at, wake: wake}
	l.topic(name).readers[r] = struct{}{}
	l.readers++
	return r, nil
}

type reader struct {
	log    *Log
	name   string
	at     int
	wake   func()
	closed bool

	reading atomic.Bool // Next is running
}

// use is called, with the log locked, by whatever must not happen after Close.
func (r *reader) use(what string) {
	if r.closed {
		r.log.faults = append(r.log.faults, what+" after Close")
	}
}

func (r *reader) Next(_ context.Context, limit int) ([]transport.Item[*Event], error) {
	twice := !r.reading.CompareAndSwap(false, true)
	defer r.reading.Store(false)
	runtime.Gosched() // give another call of Next its chance
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.use("Next")
	if twice {
		r.log.faults = append(r.log.faults, "two calls of Next at a time")
	}
	r.log.reads++
	bodies := r.log.topic(r.name).bodies[r.at:]
	bodies = bodies[:min(len(bodies), limit)]
	items := make([]transport.Item[*Event], len(bodies))
	for i, body := range bodies {
		r.at++
		cursor := strconv.Itoa(r.at)
		items[i] = transport.Item[*Event]{Value: &Event{Cursor: cursor, Body: body}, Cursor: cursor}
	}
	return items, nil
}

func (r *reader) Acknowledged(cursor string) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.use("Acknowledged")
	if r.log.acks != nil {
		r.log.acks <- Ack{Topic: r.name, Cursor: cursor}
	}
}

func (r *reader) Close() {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.use("Close")
	r.closed = true
	delete(r.log.topic(r.name).readers, r)
	r.log.readers--
}
