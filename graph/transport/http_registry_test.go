package transport_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/notewire/notewire/graph/transport"
)

// sessions is what a session table is to the door: bearer tokens that name a user and may end.
type sessions struct {
	mu    sync.Mutex
	ended map[string]bool
	until time.Time
	looks int
	after func(looks int) // called after each look, with their number
}

func (s *sessions) look(ctx context.Context) (transport.Identity, bool) {
	token, _ := ctx.Value(tokenKey{}).(string)
	if token == "" {
		return transport.Identity{}, true
	}
	s.mu.Lock()
	who := transport.Identity{SessionID: token, UserID: token[:1], ExpiresAt: s.until}
	ok := !s.ended[token]
	s.looks++
	looks, after := s.looks, s.after
	s.mu.Unlock()
	if after != nil {
		after(looks)
	}
	return who, ok
}

func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[token] = true
}

type tokenKey struct{}

func withTokens(server *http.Server, next http.Handler) {
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tokenKey{}, r.Header.Get("Authorization"))))
	})
}

func newSessionFixture(t *testing.T) (*httpFixture, *sessions, *transport.StreamRegistry) {
	t.Helper()
	table, streams := &sessions{ended: map[string]bool{}}, &transport.StreamRegistry{MaxPerUser: 2}
	return newHTTPFixture(t, &transport.HTTP{Streams: streams, Session: table.look}, withTokens), table, streams
}

func TestStreamsEndWithTheirSession(t *testing.T) {
	f, _, streams := newSessionFixture(t)
	a1, a2, b1 := f.stream("0", "Authorization", "a1"), f.stream("0", "Authorization", "a2"), f.stream("0", "Authorization", "b1")
	anonymous := f.stream("0")
	f.waitOpen(4)
	streams.CloseSession("") // nobody's
	streams.CloseUser("")
	streams.CloseSession("a1")
	a1.wantFailure("UNAUTHENTICATED")
	f.waitOpen(3)
	f.service.Log.Append("one")
	for _, e := range []*events{a2, b1, anonymous} {
		e.wantTick("1", "one")
	}
	streams.CloseUser("a")
	a2.wantFailure("UNAUTHENTICATED")
	f.waitOpen(2)
	f.service.Log.Append("two")
	b1.wantTick("2", "two")
	anonymous.wantTick("2", "two")
	if n := streams.Len(); n != 2 {
		t.Errorf("%d streams are registered", n)
	}
}

func TestStreamsExpire(t *testing.T) {
	f, table, streams := newSessionFixture(t)
	table.until = time.Now().Add(50 * time.Millisecond)
	f.stream("0", "Authorization", "a1").wantFailure("UNAUTHENTICATED")

	table.until = time.Now().Add(time.Hour)
	e := f.stream("0", "Authorization", "a2")
	f.waitOpen(1)
	streams.ExtendSession("a2", time.Now().Add(2*time.Hour))
	f.service.Log.Append("one")
	e.wantTick("1", "one")
	streams.ExtendSession("a2", time.Now().Add(10*time.Millisecond))
	e.wantFailure("UNAUTHENTICATED")

	table.until = time.Now().Add(200 * time.Millisecond)
	e = f.stream("1", "Authorization", "a3")
	streams.ExtendSession("a3", time.Now().Add(time.Hour))
	time.Sleep(time.Until(table.until) + 50*time.Millisecond) // the old expiry passes
	f.service.Log.Append("two")
	e.wantTick("2", "two")
	streams.ExtendSession("a3", time.Time{})
	e.wantFailure("UNAUTHENTICATED")
}

// A session that ends after it was read and before the stream is registered is noticed all the same.
func TestStreamsRefuseASessionThatEndsMeanwhile(t *testing.T) {
	f, table, streams := newSessionFixture(t)
	table.after = func(looks int) {
		if looks == 1 {
			table.end("a1")
			streams.CloseSession("a1") // in vain: nothing is registered yet
		}
	}
	got := f.post(subscribeBody("0"), "Accept", "text/event-stream", "Authorization", "a1")
	if got.status != 401 || got.code() != "UNAUTHENTICATED" || got.header.Get("WWW-Authenticate") != "Bearer" || streams.Len() != 0 {
		t.Errorf("%d %s", got.status, got.body)
	}
	f.waitOpen(0)
}

func TestStreamsPerUser(t *testing.T) {
	f, _, streams := newSessionFixture(t)
	first := f.stream("0", "Authorization", "a1")
	f.stream("0", "Authorization", "a2")
	f.stream("0", "Authorization", "b1")
	for range 3 {
		f.stream("0")
	}
	if got := f.post(subscribeBody("0"), "Accept", "text/event-stream", "Authorization", "a3"); got.status != 429 || got.code() != "RATE_LIMITED" {
		t.Errorf("the third of a user: %d %s", got.status, got.body)
	}
	_ = first.body.Close()
	f.waitOpen(5)
	for streams.Len() != 5 { // the source is closed a moment before the stream is forgotten
		time.Sleep(time.Millisecond)
	}
	f.service.Log.Append("one")
	f.stream("0", "Authorization", "a3").wantTick("1", "one")
}

func TestDrainGivesUp(t *testing.T) {
	f, table, streams := newSessionFixture(t)
	registered, release := make(chan struct{}), make(chan struct{})
	table.after = func(looks int) {
		if looks == 2 { // a stream that hangs right after it was registered
			close(registered)
			<-release
		}
	}
	go func() {
		defer close(release)
		<-registered
		ctx, cancel := context.WithTimeout(f.ctx, 10*time.Millisecond)
		defer cancel()
		if err := streams.Drain(ctx); err != context.DeadlineExceeded {
			t.Errorf("Drain: %v", err)
		}
	}()
	resp := f.open("POST", "/graphql", subscribeBody("0"), "Content-Type", "application/json", "Accept", "text/event-stream", "Authorization", "a1")
	if got, _ := readEvents(t, resp).next(); got.retry == "" {
		t.Errorf("%+v", got)
	}
	if err := streams.Drain(f.ctx); err != nil {
		t.Error(err)
	}
}
