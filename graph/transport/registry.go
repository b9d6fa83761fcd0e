package transport

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Registry knows all open websockets of a process, by user and by session, and closes them.
//
// A session that ends while a socket is being initialised does not slip through: whoever ends it commits
// first and tells the Registry then. An Init that read the session before the commit is still under way
// when the Registry is told, or has been admitted; in the first case the change is kept for it and applied
// on admission.
type Registry struct {
	mu         sync.Mutex
	all        map[*socket]struct{}
	bySession  map[string][]*socket
	byUser     map[string][]*socket
	admissions map[*admission]struct{}
	draining   bool
	empty      chan struct{} // closed when draining and no socket is left

	accepted      atomic.Uint64
	slowReaders   atomic.Uint64
	silentClients atomic.Uint64
	behind        atomic.Int64
}

// Stats is what a Registry has counted since it was made.
type Stats struct {
	Open          int    // sockets now
	Behind        int    // those of them that have not taken all that was sent to them
	Accepted      uint64 // upgrades
	SlowReaders   uint64 // clients dropped because they did not read
	SilentClients uint64 // clients dropped because they did not answer a ping
}

// admission is one Init under way and what has happened to sessions since it began.
type admission struct{ changes []change }

// change is the end, or the new expiry, of a session or of all of a user's.
type change struct {
	sessionID, userID string
	expiresAt         time.Time // zero: it has ended
}

func (c change) concerns(i Identity) bool {
	return c.sessionID != "" && c.sessionID == i.SessionID || c.userID != "" && c.userID == i.UserID
}

// NewRegistry returns an empty Registry.
func NewRegistry() *Registry {
	return &Registry{
		all:        map[*socket]struct{}{},
		bySession:  map[string][]*socket{},
		byUser:     map[string][]*socket{},
		admissions: map[*admission]struct{}{},
		empty:      make(chan struct{}),
	}
}

// Len is how many sockets are open, those not yet initialised among them.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// Stats returns the counts for metrics.
func (r *Registry) Stats() Stats {
	return Stats{
		Open:          r.Len(),
		Behind:        int(r.behind.Load()),
		Accepted:      r.accepted.Load(),
		SlowReaders:   r.slowReaders.Load(),
		SilentClients: r.silentClients.Load(),
	}
}

// CloseSession closes all sockets of a session with 4403. Call it after the end of the session has been
// committed. Nothing that is still queued for these sockets is sent; what is being handed to the kernel at
// this moment may be. A socket whose Init read the session before it ended is refused.
func (r *Registry) CloseSession(sessionID string) {
	for _, s := range r.changed(change{sessionID: sessionID}) {
		s.revoke(closeForbidden, "Forbidden")
	}
}

// CloseUser is CloseSession for all sessions of a user: for a changed password, a suspension, a deletion.
func (r *Registry) CloseUser(userID string) {
	for _, s := range r.changed(change{userID: userID}) {
		s.revoke(closeForbidden, "Forbidden")
	}
}

// ExtendSession gives the sockets of a session a new expiry, later or earlier. Call it after commit.
// A zero time ends the session as CloseSession does.
func (r *Registry) ExtendSession(sessionID string, expiresAt time.Time) {
	if expiresAt.IsZero() {
		r.CloseSession(sessionID)
		return
	}
	for _, s := range r.changed(change{sessionID: sessionID, expiresAt: expiresAt}) {
		s.mu.Lock()
		s.identity.ExpiresAt = expiresAt
		s.arm()
		s.mu.Unlock()
	}
}

// changed leaves word for the Inits under way and returns the sockets concerned.
func (r *Registry) changed(c change) []*socket {
	if c.sessionID == "" && c.userID == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for a := range r.admissions {
		a.changes = append(a.changes, c)
	}
	if c.sessionID != "" {
		return slices.Clone(r.bySession[c.sessionID])
	}
	return slices.Clone(r.byUser[c.userID])
}

// Draining says that Drain has been called: upgrades are answered with 503.
func (r *Registry) Draining() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draining
}

// Drain ends all sockets for a restart of the server and waits until they are gone. Upgrades are refused
// from now on. The sockets are closed with 1012 one after the other, evenly over the given time, so that
// clients do not all come back at once; until its turn a socket works as ever, and then what it has
// accepted is answered before it is closed. When ctx ends first, the rest is dropped and ctx's error
// returned.
func (r *Registry) Drain(ctx context.Context, over time.Duration) error {
	r.mu.Lock()
	r.draining = true
	r.noteEmpty()
	sockets := make([]*socket, 0, len(r.all))
	for s := range r.all {
		sockets = append(sockets, s)
	}
	r.mu.Unlock()
	start := time.Now()
	turn := time.NewTimer(0)
	defer turn.Stop()
	for i, s := range sockets {
		turn.Reset(time.Until(start.Add(over * time.Duration(i) / time.Duration(len(sockets)))))
		select {
		case <-turn.C:
			s.leave()
		case <-ctx.Done():
			return r.drop(ctx.Err())
		}
	}
	select {
	case <-r.empty:
		return nil
	case <-ctx.Done():
		return r.drop(ctx.Err())
	}
}

func (r *Registry) drop(err error) error {
	r.mu.Lock()
	var sockets []*socket
	for s := range r.all {
		sockets = append(sockets, s)
	}
	r.mu.Unlock()
	for _, s := range sockets {
		s.abort()
	}
	<-r.empty // their connections are closed: they wait for nothing
	return err
}

// add takes in a socket whose client is still unknown, or returns false while draining.
func (r *Registry) add(s *socket) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.accepted.Add(1)
	r.all[s] = struct{}{}
	return !r.draining
}

// begin must precede whatever an Init reads; admit must follow.
func (r *Registry) begin() *admission {
	a := &admission{}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.admissions[a] = struct{}{}
	return a
}

// admit ends an admission and, if wanted, files the socket under its identity, as it is by now. The error is
// with what to close the socket instead.
func (r *Registry) admit(a *admission, s *socket, i Identity, perUser int, wanted bool) *CloseError {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.admissions, a)
	if _, open := r.all[s]; !open || !wanted {
		return &CloseError{closeGoingAway, "the socket is gone"} // nobody is there to read it
	}
	for _, c := range a.changes {
		if !c.concerns(i) {
			continue
		}
		if c.expiresAt.IsZero() {
			return &CloseError{closeForbidden, "Forbidden"}
		}
		i.ExpiresAt = c.expiresAt
	}
	if i.UserID != "" {
		if perUser > 0 && len(r.byUser[i.UserID]) >= perUser {
			return &CloseError{closeTryLater, "Too many sockets of this user"}
		}
		r.byUser[i.UserID] = append(r.byUser[i.UserID], s)
	}
	if i.SessionID != "" {
		r.bySession[i.SessionID] = append(r.bySession[i.SessionID], s)
	}
	// Under both locks, so that a change comes either before, and is in the list, or after, and finds the
	// socket filed.
	s.mu.Lock()
	s.identity = i
	s.mu.Unlock()
	return nil
}

// remove forgets a socket. It is called once for each.
func (r *Registry) remove(s *socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.mu.Lock()
	i := s.identity
	s.mu.Unlock()
	delete(r.all, s)
	unfile(r.byUser, i.UserID, s)
	unfile(r.bySession, i.SessionID, s)
	r.noteEmpty()
}

// noteEmpty tells Drain when the last socket is gone; r.mu is held.
func (r *Registry) noteEmpty() {
	if !r.draining || len(r.all) > 0 {
		return
	}
	select {
	case <-r.empty: // an upgrade that was under way when Drain was called came late
	default:
		close(r.empty)
	}
}

func unfile(index map[string][]*socket, key string, s *socket) {
	sockets, ok := index[key]
	if !ok {
		return
	}
	sockets = slices.DeleteFunc(sockets, func(other *socket) bool { return other == s })
	if len(sockets) == 0 {
		delete(index, key)
	} else {
		index[key] = sockets
	}
}
