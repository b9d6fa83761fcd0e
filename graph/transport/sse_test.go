package transport_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/notewire/notewire/graph/transport"
)

const ticks = `subscription($after: String) { ticks(after: $after) { cursor text } }`

func TestSSEReplaysThenFollows(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	f.service.Log.Append("one", "two")
	byPost := f.stream("0")
	get := "/graphql?query=" + url.QueryEscape(ticks) + "&variables=" + url.QueryEscape(`{"after":"1"}`)
	resp := f.open("GET", get, "", "Accept", "text/event-stream")
	byGet := readEvents(t, resp)
	byPost.wantTick("1", "one")
	byPost.wantTick("2", "two")
	byGet.wantTick("2", "two")
	f.waitOpen(2)
	for n := 3; n < 100; n++ { // more than one batch
		f.service.Log.Append("live")
	}
	for n := 3; n < 100; n++ {
		byPost.wantTick(fmt.Sprint(n), "live")
		byGet.wantTick(fmt.Sprint(n), "live")
	}
	for name, want := range map[string]string{"Cache-Control": "no-store, no-transform", "X-Content-Type-Options": "nosniff", "X-Accel-Buffering": "no"} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestSSEResumesFromLastEventID(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	f.service.Log.Append("one", "two", "three")
	f.stream("1", "Last-Event-ID", "2").wantTick("3", "three")
	// Only an event stream has this header; elsewhere it means nothing.
	resp := f.open("POST", "/graphql", subscribeBody("1"), "Content-Type", "application/json", "Accept", "multipart/mixed;subscriptionSpec=1.0", "Last-Event-ID", "2")
	if first := readParts(t, resp).next(); !strings.Contains(first, `"two"`) {
		t.Errorf("multipart began with %s", first)
	}
}

func TestSSEErrorsBeforeTheFirstEvent(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	sse := []string{"Content-Type", "application/json", "Accept", "text/event-stream"}
	for _, c := range []struct{ body, code string }{
		{query(`subscription { hidden { text } }`), "NOT_FOUND"},
		{query(`subscription { ticks(after: "x") { text } }`), "BAD_USER_INPUT"},
		{query(`subscription { ticks(device: "d") { text } }`), "BAD_USER_INPUT"},
		{query(`subscription { nothing }`), "GRAPHQL_VALIDATION_FAILED"},
		{query(`subscription {`), "GRAPHQL_PARSE_FAILED"},
		{query(`subscription { ... @defer { ticks { text } } }`), "GRAPHQL_VALIDATION_FAILED"},
	} {
		readEvents(t, f.open("POST", "/graphql", c.body, sse...)).wantFailure(c.code)
	}
	// What is no GraphQL request has a status.
	if got := f.send("POST", "/graphql", `{`, sse...); got.status != 400 || got.code() != "BAD_REQUEST" {
		t.Errorf("bad JSON: %d %s", got.status, got.body)
	}
	if got := f.send("POST", "/graphql", `{}`, "Accept", "text/event-stream"); got.status != 415 {
		t.Errorf("no Content-Type: %d %s", got.status, got.body)
	}
	f.waitOpen(0)
}

func TestSSEQueriesAndMutations(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	e := readEvents(t, f.open("POST", "/graphql", query(`mutation { increment }`), "Content-Type", "application/json", "Accept", "text/event-stream"))
	if got, _ := e.next(); got != (event{name: "next", data: `{"data":{"increment":1}}`}) {
		t.Errorf("%+v", got)
	}
	e.wantEnd(true)
	got := f.send("GET", "/graphql?query=mutation{increment}", "", "Accept", "text/event-stream")
	if got.status != 405 || f.service.Increments.Load() != 1 {
		t.Errorf("a mutation by GET: %d, %d runs", got.status, f.service.Increments.Load())
	}
}

func TestSSEHeartbeat(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{Heartbeat: time.Millisecond})
	e := f.stream("0")
	for range 5 {
		if ev, ok := e.any(); !ok || ev != (event{comment: "yes"}) {
			t.Fatalf("%+v, %v", ev, ok)
		}
	}
	f.service.Log.Append("one")
	e.wantTick("1", "one")
}

func TestSSEEndsWhenTheSourceFails(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	e := f.stream("0")
	f.service.Log.Append("one")
	e.wantTick("1", "one")
	f.service.Log.Expire()
	e.wantFailure("CURSOR_EXPIRED")
	f.waitOpen(0)
}

func TestSSEClosesTheSubscriptionWhenTheClientLeaves(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	func() {
		f := newHTTPFixture(t, &transport.HTTP{})
		e := f.stream("0")
		f.waitOpen(1)
		_ = e.body.Close()
		f.waitOpen(0)
		f.close()
	}()
}

func TestSSEOutlivesTheServersTimeouts(t *testing.T) {
	const timeout = 100 * time.Millisecond
	f := newHTTPFixture(t, &transport.HTTP{Heartbeat: timeout / 4}, func(s *http.Server, _ http.Handler) {
		s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = timeout, timeout, timeout
	})
	e := f.stream("0")
	for range 12 { // three times the timeout
		if _, ok := e.any(); !ok {
			t.Fatal("the stream ended")
		}
	}
	f.service.Log.Append("one")
	e.wantTick("1", "one")
}

func TestSSEDrain(t *testing.T) {
	streams := &transport.StreamRegistry{}
	f := newHTTPFixture(t, &transport.HTTP{Streams: streams})
	e := f.stream("0")
	f.waitOpen(1)
	if err := streams.Drain(f.ctx); err != nil {
		t.Fatal(err)
	}
	f.waitOpen(0)
	var pause int
	if got, _ := e.next(); got.name != "" || got.retry == "" {
		t.Fatalf("%+v, want retry only", got)
	} else if _, err := fmt.Sscan(got.retry, &pause); err != nil || pause < 1000 || pause > 5000 {
		t.Errorf("retry: %s", got.retry)
	}
	e.wantEnd(false)
	got := f.post(subscribeBody("0"), "Accept", "text/event-stream")
	if got.status != 503 || got.code() != "UNAVAILABLE" || got.header.Get("Retry-After") == "" {
		t.Errorf("a new stream: %d %s", got.status, got.body)
	}
	again := readEvents(t, f.open("GET", "/graphql?query="+url.QueryEscape(ticks), "", "Accept", "text/event-stream"))
	if got, _ := again.next(); got.retry == "" {
		t.Errorf("a new stream by GET: %+v", got)
	}
	again.wantEnd(false)
	if got := f.post(query(`{ count }`)); got.status != 200 {
		t.Errorf("a query: %d", got.status)
	}
	if err := streams.Drain(f.ctx); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

// The time a write may take does not count while there is nothing to write.
func TestSSEIdleLongerThanTheWriteTimeout(t *testing.T) {
	const timeout = 50 * time.Millisecond
	for _, version := range []int{1, 2} {
		f := newHTTPFixture(t, &transport.HTTP{WriteTimeout: timeout, Heartbeat: time.Hour})
		if version == 2 {
			f.overHTTP2()
		}
		resp := f.open("POST", "/graphql", subscribeBody("0"), "Content-Type", "application/json", "Accept", "text/event-stream")
		if resp.ProtoMajor != version {
			t.Fatalf("HTTP/%d, want %d", resp.ProtoMajor, version)
		}
		e := readEvents(t, resp)
		f.waitOpen(1)
		f.service.Log.Append("one")
		e.wantTick("1", "one")
		time.Sleep(4 * timeout) // time that passes is what is tested
		f.service.Log.Append("two")
		e.wantTick("2", "two")
	}
}

// A client that does not read is not read for, and is dropped after the write timeout.
func TestSSESlowReader(t *testing.T) {
	const big, many = 64 << 10, 2000 // 128 MB: far more than the kernel holds
	f := newHTTPFixture(t, &transport.HTTP{WriteTimeout: 300 * time.Millisecond}, func(s *http.Server, _ http.Handler) {
		s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			_ = c.(*net.TCPConn).SetWriteBuffer(64 << 10)
			return ctx
		}
	})
	text := strings.Repeat("x", big)
	batch := make([]string, many)
	for i := range batch {
		batch[i] = text
	}
	f.service.Log.Append(batch...)
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	body := subscribeBody("0")
	start := time.Now()
	if _, err := fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	// A second client notices nothing meanwhile.
	f.stream(fmt.Sprint(many-1)).wantTick(fmt.Sprint(many), text)
	if !f.service.Log.Wait(f.ctx, func(open, opened, _ int) bool { return opened == 2 && open == 1 }) {
		t.Fatal("the slow reader was not dropped")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("dropped after %v", took)
	}
	if read := f.service.Log.Read(); read > many/4 {
		t.Errorf("%d of %d entries were read for a client that reads none", read, many)
	}
}

// A middleware that hides the connection's deadlines would let a client hold a goroutine for ever.
func TestSSENeedsWriteDeadlines(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{}, func(s *http.Server, h http.Handler) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(struct{ http.ResponseWriter }{w}, r) })
	})
	if got := f.post(subscribeBody("0"), "Accept", "text/event-stream"); got.status != 500 || got.code() != "INTERNAL_SERVER_ERROR" {
		t.Errorf("%d %s", got.status, got.body)
	}
	f.waitOpen(0)
}
