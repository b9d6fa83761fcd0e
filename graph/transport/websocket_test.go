package transport_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

func upgradeHeader(change ...string) http.Header {
	h := http.Header{
		"Connection":             {"Upgrade"},
		"Upgrade":                {"websocket"},
		"Sec-Websocket-Key":      {base64.StdEncoding.EncodeToString(make([]byte, 16))},
		"Sec-Websocket-Version":  {"13"},
		"Sec-Websocket-Protocol": {"graphql-transport-ws"},
	}
	for i := 0; i < len(change); i += 2 {
		h.Set(change[i], change[i+1])
	}
	return h
}

func TestHandshakeRefusals(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	host := strings.TrimPrefix(s.url, "ws://")
	for _, c := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"own origin", upgradeHeader("Origin", "http://"+host), http.StatusSwitchingProtocols},
		{"no origin", upgradeHeader(), http.StatusSwitchingProtocols},
		{"foreign origin", upgradeHeader("Origin", "http://evil.example"), http.StatusForbidden},
		{"origin with our host as prefix", upgradeHeader("Origin", "http://"+host+".evil.example"), http.StatusForbidden},
		{"another port", upgradeHeader("Origin", "http://127.0.0.1:1"), http.StatusForbidden},
		{"null origin", upgradeHeader("Origin", "null"), http.StatusForbidden},
		{"old version", upgradeHeader("Sec-WebSocket-Version", "8"), http.StatusUpgradeRequired},
		{"no key", upgradeHeader("Sec-WebSocket-Key", ""), http.StatusBadRequest},
		{"no connection header", upgradeHeader("Connection", "keep-alive"), http.StatusBadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := get(t, s.url, c.header)
			if resp.StatusCode != c.status {
				t.Fatalf("got %s, want %d", resp.Status, c.status)
			}
			if e := resp.Header.Get("Sec-Websocket-Extensions"); e != "" {
				t.Fatalf("an extension was negotiated: %s", e)
			}
		})
	}
	eventually(t, "refused connections are closed", func() bool { return s.door.Registry.Len() == 0 })
}

func TestNoCompression(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	resp := get(t, s.url, upgradeHeader("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"))
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-Websocket-Extensions") != "" {
		t.Fatalf("got %s with extensions %q", resp.Status, resp.Header.Get("Sec-Websocket-Extensions"))
	}
}

// Frames that come in the same packet as the upgrade request are in net/http's buffer by then.
func TestEarlyFrames(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "ws://"))
	must(t, err)
	defer conn.Close()
	var raw strings.Builder
	raw.WriteString("GET / HTTP/1.1\r\nHost: x\r\n")
	must(t, upgradeHeader().Write(&raw))
	raw.WriteString("\r\n")
	for _, text := range []string{`{"type":"connection_init"}`, `{"type":"ping"}`} {
		raw.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(text)))))
	}
	_, err = conn.Write([]byte(raw.String()))
	must(t, err)
	must(t, conn.SetReadDeadline(time.Now().Add(testserver.Patience)))
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	must(t, err)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp.Status)
	}
	seen := map[string]bool{}
	for range 2 {
		f, err := ws.ReadFrame(r)
		must(t, err)
		seen[string(f.Payload)] = true
	}
	if !seen[`{"type":"connection_ack"}`] || !seen[`{"type":"pong"}`] {
		t.Fatalf("got %v", seen)
	}
}

func TestTLS(t *testing.T) {
	s := unstartedService(&transport.Websocket{})
	s.http.StartTLS()
	s.url = "wss" + strings.TrimPrefix(s.http.URL, "https")
	t.Cleanup(func() { s.close(t) })
	p := connect(t, s.url)
	p.send("%s", sized(200<<10))
	p.expect("pong", "")
	s.Log.Publish("tls", strings.Repeat("x", 64<<10), 200)
	p.subscribe("a", `subscription { events(topic: "tls", after: "0") { cursor body } }`)
	for i := range 200 {
		m := p.expect("next", "a")
		if want := fmt.Sprintf(`{"data":{"events":{"cursor":"%d",`, i+1); !strings.HasPrefix(string(m.Payload), want) {
			t.Fatalf("event %d is %.60s", i+1, m.Payload)
		}
	}
	p.send(`nonsense`)
	p.expectClose(4400)
	eventually(t, "the socket is gone", func() bool { return s.door.Registry.Len() == 0 })
}

// A TLS connection cannot be written without waiting: its slow reader is dropped all the same.
func TestTLSSlowReader(t *testing.T) {
	s := unstartedService(&transport.Websocket{WriteTimeout: 300 * time.Millisecond})
	s.http.StartTLS()
	s.url = "wss" + strings.TrimPrefix(s.http.URL, "https")
	t.Cleanup(func() { s.close(t) })
	s.Log.Publish("blobs", blob, 300)
	p := connect(t, s.url)
	p.subscribe("a", blobs)
	eventually(t, "the slow reader is dropped", func() bool {
		return s.door.Registry.Stats().SlowReaders == 1 && s.door.Registry.Len() == 0 && s.Log.Readers() == 0
	})
}

// The deadlines of the HTTP server are for requests, and a socket outlives its request.
func TestServerTimeoutsDoNotApply(t *testing.T) {
	s := unstartedService(&transport.Websocket{})
	s.http.Config.ReadTimeout, s.http.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	s.http.Start()
	s.url = "ws" + strings.TrimPrefix(s.http.URL, "http")
	t.Cleanup(func() { s.close(t) })
	p, clock := connect(t, s.url), dial(t, s.url)
	clock.init(`{"expires":"200ms"}`)
	clock.expectClose(4403)
	p.nothingElse()
}

func TestCompleteCancels(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	p := connect(t, s.url)
	p.subscribe("a", `{ wait(key: "k") }`)
	await(t, s.Waiting("k"))
	p.complete("a")
	await(t, s.Cancelled("k"))
	p.subscribe("a", `{ wait(key: "k2") }`)
	await(t, s.Waiting("k2"))
	p.Close()
	await(t, s.Cancelled("k2"))
}

// A result that comes all the same, after the client has completed its query, is not sent.
func TestCompleteIsFinal(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	p := connect(t, s.url)
	p.subscribe("a", `{ wait(key: "k", stubborn: true) }`)
	await(t, s.Waiting("k"))
	p.complete("a")
	p.nothingElse()
	s.Release("k")
	p.nothingElse()
}

func await(t testing.TB, signal <-chan struct{}) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(testserver.Patience):
		t.Fatalf("no signal in %v", testserver.Patience)
	}
}

func TestBadTextIsRefusedByName(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	p := connect(t, s.url)
	for _, text := range []string{`\u0000`, `\ud800`} {
		p.send("%s", `{"id":"a","type":"subscribe","payload":{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"`+text+`"}}}`)
		m := p.expect("error", "a")
		if !strings.Contains(string(m.Payload), "variables.t") || !strings.Contains(string(m.Payload), "BAD_USER_INPUT") {
			t.Fatalf("the payload is %s", m.Payload)
		}
	}
}

func TestViewerOfInit(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	p := dial(t, s.url)
	p.init(`{"user":"ada"}`)
	p.subscribe("a", `{ viewer }`)
	p.expectPayload("next", "a", `{"data":{"viewer":"ada"}}`)
}

// A pong acknowledges exactly what its ping asked about.
func TestAcknowledgement(t *testing.T) {
	s := newService(t, &transport.Websocket{AckDelay: time.Millisecond})
	acks := s.Log.Acknowledgements()
	expectAck := func(want testserver.Ack) {
		t.Helper()
		select {
		case got := <-acks:
			if got != want {
				t.Fatalf("acknowledged %v, want %v", got, want)
			}
		case <-time.After(testserver.Patience):
			t.Fatalf("no acknowledgement of %v", want)
		}
	}
	p := connect(t, s.url)
	s.Log.Publish("one", "x", 3)
	s.Log.Publish("two", "x", 1)
	p.subscribe("a", `subscription { events(topic: "one", after: "0") { cursor } }`)
	for range 3 {
		p.expect("next", "a")
	}
	ping := p.expect("ping", "")
	if string(ping.Payload) != `{"p":{"a":"3"}}` {
		t.Fatalf("the ping's payload is %s", ping.Payload)
	}
	// One ping is on its way: no other follows, and what a pong makes up does not count.
	for i := range 20 {
		s.Log.Publish("one", "x", 1)
		p.expectPayload("next", "a", fmt.Sprintf(`{"data":{"events":{"cursor":"%d"}}}`, 4+i))
	}
	p.send(`{"type":"pong","payload":{"p":{"a":"3"}}}`)
	expectAck(testserver.Ack{Topic: "one", Cursor: "3"})
	ping = p.expect("ping", "")
	if string(ping.Payload) != `{"p":{"a":"23"}}` {
		t.Fatalf("the ping's payload is %s", ping.Payload)
	}
	// The operation ends before its pong, another takes its id.
	p.complete("a")
	p.subscribe("a", `subscription { events(topic: "two", after: "0") { cursor } }`)
	p.expectPayload("next", "a", `{"data":{"events":{"cursor":"1"}}}`)
	p.send(`{"type":"pong","payload":{"p":{"a":"23"}}}`)
	ping = p.expect("ping", "")
	if string(ping.Payload) != `{"p":{"a":"1"}}` {
		t.Fatalf("the ping's payload is %s", ping.Payload)
	}
	p.send(`{"type":"pong","payload":{"p":{"a":"99","b":"1"}}}`)
	s.Log.Publish("two", "x", 1)
	p.expectPayload("next", "a", `{"data":{"events":{"cursor":"2"}}}`)
	ping = p.expect("ping", "")
	p.send(`{"type":"pong","payload":%s}`, ping.Payload)
	expectAck(testserver.Ack{Topic: "two", Cursor: "2"})
	for range 3 { // all is acknowledged: the next ping comes in 25 s
		p.send(`{"type":"ping"}`)
		if m := p.read(); m.Type != "pong" {
			t.Fatalf("got %s", m.Raw)
		}
	}
}

func TestSilentClientIsDropped(t *testing.T) {
	s := newService(t, &transport.Websocket{PingInterval: 20 * time.Millisecond, PongTimeout: time.Second})
	silent, good := connect(t, s.url), connect(t, s.url)
	for range 3 {
		good.expect("ping", "")
		good.send(`{"type":"pong"}`)
	}
	silent.expect("ping", "")
	silent.expectClose(1001)
	good.ask("a", `{ hello }`)
	if n := s.door.Registry.Stats().SilentClients; n != 1 {
		t.Fatalf("%d silent clients were counted", n)
	}
}

func TestLegacyProtocol(t *testing.T) {
	s := newService(t, &transport.Websocket{PingInterval: 50 * time.Millisecond})
	p := dial(t, s.url, "graphql-ws")
	if p.Protocol != "graphql-ws" {
		t.Fatalf("the server chose %q", p.Protocol)
	}
	p.send(`{"type":"connection_init","payload":{"user":"ada"}}`)
	p.expect("connection_ack", "")
	p.expect("ka", "")
	start := func(id, query string) { p.send(`{"id":%q,"type":"start","payload":{"query":%q}}`, id, query) }
	answer := func(kind, id, payload string) {
		t.Helper()
		m := p.read()
		for m.Type == "ka" {
			m = p.read()
		}
		if m.Type != kind || m.ID != id || payload != "" && string(m.Payload) != payload {
			t.Fatalf("got %s, want %s of %q with %s", m.Raw, kind, id, payload)
		}
	}
	start("1", `{ viewer }`)
	answer("data", "1", `{"data":{"viewer":"ada"}}`)
	answer("complete", "1", "")
	start("1", `{ nonsense }`)
	answer("error", "1", "")
	s.Log.Publish("legacy", "x", 1)
	start("2", `subscription { events(topic: "legacy", after: "0") { body } }`)
	answer("data", "2", `{"data":{"events":{"body":"x"}}}`)
	start("2", `subscription { events(topic: "legacy", after: "0") { cursor } }`) // replaces it
	answer("data", "2", `{"data":{"events":{"cursor":"1"}}}`)
	p.send(`{"id":"2","type":"stop"}`)
	answer("complete", "2", "")
	eventually(t, "both subscriptions are closed", func() bool { return s.Log.Readers() == 0 })
	p.expect("ka", "")
	p.send(`{"type":"connection_terminate"}`)
	for m := p.read(); m.Type != "close"; m = p.read() {
		if m.Type != "ka" {
			t.Fatalf("got %s", m.Raw)
		}
	}
	rejected := dial(t, s.url, "graphql-ws")
	rejected.send(`{"type":"connection_init","payload":{"reject":true}}`)
	rejected.expectClose(4403)
}

// A client of the older protocol that is gone is found by the websocket's own pings.
func TestLegacySilentClient(t *testing.T) {
	s := newService(t, &transport.Websocket{PingInterval: 20 * time.Millisecond, PongTimeout: 100 * time.Millisecond})
	p := dial(t, s.url, "graphql-ws") // testserver.Client answers no ping frames
	p.send(`{"type":"connection_init"}`)
	for m := p.read(); m.Type != "close"; m = p.read() {
		if m.Type != "connection_ack" && m.Type != "ka" {
			t.Fatalf("got %s", m.Raw)
		}
	}
	if n := s.door.Registry.Stats().SilentClients; n != 1 {
		t.Fatalf("%d silent clients were counted", n)
	}
}
