package transport_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

// service is the test server with its websocket door.
type service struct {
	*testserver.Resolver
	door *transport.Websocket
	http *httptest.Server
	url  string
}

// newService starts one. The door's Registry is its own; Init understands these payloads: {"user": name},
// {"session": id}, {"reject": true}, {"wait": key}, {"expires": duration}.
func newService(t testing.TB, door *transport.Websocket) *service {
	t.Helper()
	s := unstartedService(door)
	s.http.Start()
	s.url = "ws" + strings.TrimPrefix(s.http.URL, "http")
	t.Cleanup(func() { s.close(t) })
	return s
}

func unstartedService(door *transport.Websocket) *service {
	s := &service{Resolver: testserver.NewResolver(), door: door}
	if door.Registry == nil {
		door.Registry = transport.NewRegistry()
	}
	if door.Init == nil {
		door.Init = s.init
	}
	server := handler.New(s.Schema())
	server.SetQueryCache(lru.New[*ast.QueryDocument](100))
	server.SetRecoverFunc(func(context.Context, any) error { return errors.New("internal error") })
	server.AddTransport(door)
	s.http = httptest.NewUnstartedServer(server)
	return s
}

// close ends the service, waits until every socket is gone, and checks that the door kept the rules of a
// Source.
func (s *service) close(t testing.TB) {
	ctx, cancel := context.WithTimeout(context.Background(), testserver.Patience)
	defer cancel()
	_ = s.door.Registry.Drain(ctx, 0)
	s.http.Close()
	eventually(t, "every subscription is closed", func() bool { return s.Log.Readers() == 0 })
	for _, fault := range s.Log.Faults() {
		t.Errorf("a source: %s", fault)
	}
}

func (s *service) init(ctx context.Context, r transport.InitRequest) (context.Context, transport.Identity, error) {
	var id transport.Identity
	text := func(key string) string { v, _ := r.Payload[key].(string); return v }
	if r.Payload["reject"] == true {
		return nil, id, errors.New("go away")
	}
	if text("overloaded") != "" {
		return nil, id, &transport.CloseError{Code: 1013, Reason: text("overloaded")}
	}
	if r.Payload["panic"] == true {
		panic("Init panics, as the test wants")
	}
	id.UserID, id.SessionID = text("user"), text("session")
	if d, err := time.ParseDuration(text("expires")); err == nil {
		id.ExpiresAt = time.Now().Add(d)
	}
	if key := text("wait"); key != "" {
		select {
		case <-s.WaitFor(key):
		case <-ctx.Done():
			return nil, id, ctx.Err()
		}
	}
	return testserver.WithViewer(ctx, id.UserID), id, nil
}

var _ graphql.Transport = (*transport.Websocket)(nil)

// peer is a client in a test: what fails, fails the test.
type peer struct {
	*testserver.Client
	t testing.TB
}

func dial(t testing.TB, url string, protocols ...string) *peer {
	t.Helper()
	if len(protocols) == 0 {
		protocols = []string{"graphql-transport-ws"}
	}
	c, err := testserver.Dial(url, nil, protocols...)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(c.Close)
	return &peer{Client: c, t: t}
}

// connect dials and initialises.
func connect(t testing.TB, url string) *peer {
	t.Helper()
	p := dial(t, url)
	p.init(`{}`)
	return p
}

func (p *peer) init(payload string) {
	p.t.Helper()
	p.send(`{"type":"connection_init","payload":%s}`, payload)
	p.expect("connection_ack", "")
}

func (p *peer) send(format string, args ...any) {
	p.t.Helper()
	if err := p.Send(format, args...); err != nil {
		p.t.Fatalf("send: %v", err)
	}
}

func (p *peer) read() testserver.Message {
	p.t.Helper()
	m, err := p.Read()
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	return m
}

// expect reads one message of this type and id. The server's own pings are answered.
func (p *peer) expect(kind, id string) testserver.Message {
	p.t.Helper()
	m := p.read()
	for m.Type == "ping" && kind != "ping" {
		p.send(`{"type":"pong"}`)
		m = p.read()
	}
	if m.Type != kind || m.ID != id {
		p.t.Fatalf("got %s %d %s, want %s of %q", m.Raw, m.CloseCode, m.CloseReason, kind, id)
	}
	return m
}

func (p *peer) expectPayload(kind, id, payload string) {
	p.t.Helper()
	if m := p.expect(kind, id); string(m.Payload) != payload {
		p.t.Fatalf("%s of %q has the payload %s, want %s", kind, id, m.Payload, payload)
	}
}

func (p *peer) expectClose(code int) testserver.Message {
	p.t.Helper()
	m := p.expect("close", "")
	if m.CloseCode != code {
		p.t.Fatalf("closed with %d %q, want %d", m.CloseCode, m.CloseReason, code)
	}
	return m
}

func (p *peer) subscribe(id, query string) {
	p.t.Helper()
	p.send(`{"id":%q,"type":"subscribe","payload":{"query":%q}}`, id, query)
}

func (p *peer) complete(id string) {
	p.t.Helper()
	p.send(`{"id":%q,"type":"complete"}`, id)
}

// ask runs a query or mutation to its end.
func (p *peer) ask(id, query string) testserver.Message {
	p.t.Helper()
	p.subscribe(id, query)
	m := p.expect("next", id)
	p.expect("complete", id)
	return m
}

// nothingElse says that nothing but the answers to its own two requests was on its way.
func (p *peer) nothingElse() {
	p.t.Helper()
	p.ask("nothing-else", `{ hello }`)
	p.send(`{"type":"ping","payload":{"nothing":"else"}}`)
	p.expectPayload("pong", "", `{"nothing":"else"}`)
}

// eventually waits for what has no signal: counts of the runtime and the kernel.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(testserver.Patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not after %v: %s", testserver.Patience, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func get(t testing.TB, url string, header http.Header) *http.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http"+strings.TrimPrefix(url, "ws"), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}
