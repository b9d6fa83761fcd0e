package transport

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// sse writes the event stream of graphql-sse in "distinct connections" mode. An event's id is its cursor,
// so that an EventSource that reconnects by itself names the last one it got in Last-Event-ID.
type sse struct{}

// failurePause keeps an EventSource from asking again at once after an error: it reconnects whenever a
// stream ends, and cannot be told that the next attempt will fail as well.
const failurePause = 30 * time.Second

func (sse) contentType() string { return "text/event-stream; charset=utf-8" }

// begin sends a comment, because some clients report the stream as open at its first byte only.
func (sse) begin(b *bytes.Buffer) { b.WriteString(":\n\n") }

func (sse) heartbeat(b *bytes.Buffer) { b.WriteString(":\n\n") }

func (sse) event(b *bytes.Buffer, resp *graphql.Response, cursor string) error {
	b.WriteString("event: next\n")
	if cursor != "" && !strings.ContainsAny(cursor, "\x00\r\n") {
		b.WriteString("id: ")
		b.WriteString(cursor)
		b.WriteByte('\n')
	}
	b.WriteString("data: ")
	start := b.Len()
	if err := encodeResult(b, resp); err != nil {
		return err
	}
	// A line feed would end the field. In JSON it is only white space: in strings it is escaped.
	for i, c := range b.Bytes()[start:] {
		if c == '\n' || c == '\r' {
			b.Bytes()[start+i] = ' '
		}
	}
	b.WriteString("\n\n")
	return nil
}

// completed has an empty data field, without which an EventSource does not show the event.
func (sse) completed(b *bytes.Buffer) { b.WriteString("event: complete\ndata:\n\n") }

func (s sse) refused(b *bytes.Buffer, resp *graphql.Response) error {
	pause := failurePause
	for _, err := range resp.Errors {
		pause = max(pause, retryAfter(err))
	}
	retry(b, pause)
	err := s.event(b, resp, "")
	s.completed(b)
	return err
}

func (s sse) ended(b *bytes.Buffer, resp *graphql.Response) error { return s.refused(b, resp) }

// drained ends the stream without completing the operation: clients then connect again by themselves.
func (sse) drained(b *bytes.Buffer, _ *graphql.Response, pause time.Duration) error {
	retry(b, pause)
	return nil
}

func retry(b *bytes.Buffer, pause time.Duration) {
	b.WriteString("retry: ")
	b.WriteString(strconv.FormatInt(pause.Milliseconds(), 10))
	b.WriteString("\n\n")
}

type lastEventIDKey struct{}

func withLastEventID(ctx context.Context, r *http.Request) context.Context {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return context.WithValue(ctx, lastEventIDKey{}, id)
	}
	return ctx
}

// LastEventID is the cursor that a client of an event stream resumes from, "" if it names none. A resolver
// lets it win over its argument after: an EventSource that reconnects repeats its old URL, with the old
// argument, and adds the id of the last event it got.
func LastEventID(ctx context.Context) string {
	id, _ := ctx.Value(lastEventIDKey{}).(string)
	return id
}
