package transport

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// framing is how a streaming media type writes what a stream has to say. Each method appends whole frames.
type framing interface {
	contentType() string
	begin(b *bytes.Buffer)
	event(b *bytes.Buffer, resp *graphql.Response, cursor string) error
	heartbeat(b *bytes.Buffer)
	// refused ends a stream whose operation failed before its first event.
	refused(b *bytes.Buffer, resp *graphql.Response) error
	// ended ends a stream that was open.
	ended(b *bytes.Buffer, resp *graphql.Response) error
	// drained ends a stream that the client is to open again, elsewhere, after the pause.
	drained(b *bytes.Buffer, resp *graphql.Response, pause time.Duration) error
	// completed ends a stream that has nothing more to say.
	completed(b *bytes.Buffer)
}

// keptBuffer is what an idle stream may hold on to; most events are far shorter.
const keptBuffer = 8 << 10

// responseStream writes frames to one client, each within the write timeout.
type responseStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	frames  framing
	buffer  bytes.Buffer
}

// openStream sends the header of a stream. It returns nil when the connection cannot carry one.
func (h *HTTP) openStream(a *answer) *responseStream {
	s := &responseStream{w: a.w, control: http.NewResponseController(a.w), timeout: h.WriteTimeout, frames: sse{}}
	if a.stream == mediaMultipart {
		s.frames = multipart{}
	}
	if s.timeout == 0 {
		s.timeout = DefaultWriteTimeout
	}
	// This also lifts the server's own time limit, which is meant for plain answers.
	if err := s.control.SetWriteDeadline(time.Time{}); errors.Is(err, http.ErrNotSupported) {
		slog.Error("a stream was refused: a middleware hides the deadlines of its connection; give its ResponseWriter an Unwrap method")
		a.problem(http.StatusInternalServerError, requestError(codeInternal, "internal error"))
		return nil
	}
	header := a.w.Header()
	header.Set("Content-Type", s.frames.contentType())
	header.Set("Cache-Control", "no-store, no-transform") // a compressing proxy would hold events back
	header.Set("X-Accel-Buffering", "no")                 // nor may nginx collect them
	if a.r.ProtoMajor == 1 {
		header.Set("Connection", "close") // the last write leaves its deadline on the connection
	}
	a.w.WriteHeader(http.StatusOK)
	if s.write(func(b *bytes.Buffer) error { s.frames.begin(b); return nil }) != nil || s.flush() != nil {
		return nil
	}
	return s
}

func (s *responseStream) write(frame func(*bytes.Buffer) error) error {
	s.buffer.Reset()
	if err := frame(&s.buffer); err != nil {
		return err
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(s.timeout)); err != nil {
		return err
	}
	_, err := s.w.Write(s.buffer.Bytes())
	if s.buffer.Cap() > keptBuffer {
		s.buffer = bytes.Buffer{}
	}
	return err
}

// flush hands everything to the kernel. Over HTTP/2 a deadline that passes ends an idle stream as well, so
// it is taken back.
func (s *responseStream) flush() error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.timeout)); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil {
		return err
	}
	return s.control.SetWriteDeadline(time.Time{})
}

// last writes the final frames. The deadline stays: the server still has the end of the body to write.
func (s *responseStream) last(frame func(*bytes.Buffer) error) {
	if s.write(frame) == nil {
		_ = s.control.Flush()
	}
}

// finish answers a query or mutation: one event, and the end.
func (s *responseStream) finish(resp *graphql.Response) {
	s.last(func(b *bytes.Buffer) error {
		if len(resp.Data) == 0 {
			return s.frames.refused(b, resp)
		}
		err := s.frames.event(b, resp, "")
		s.frames.completed(b)
		return err
	})
}
