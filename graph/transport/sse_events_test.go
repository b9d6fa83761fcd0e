package transport_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// event is one block of an event stream.
type event struct{ name, id, data, retry, comment string }

// events reads an event stream as a browser does.
type events struct {
	t    *testing.T
	body io.ReadCloser
	scan *bufio.Scanner
}

func readEvents(t *testing.T, resp *http.Response) *events {
	t.Helper()
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("not an event stream: %d %s %s", resp.StatusCode, resp.Header.Get("Content-Type"), body)
	}
	e := &events{t: t, body: resp.Body, scan: bufio.NewScanner(resp.Body)}
	e.scan.Buffer(nil, 1<<20)
	return e
}

// any returns the next block, comments included; false at the end of the stream.
func (e *events) any() (ev event, ok bool) {
	e.t.Helper()
	for e.scan.Scan() {
		line := e.scan.Text()
		if line == "" {
			return ev, true
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			ev.name = value
		case "id":
			ev.id = value
		case "data":
			ev.data += value
		case "retry":
			ev.retry = value
		case "":
			ev.comment = "yes"
		default:
			e.t.Fatalf("unknown field %q", line)
		}
	}
	return event{}, false
}

// next returns the next block that is not a comment.
func (e *events) next() (event, bool) {
	e.t.Helper()
	for {
		ev, ok := e.any()
		if !ok || ev.comment == "" {
			return ev, ok
		}
	}
}

func (e *events) wantTick(cursor, text string) {
	e.t.Helper()
	want := event{name: "next", id: cursor, data: fmt.Sprintf(`{"data":{"ticks":{"cursor":"%s","text":"%s"}}}`, cursor, text)}
	if got, ok := e.next(); !ok || got != want {
		e.t.Fatalf("got %+v (%v), want %+v", got, ok, want)
	}
}

// wantFailure reads a result with an error, a pause for EventSource, and the end.
func (e *events) wantFailure(code string) {
	e.t.Helper()
	if got, _ := e.next(); got.retry == "" {
		e.t.Fatalf("no retry: %+v", got)
	}
	if got, _ := e.next(); got.name != "next" || !strings.Contains(got.data, `"code":"`+code+`"`) || strings.Contains(got.data, `"data"`) {
		e.t.Fatalf("got %+v, want the error %s", got, code)
	}
	e.wantEnd(true)
}

func (e *events) wantEnd(complete bool) {
	e.t.Helper()
	if complete {
		if got, ok := e.next(); !ok || got != (event{name: "complete"}) {
			e.t.Fatalf("got %+v, want complete", got)
		}
	}
	if got, ok := e.next(); ok || e.scan.Err() != nil {
		e.t.Fatalf("after the end: %+v, %v", got, e.scan.Err())
	}
}

func subscribeBody(after string) string {
	return `{"query":"` + ticks + `","variables":{"after":"` + after + `"}}`
}

func (f *httpFixture) stream(after string, header ...string) *events {
	f.t.Helper()
	header = append([]string{"Content-Type", "application/json", "Accept", "text/event-stream"}, header...)
	return readEvents(f.t, f.open("POST", "/graphql", subscribeBody(after), header...))
}

func (f *httpFixture) waitOpen(n int) {
	f.t.Helper()
	if !f.service.Log.Wait(f.ctx, func(open, _, _ int) bool { return open == n }) {
		f.t.Fatalf("there are not %d open subscriptions", n)
	}
}
