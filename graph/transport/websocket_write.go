package transport

import (
	"errors"
	"os"
	"time"

	"github.com/gobwas/ws"
)

// outbox is what waits for one client. Frames are appended under the socket's mutex; whoever finds nobody
// writing hands them to the kernel, outside the mutex and without waiting. What the kernel does not take
// is left to a goroutine that lives until the client has caught up. So frames keep their order, those
// that gather meanwhile go out in one write, and nobody waits for a client but its own goroutine.
//
// When full: above the soft limit the operations of the socket are parked until half of that is reached;
// above the hard limit the client is dropped.
type outbox struct {
	buf      *[]byte // whole frames that no writer has taken yet; nil while there are none
	pending  int     // bytes in buf and in the hands of a writer
	writing  bool    // there is a writer
	draining bool    // it is the goroutine: the client is behind
	full     bool    // the hard limit was passed
	parked   []*operation
}

// drop forgets what no writer has taken.
func (o *outbox) drop() {
	if o.buf != nil {
		o.pending -= len(*o.buf)
		returnBuffer(o.buf)
		o.buf = nil
	}
}

func (o *outbox) take() *[]byte {
	b := o.buf
	o.buf = nil
	return b
}

// drainChunk is what a client has WriteTimeout to take some of: one TLS record.
const drainChunk = 16 << 10

// queue appends a frame unless the socket is closing; s.mu is held, and flush must follow.
func (s *socket) queue(op ws.OpCode, parts ...[]byte) bool {
	if s.closing {
		return false
	}
	if s.out.pending > s.t.QueueHardLimit {
		s.out.full = true
		return false
	}
	if s.out.buf == nil {
		s.out.buf = borrowBuffer()
	}
	before := len(*s.out.buf)
	*s.out.buf = appendFrame(*s.out.buf, op, parts...)
	s.out.pending += len(*s.out.buf) - before
	return true
}

func (s *socket) send(op ws.OpCode, parts ...[]byte) {
	s.mu.Lock()
	s.queue(op, parts...)
	s.mu.Unlock()
	s.flush()
}

// flush hands what is queued to the kernel. It never waits.
func (s *socket) flush() {
	s.mu.Lock()
	if s.out.full {
		s.mu.Unlock()
		s.dropSlow()
		return
	}
	if s.out.writing || s.out.buf == nil {
		s.mu.Unlock()
		return
	}
	s.out.writing = true
	for s.out.buf != nil {
		b := s.out.take()
		s.mu.Unlock()
		n, err := s.tryWrite(*b)
		s.mu.Lock()
		s.out.pending -= n
		switch {
		case err != nil || n < len(*b) && s.revoked:
			s.mu.Unlock()
			s.abort() // writing stays set: nothing is written any more
			return
		case n < len(*b):
			s.out.draining = true
			s.mu.Unlock()
			go s.drain(b, n)
			return
		}
		returnBuffer(b)
	}
	s.written()
}

// tryWrite writes what the kernel takes at once.
func (s *socket) tryWrite(p []byte) (n int, err error) {
	if s.raw == nil {
		return 0, nil
	}
	waitErr := s.raw.Write(func(fd uintptr) bool {
		n, err = writeDescriptor(fd, p)
		return true
	})
	switch {
	case waitErr != nil:
		return n, waitErr
	case err == errWouldBlock:
		return n, nil
	}
	return n, err
}

// drain writes, with a deadline, what a client that is behind has not taken, from the given offset on.
func (s *socket) drain(b *[]byte, from int) {
	s.t.Registry.behind.Add(1)
	defer s.t.Registry.behind.Add(-1)
	for b != nil {
		for rest := (*b)[from:]; len(rest) > 0; {
			_ = s.conn.SetWriteDeadline(time.Now().Add(s.t.WriteTimeout))
			n, err := s.conn.Write(rest[:min(len(rest), drainChunk)])
			rest = rest[n:]
			slow := errors.Is(err, os.ErrDeadlineExceeded)
			if slow && n > 0 && s.raw != nil { // it took something; a TLS connection is broken by now
				err = nil
			}
			if err != nil {
				if slow {
					s.dropSlow()
				} else {
					s.abort()
				}
				return
			}
			s.took(n)
		}
		returnBuffer(b)
		from = 0
		s.mu.Lock()
		if b = s.out.take(); b != nil {
			s.mu.Unlock()
		}
	}
	_ = s.conn.SetWriteDeadline(time.Time{})
	s.out.draining = false
	s.clock.pinged = time.Now() // a ping was among it: only now can the client answer
	s.written()
}

// took counts what the kernel has taken and lets the operations go on once half of the soft limit is free.
func (s *socket) took(n int) {
	s.mu.Lock()
	s.out.pending -= n
	ops := s.unpark()
	s.mu.Unlock()
	wakeAll(ops)
}

// written ends a writer's turn with the queue empty; s.mu is held and given up.
func (s *socket) written() {
	s.out.writing = false
	ended := s.closing
	ops := s.unpark()
	s.mu.Unlock()
	wakeAll(ops)
	if !ended {
		return
	}
	// The close frame was the last. Our end of the stream tells the client so; its own comes soon, or we
	// do not wait for it.
	if c, ok := s.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(closeWait))
}

func (s *socket) dropSlow() {
	s.t.Registry.slowReaders.Add(1)
	s.abort()
}

// crowded says whether operations must pause for the client to catch up.
func (s *socket) crowded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.pending > s.t.QueueSoftLimit && !s.closing
}

// park keeps an operation and its work until the client has caught up, or returns false if there is no
// need to.
func (s *socket) park(o *operation, work uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out.pending <= s.t.QueueSoftLimit || s.closing {
		return false
	}
	if o.parked == 0 {
		s.out.parked = append(s.out.parked, o)
	}
	o.parked |= work
	return true
}

// unpark takes the parked operations if there is room again; s.mu is held, wakeAll follows.
func (s *socket) unpark() []*operation {
	if s.out.pending > s.t.QueueSoftLimit/2 {
		return nil
	}
	ops := s.out.parked
	s.out.parked = nil
	return ops
}

func wakeAll(ops []*operation) {
	for _, o := range ops {
		o.unpark()
	}
}
