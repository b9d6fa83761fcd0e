package binary_test

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	_ "github.com/lib/pq" // the driver

	"github.com/notewire/notewire/test/binary"
)

// ask sends a request and returns its status and its body.
func ask(t *testing.T, method, url, body string, header ...string) (status int, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), binary.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// upgrade is the status of an answer to an upgrade.
func upgrade(t *testing.T, url string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), binary.Patience)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err == nil {
		_ = conn.CloseNow()
	}
	if resp == nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

// awaitReadiness waits until /readyz has a status, and returns its text.
func awaitReadiness(t *testing.T, s *binary.Server, want int) string {
	t.Helper()
	for end := time.Now().Add(binary.Patience); ; time.Sleep(5 * time.Millisecond) {
		status, said := s.Readiness()
		if status == want {
			return said
		}
		if time.Now().After(end) {
			t.Fatalf("readiness is %d %s, not %d", status, said, want)
		}
	}
}

// TestRoles runs a process of each role on one database: together they are a site, and each refuses what
// is another's.
func TestRoles(t *testing.T) {
	t.Parallel()
	role := func(name string, env ...string) *binary.Server {
		s := binary.Start(t, binary.Options{Folder: binary.Folder(t), Args: []string{"--admin-addr", "off"}, Env: append(env, "NOTEWIRE_ROLE="+name)})
		awaitReadiness(t, s, http.StatusOK)
		return s
	}
	workers := func(s *binary.Server) string {
		status, text := ask(t, "GET", s.URL+"/readyz?verbose", "")
		if status != http.StatusOK {
			t.Errorf("not ready: %d %s", status, text)
		}
		return text
	}
	api := role("api")
	database := "DATABASE_URL=" + api.DSN()
	if said := workers(api); !strings.Contains(said, "role: api\n") || !strings.Contains(said, "workers: none has ever been seen") {
		t.Errorf("no worker has run: %s", said)
	}
	stream, worker := role("stream", database), role("worker", database)
	for end := time.Now().Add(binary.Patience); !strings.Contains(workers(stream), "workers: seen "); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("a worker runs: %s", workers(stream))
		}
	}

	const query, subscription = `{"query":"{ __typename }"}`, `{"query":"subscription { events { cursor } }"}`
	const waiting = `{"query":"query($ms: Int) { ... on Query { events(waitMs: $ms) { cursor } } }","variables":{"ms":1}}`
	const misdirected = http.StatusMisdirectedRequest
	for _, s := range []struct {
		name                    string
		server                  *binary.Server
		plain, streamed, socket int
		page                    int
	}{
		{"api", api, 200, misdirected, misdirected, 200},
		{"stream", stream, misdirected, 200, 101, 200},
		{"worker", worker, misdirected, misdirected, misdirected, 404},
	} {
		for _, door := range []string{"/graphql", "/stream"} {
			check := func(what string, status int, text string, want int) {
				t.Helper()
				if status != want {
					t.Errorf("%s: %s at %s: %d %s", s.name, what, door, status, text)
				}
				if status == misdirected && !strings.Contains(text, `"UNAVAILABLE"`) {
					t.Errorf("%s: %s at %s: no GraphQL error: %s", s.name, what, door, text)
				}
			}
			status, text := ask(t, "POST", s.server.URL+door, query, "Content-Type", "application/json")
			check("POST", status, text, s.plain)
			status, text = ask(t, "GET", s.server.URL+door+"?query=%7B__typename%7D", "")
			check("GET", status, text, s.plain)
			// Nobody is told what happens to anybody: the stream opens, says so and ends.
			status, text = ask(t, "POST", s.server.URL+door, subscription, "Content-Type", "application/json", "Accept", "text/event-stream")
			check("an event stream", status, text, s.streamed)
			// Nobody has no log, and is told so where somebody's would be waited for.
			status, text = ask(t, "POST", s.server.URL+door, waiting, "Content-Type", "application/json")
			if served := strings.Contains(text, `"UNAUTHENTICATED"`); served != (s.streamed == 200) || !served && status != misdirected {
				t.Errorf("%s: a query that waits at %s: %d %s", s.name, door, status, text)
			}
			status, text = ask(t, "POST", s.server.URL+door, strings.Replace(waiting, `"ms":1`, `"ms":0`, 1), "Content-Type", "application/json")
			if served := strings.Contains(text, `"UNAUTHENTICATED"`); served != (s.plain == 200) || !served && status != misdirected {
				t.Errorf("%s: a query that does not wait at %s: %d %s", s.name, door, status, text)
			}
		}
		if got := upgrade(t, s.server.URL); got != s.socket {
			t.Errorf("%s: an upgrade: %d", s.name, got)
		}
		for path, want := range map[string]int{"/": s.page, "/schema.graphqls": s.page, "/healthz": 200, "/readyz": 200} {
			if status, text := ask(t, "GET", s.server.URL+path, ""); status != want {
				t.Errorf("%s: %s: %d %s", s.name, path, status, text)
			}
		}
	}

	// What is sent at one arrives at the other.
	alice, bob := binary.Register(t, api.URL, "alice"), binary.Register(t, api.URL, "bob")
	after := bob.Cursor()
	atStream := *bob
	atStream.URL = stream.URL
	socket := atStream.Subscribe(`subscription($after: Cursor!) { noteReceived(after: $after) { note { id } } }`, binary.Vars{"after": after})
	for range 3 {
		id, _ := alice.Send(bob.ID, "안녕")
		if got := binary.Text(t, socket.Next(), "noteReceived.note.id"); got != id {
			t.Fatalf("%s came, not %s", got, id)
		}
	}
	// A socket runs every operation.
	if got := binary.Text(t, atStream.Subscribe(`{ viewer { user { username } } }`, nil).Next(), "viewer.user.username"); got != "bob" {
		t.Errorf("a query on a socket: %s", got)
	}
	read := atStream.Subscribe(`mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil).Next()
	if binary.Get(t, read, "markAllNotificationsRead") == nil {
		t.Errorf("a mutation on a socket: %v", read)
	}

	// A worker that is gone is missed, and nobody else is less ready for it.
	worker.Terminate()
	if code := worker.ExitCode(); code != 0 {
		t.Errorf("the worker ended with %d", code)
	}
	db, err := sql.Open("postgres", api.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE workers SET seen_at = now() - interval '61 seconds'`); err != nil {
		t.Fatal(err)
	}
	if said := workers(stream); !strings.HasPrefix(said, "ready\n") || !strings.Contains(said, "workers: none was seen for 1m") || !strings.Contains(said, "NOTEWIRE_ROLE") {
		t.Errorf("the worker is gone: %s", said)
	}
}
