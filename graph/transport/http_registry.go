package transport

import (
	"context"
	"errors"
	"sync"
	"time"
)

// StreamRegistry knows the open event streams and multipart subscriptions of a process, and ends them, as
// Registry does for websockets. The zero value is ready.
type StreamRegistry struct {
	// MaxPerUser bounds the open streams of one user; the next is answered with RATE_LIMITED. It does not
	// bind the anonymous. 0 means 10: browsers open six to a host over HTTP/1.1, on two devices.
	MaxPerUser int

	mu       sync.Mutex
	open     map[*openStream]struct{}
	draining bool
	empty    chan struct{} // closed when draining and no stream is left
}

type openStream struct {
	identity Identity
	end      context.CancelCauseFunc
	expiry   *time.Timer // nil: never
}

var (
	errSessionEnded = errors.New("the session ended")
	errDrained      = errors.New("the server is going down")
	errTooMany      = errors.New("too many open streams")
)

// Len is how many streams are open.
func (r *StreamRegistry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open)
}

// CloseSession ends the streams of a session. Call it after the end of the session has been committed.
func (r *StreamRegistry) CloseSession(sessionID string) {
	r.each(func(s *openStream) bool { return sessionID != "" && s.identity.SessionID == sessionID }, expire)
}

// CloseUser ends all streams of a user.
func (r *StreamRegistry) CloseUser(userID string) {
	r.each(func(s *openStream) bool { return userID != "" && s.identity.UserID == userID }, expire)
}

// ExtendSession gives the streams of a session a new expiry, later or earlier. Call it after commit. A zero
// time ends the session, as CloseSession does.
func (r *StreamRegistry) ExtendSession(sessionID string, expiresAt time.Time) {
	r.each(func(s *openStream) bool { return sessionID != "" && s.identity.SessionID == sessionID }, func(s *openStream) {
		if s.expiry != nil {
			s.expiry.Stop()
		}
		s.expiry = time.AfterFunc(time.Until(expiresAt), func() { expire(s) })
	})
}

// Drain refuses new streams, ends all that are open and waits until they are gone or ctx ends, and then
// returns its error. Clients are told to come back after a pause that differs from one to the next.
func (r *StreamRegistry) Drain(ctx context.Context) error {
	r.mu.Lock()
	if !r.draining {
		r.draining, r.empty = true, make(chan struct{})
		if len(r.open) == 0 {
			close(r.empty)
		}
	}
	empty := r.empty
	r.mu.Unlock()
	r.each(func(*openStream) bool { return true }, func(s *openStream) { s.end(errDrained) })
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func expire(s *openStream) { s.end(errSessionEnded) }

// each applies do, which must not block, under the lock.
func (r *StreamRegistry) each(of func(*openStream) bool, do func(*openStream)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.open {
		if of(s) {
			do(s)
		}
	}
}

// add registers a stream until remove is called.
func (r *StreamRegistry) add(identity Identity, end context.CancelCauseFunc) (*openStream, error) {
	limit := r.MaxPerUser
	if limit == 0 {
		limit = 10
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.draining {
		return nil, errDrained
	}
	if identity.UserID != "" {
		for s := range r.open {
			if s.identity.UserID == identity.UserID {
				limit--
			}
		}
		if limit <= 0 {
			return nil, errTooMany
		}
	}
	s := &openStream{identity: identity, end: end}
	if !identity.ExpiresAt.IsZero() {
		s.expiry = time.AfterFunc(time.Until(identity.ExpiresAt), func() { expire(s) })
	}
	if r.open == nil {
		r.open = map[*openStream]struct{}{}
	}
	r.open[s] = struct{}{}
	return s, nil
}

func (r *StreamRegistry) remove(s *openStream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.expiry != nil {
		s.expiry.Stop()
	}
	delete(r.open, s)
	if r.draining && len(r.open) == 0 {
		close(r.empty)
	}
}
