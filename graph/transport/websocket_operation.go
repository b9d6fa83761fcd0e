package transport

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// operation is one subscribe message of a client and what became of it. One worker of a lane at a time
// has it; everyone else leaves word in state. A worker that is done with an operation never gives it
// back, so nothing touches a stream that is closed.
type operation struct {
	s      *socket
	id     string
	key    []byte // the id as JSON
	state  atomic.Uint32
	ctx    context.Context
	cancel context.CancelFunc

	params *graphql.RawParams // of the worker, until started
	stream *Stream            // of the worker: an open subscription

	// Guarded by the socket's mutex.
	attended bool   // see Attended
	ended    bool   // completed by either side, or the socket is closing: no more frames
	owing    bool   // counted in socket.busy
	parked   uint32 // work that waits for the client to read
	cursor   string // after the last frame queued
	pinged   string // the cursor that the ping on its way asks about
	acked    string // the cursor to acknowledge
}

// What can be left in operation.state. scheduled is set while the operation is in a lane or with a worker.
const (
	workStart uint32 = 1 << iota
	workPull
	workAck
	workEnd
	scheduled
)

// signal leaves work for an operation. It never blocks.
func (o *operation) signal(work uint32) {
	if o.state.Or(work|scheduled)&scheduled == 0 {
		o.push(work)
	}
}

func (o *operation) wake() { o.signal(workPull) }

func (o *operation) push(work uint32) {
	if work&workStart != 0 {
		o.s.t.operations.push(o)
	} else {
		o.s.t.pulls.push(o)
	}
}

func (o *operation) unpark() {
	o.s.mu.Lock()
	work := o.parked
	o.parked = 0
	o.s.mu.Unlock()
	o.signal(work)
}

// run does what was left to do, one batch of events at most: the others have their turn first.
func (o *operation) run() {
	if o.step(o.state.Swap(scheduled)) {
		o.release()
		return // still scheduled: no signal brings it back
	}
	if !o.state.CompareAndSwap(scheduled, 0) {
		o.push(o.state.Load())
	}
}

// step says whether the operation is over.
func (o *operation) step(work uint32) (over bool) {
	s := o.s
	s.mu.Lock()
	ended, acked := o.ended, o.acked
	s.mu.Unlock()
	switch {
	case ended:
		return true
	case work&workAck != 0 && o.stream != nil:
		o.guard(func() { o.stream.Acknowledged(acked) })
	}
	work &= workStart | workPull
	switch {
	case work == 0:
		return false
	case s.crowded():
		if !s.park(o, work) {
			o.state.Or(work) // there is room again
		}
		return false
	case o.stream == nil:
		return o.start()
	}
	return o.pull()
}

// release gives back what an operation that is over holds.
func (o *operation) release() {
	if o.stream != nil {
		o.guard(o.stream.Close)
	}
	o.cancel()
	s := o.s
	s.mu.Lock()
	s.live--
	last := o.answered()
	s.mu.Unlock()
	if last {
		s.leave()
	}
}

// guard keeps a panic of a Source, outside of any execution, from ending the process.
func (o *operation) guard(f func()) {
	defer func() {
		if r := recover(); r != nil {
			slog.ErrorContext(o.ctx, "panic in the source of a subscription", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	f()
}

// answered takes an operation that owes no answer any more out of the count, and says whether a socket
// that is leaving may go; s.mu is held.
func (o *operation) answered() bool {
	if !o.owing {
		return false
	}
	o.owing = false
	o.s.busy--
	return o.s.leaving && o.s.busy == 0
}

// subscribe starts an operation. Its id is not in use.
func (s *socket) subscribe(id string, params *graphql.RawParams) {
	key, _ := json.Marshal(id)
	s.mu.Lock()
	if s.closing || s.leaving {
		s.mu.Unlock()
		return
	}
	if limit := s.t.MaxOperations; limit > 0 && (len(s.ops) >= limit || s.live >= 2*limit) {
		s.queueError(key, gqlerror.List{rateLimited(limit)})
		s.mu.Unlock()
		s.flush()
		return
	}
	o := &operation{s: s, id: id, key: key, params: params, owing: true}
	o.ctx, o.cancel = context.WithCancel(s.ctx)
	s.ops = append(s.ops, o)
	s.live++
	s.busy++
	s.mu.Unlock()
	o.signal(workStart)
}

func rateLimited(limit int) *gqlerror.Error {
	err := requestError(codeRateLimited, "at most %d operations on one socket: complete one first, or query over HTTP", limit)
	err.Extensions["retryAfterMs"] = 1000 // the operations of a busy socket end within about that
	return err
}

// find returns the operation under way with this id, or nil; s.mu is held.
func (s *socket) find(id string) *operation {
	for _, o := range s.ops {
		if o.id == id {
			return o
		}
	}
	return nil
}

// stop ends an operation at its client's wish. No frame of it follows, but a complete message if one is
// to confirm it. An id that is not in use is ignored: the messages may have crossed.
func (s *socket) stop(id string, confirm bool) {
	s.mu.Lock()
	o := s.find(id)
	if o != nil {
		o.leaveSocket()
		if confirm {
			s.queueComplete(o.key)
		}
	}
	s.mu.Unlock()
	if o == nil {
		return
	}
	o.cancel()
	o.signal(workEnd)
	s.flush()
}

// leaveSocket frees the id; s.mu is held.
func (o *operation) leaveSocket() {
	o.ended = true
	o.s.ops = slices.DeleteFunc(o.s.ops, func(other *operation) bool { return other == o })
}
