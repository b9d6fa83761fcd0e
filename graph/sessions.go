package graph

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/stream"
)

// sessions ends sockets and streams with their sessions, also when the session was ended by another process:
// that rings the session's id. What was rung is looked up together, so that thousands of sessions cost one
// statement.
type sessions struct {
	accounts *accounts.Accounts
	hub      *stream.Hub
	sockets  *transport.Registry
	streams  *transport.StreamRegistry
	log      *slog.Logger

	mu   sync.Mutex
	rung map[uuid.UUID]struct{} // to be looked up; one entry per session
	bell chan struct{}          // size 1: rung is not empty

	draining chan struct{} // closed when the process goes down: what waits for events answers
	drain    func()        // closes it
}

func newSessions(users *accounts.Accounts, hub *stream.Hub, log *slog.Logger) *sessions {
	draining := make(chan struct{})
	return &sessions{accounts: users, hub: hub, log: log, sockets: transport.NewRegistry(), streams: &transport.StreamRegistry{},
		rung: map[uuid.UUID]struct{}{}, bell: make(chan struct{}, 1), draining: draining, drain: sync.OnceFunc(func() { close(draining) })}
}

// CloseSession ends what is open on behalf of a session. It is called once the end is committed.
func (s *sessions) CloseSession(id uuid.UUID) {
	s.accounts.Forget(id)
	s.sockets.CloseSession(id.String())
	s.streams.CloseSession(id.String())
}

// attend looks after the session of a socket or a stream until its context is done. It also looks at once:
// the session may have ended since it was found.
func (s *sessions) attend(ctx context.Context, v access.Viewer) {
	if v.IsAnonymous() {
		return
	}
	ring := func() { s.ring(v.SessionID) }
	context.AfterFunc(ctx, s.hub.OnWake(v.SessionID, ring))
	ring()
}

func (s *sessions) ring(id uuid.UUID) {
	s.mu.Lock()
	s.rung[id] = struct{}{}
	s.mu.Unlock()
	select {
	case s.bell <- struct{}{}:
	default: // it is ringing already
	}
}

const (
	sessionsAtOnce = 1000 // looked up by one statement
	sessionsRetry  = time.Second
)

// run looks up what was rung until ctx is done.
func (s *sessions) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.bell:
		}
		for list := s.take(); len(list) > 0; list = s.take() {
			if err := s.check(ctx, list); err != nil {
				if ctx.Err() != nil {
					return
				}
				s.log.Warn("sessions not looked up: trying again", "sessions", len(list), "error", err)
				for _, id := range list {
					s.ring(id)
				}
				select {
				case <-ctx.Done():
					return
				case <-time.After(sessionsRetry):
				}
			}
		}
	}
}

func (s *sessions) take() (list []uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.rung {
		delete(s.rung, id)
		if list = append(list, id); len(list) == sessionsAtOnce {
			break
		}
	}
	return list
}

func (s *sessions) check(ctx context.Context, list []uuid.UUID) error {
	alive, err := s.accounts.Sessions(ctx, list)
	if err != nil {
		return err
	}
	for _, id := range list {
		if expires, ok := alive[id]; ok {
			s.sockets.ExtendSession(id.String(), expires)
			s.streams.ExtendSession(id.String(), expires)
		} else {
			s.CloseSession(id)
		}
	}
	return nil
}
