package transport_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/httptestserver"
)

// httpFixture is the test service behind a real listener.
type httpFixture struct {
	t       *testing.T
	service *httptestserver.Resolver
	url     string
	handler http.Handler
	client  *http.Client
	ctx     context.Context
	close   func() // ends server and client; done by the test's cleanup as well
}

// newHTTPFixture starts the service behind door; options are gqlgen extensions and changes of the server.
func newHTTPFixture(t *testing.T, door *transport.HTTP, options ...any) *httpFixture {
	t.Helper()
	service := httptestserver.New()
	handler := service.Handler(door)
	server := httptest.NewUnstartedServer(handler)
	for _, o := range options {
		switch o := o.(type) {
		case graphql.HandlerExtension:
			handler.Use(o)
		case func(*http.Server, http.Handler):
			o(server.Config, handler)
		default:
			t.Fatalf("unknown option %T", o)
		}
	}
	server.Start()
	// Nothing here takes a second; the limit turns a hang into a failure.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	closed := sync.OnceFunc(func() { cancel(); client.CloseIdleConnections(); server.Close() })
	t.Cleanup(closed)
	return &httpFixture{t: t, service: service, url: server.URL, handler: server.Config.Handler, client: client, ctx: ctx, close: closed}
}

// overHTTP2 moves the fixture to a second server, which speaks HTTP/2 without TLS.
func (f *httpFixture) overHTTP2() {
	f.t.Helper()
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	server := httptest.NewUnstartedServer(f.handler)
	server.Config.Protocols = &protocols
	server.Start()
	f.t.Cleanup(func() { f.close(); server.Close() })
	f.url = server.URL
	f.client = &http.Client{Transport: &http.Transport{Protocols: &protocols}}
	f.t.Cleanup(f.client.CloseIdleConnections)
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	body   string
	data   json.RawMessage
	errors []struct {
		Message    string
		Extensions map[string]any
	}
}

func (r reply) code() string {
	if len(r.errors) == 0 {
		return ""
	}
	code, _ := r.errors[0].Extensions["code"].(string)
	return code
}

func (r reply) message() string {
	if len(r.errors) == 0 {
		return ""
	}
	return r.errors[0].Message
}

// open sends a request; header holds names and values in turn.
func (f *httpFixture) open(method, path, body string, header ...string) *http.Response {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.ctx, method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// send sends a request and reads a JSON answer.
func (f *httpFixture) send(method, path, body string, header ...string) reply {
	f.t.Helper()
	resp := f.open(method, path, body, header...)
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	got := reply{status: resp.StatusCode, header: resp.Header, body: string(raw)}
	if len(raw) == 0 {
		return got
	}
	var parsed struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions map[string]any
		}
	}
	if err := json.Unmarshal(raw, &parsed); err != nil {
		f.t.Fatalf("status %d, not JSON: %q", resp.StatusCode, raw)
	}
	got.data, got.errors = parsed.Data, parsed.Errors
	return got
}

// post sends an operation the usual way.
func (f *httpFixture) post(body string, header ...string) reply {
	f.t.Helper()
	return f.send("POST", "/graphql", body, append([]string{"Content-Type", "application/json"}, header...)...)
}

func query(text string) string {
	b, _ := json.Marshal(map[string]string{"query": text})
	return string(b)
}
