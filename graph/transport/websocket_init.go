package transport

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/gobwas/ws"
)

// connectionInit hands the payload to Init, in its lane: the socket is read on meanwhile.
func (s *socket) connectionInit(m message) error {
	s.mu.Lock()
	if s.phase != awaitingInit {
		s.mu.Unlock()
		s.close(closeInitTwice, "Too many initialisation requests")
		return nil
	}
	s.phase = initialising
	s.mu.Unlock()
	payload, err := m.object()
	if err != nil {
		return err
	}
	s.request.Payload = payload
	// The time in the queue counts.
	late := time.AfterFunc(s.t.InitTimeout, func() { s.cancel(context.DeadlineExceeded) })
	s.t.inits.push(&initialisation{s: s, late: late})
	return nil
}

// initialisation runs Init for one socket.
type initialisation struct {
	s    *socket
	late *time.Timer // cancels the socket's context
}

func (i *initialisation) run() {
	s := i.s
	// From here on the registry keeps what happens to any session, for the case that Init has read this one
	// just before.
	admission := s.t.Registry.begin()
	ctx, identity, err := s.callInit()
	if !i.late.Stop() && err == nil {
		err = context.DeadlineExceeded
	}
	refusal := s.t.Registry.admit(admission, s, identity, s.t.MaxSocketsPerUser, err == nil)
	var own *CloseError
	switch {
	case errors.As(err, &own):
		s.close(own.Code, own.Reason)
	case errors.Is(err, context.DeadlineExceeded):
		s.close(closeTryLater, "Try again later")
	case err != nil:
		s.close(closeForbidden, "Forbidden")
	case refusal != nil:
		s.close(refusal.Code, refusal.Reason)
	default:
		s.acknowledge(ctx)
	}
}

func (s *socket) callInit() (ctx context.Context, identity Identity, err error) {
	if s.t.Init == nil {
		return s.ctx, identity, nil
	}
	defer func() {
		if r := recover(); r != nil {
			slog.ErrorContext(s.ctx, "panic in Init", "panic", r, "stack", string(debug.Stack()))
			err = &CloseError{closeTryLater, "Try again later"}
		}
	}()
	if s.ctx.Err() != nil { // too late before it began
		return nil, identity, context.Cause(s.ctx)
	}
	ctx, identity, err = s.t.Init(s.ctx, *s.request)
	if err != nil && s.ctx.Err() != nil {
		err = context.Cause(s.ctx)
	}
	if ctx == nil {
		ctx = s.ctx
	}
	return ctx, identity, err
}

func (s *socket) acknowledge(ctx context.Context) {
	s.mu.Lock()
	s.ctx, s.request = ctx, nil
	s.phase = acknowledged
	s.queue(ws.OpText, []byte(`{"type":"connection_ack"}`))
	if s.legacy {
		s.queue(ws.OpText, []byte(keepAlive))
	}
	s.clock.pinged = time.Now()
	s.arm()
	s.mu.Unlock()
	s.flush()
}
