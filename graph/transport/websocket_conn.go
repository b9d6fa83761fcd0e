package transport

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gobwas/ws"
)

// socket is one client. One goroutine reads; frames are written by whoever has some (websocket_write.go);
// operations run in the lanes of the Websocket; everything timed hangs on one timer.
type socket struct {
	t      *Websocket
	exec   graphql.GraphExecutor
	conn   net.Conn
	raw    syscall.RawConn // nil: conn cannot be written without waiting
	legacy bool            // it speaks graphql-ws
	cancel context.CancelCauseFunc

	source connSource // of the reading goroutine
	frames frameReader

	mu       sync.Mutex // guards all below; never held while waiting for anything
	ctx      context.Context
	request  *InitRequest // until Init has run
	phase    phase
	identity Identity // zero until admitted
	closing  bool     // a close frame is queued, or there is none to come: nothing else is sent or started
	revoked  bool     // what has not reached the kernel must not
	leaving  bool     // to be closed with 1012 when the last accepted operation is answered
	ops      []*operation
	live     int // operations that have not been released: those in ops, and ended ones still at work
	busy     int // those of them that owe an answer: not yet open subscriptions, queries, mutations
	out      outbox
	clock    clock
}

type phase uint8

const (
	awaitingInit phase = iota
	initialising
	acknowledged
)

// closeWait is how long a client may take to close its side after ours: a round trip and some.
const closeWait = time.Second

func (s *socket) start(protocol string) {
	s.mu.Lock()
	s.clock.opened = time.Now()
	s.clock.timer = time.AfterFunc(s.t.InitTimeout, s.tick)
	s.mu.Unlock()
	switch {
	case !s.t.Registry.add(s):
		s.close(closeRestart, "Service restart")
	case protocol == "":
		s.close(closeProtocol, "Subprotocol not acceptable")
	}
	go s.run()
}

// run reads until the connection ends. It alone gives the connection back.
//
// A stack that has grown is never shrunk below 4 KiB by the collector, and handling a message grows it. So
// whoever has handled the last message at hand leaves the waiting to a goroutine with a stack of 2 KiB.
func (s *socket) run() {
	for {
		if s.source.await() != nil || !s.readMessage() {
			s.teardown()
			return
		}
		if s.source.idle() {
			go s.run()
			return
		}
	}
}

// readMessage reads and handles one message or control frame. It says whether the connection goes on.
func (s *socket) readMessage() bool {
	op, payload, err := s.frames.next()
	var fault *CloseError
	switch {
	case errors.As(err, &fault):
		s.close(fault.Code, fault.Reason)
		s.awaitEnd()
		return false
	case err != nil:
		return false
	}
	switch op {
	case ws.OpClose:
		s.echoClose(payload)
		return false
	case ws.OpPing:
		s.send(ws.OpPong, payload)
	case ws.OpPong:
		s.heard()
	case ws.OpText:
		s.receive(payload)
	}
	return true
}

// echoClose answers a client's close frame, unless the frame is itself the answer to ours.
func (s *socket) echoClose(payload []byte) {
	code := int(ws.StatusNormalClosure)
	if len(payload) >= 2 {
		code = int(binary.BigEndian.Uint16(payload))
	}
	if !s.close(code, "") {
		return
	}
	s.mu.Lock()
	sent := !s.out.writing
	s.mu.Unlock()
	if !sent { // the client has said its last word, so nothing is lost by closing once ours is out
		s.awaitEnd()
	}
}

// awaitEnd reads on without looking, so that the close frame is not lost: closing a connection with
// unread bytes makes the kernel throw away what is on its way to the client.
func (s *socket) awaitEnd() {
	s.source.release()
	b := borrowBuffer()
	defer returnBuffer(b)
	for {
		if _, err := s.conn.Read((*b)[:cap(*b)]); err != nil {
			return
		}
	}
}

// close ends the socket with a close frame after what is queued, and says whether this call did so. All
// its operations end at once.
func (s *socket) close(code int, reason string) bool {
	s.mu.Lock()
	return s.finish(code, reason)
}

// finish is close with s.mu held, which it gives up.
func (s *socket) finish(code int, reason string) bool {
	if s.closing {
		s.mu.Unlock()
		return false
	}
	s.queue(ws.OpClose, closePayload(code, reason))
	ops := s.end()
	s.mu.Unlock()
	endAll(ops)
	s.flush()
	return true
}

// revoke is close for a client that may not see what is queued for it any more. Several may do so at once: the
// first one's frame stays.
func (s *socket) revoke(code int, reason string) {
	s.mu.Lock()
	switch {
	case s.revoked:
		s.mu.Unlock()
		return
	case s.out.draining: // a frame is half sent and the rest of it may not follow
		s.mu.Unlock()
		s.abort()
		return
	}
	s.revoked = true
	if s.out.buf != nil { // a close frame that waits goes with the rest
		s.closing = false
		s.out.drop()
	}
	s.finish(code, reason)
}

// leave closes the socket for a restart, once every operation that was accepted has its answer.
func (s *socket) leave() {
	s.mu.Lock()
	s.leaving = true
	idle := s.busy == 0
	s.mu.Unlock()
	if idle {
		s.close(closeRestart, "Service restart")
	}
}

// end marks the socket and all its operations as ended; s.mu is held.
func (s *socket) end() []*operation {
	s.closing = true
	s.clock.closeBy = time.Now().Add(s.t.WriteTimeout)
	s.arm()
	ops := s.ops
	s.ops = nil
	for _, o := range ops {
		o.ended = true
	}
	return ops
}

func endAll(ops []*operation) {
	for _, o := range ops {
		o.cancel()
		o.signal(workEnd)
	}
}

// abort drops the connection, and what the kernel still holds for it, without a word.
func (s *socket) abort() {
	s.mu.Lock()
	s.revoked = true // the drain goroutine stops
	ops := s.end()
	s.out.drop()
	s.mu.Unlock()
	endAll(ops)
	conn := s.conn
	if c, ok := conn.(*tls.Conn); ok {
		conn = c.NetConn() // without the alert, which could wait
	}
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = conn.Close() // the reading goroutine sees it
}

func (s *socket) teardown() {
	s.t.Registry.remove(s)
	s.mu.Lock()
	ops := s.end()
	s.out.drop()
	s.clock.timer.Stop()
	s.clock.gone = true
	s.mu.Unlock()
	s.cancel(errSocketClosed)
	endAll(ops)
	_ = s.conn.Close()
	s.source.release()
}

var errSocketClosed = errors.New("the websocket was closed")
