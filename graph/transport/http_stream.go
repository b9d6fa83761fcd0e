package transport

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
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

// subscribe streams a subscription until the client leaves, its session ends, the server drains or the
// source fails. The stream is read only as fast as the client reads: one batch at a time, each written
// before the next is asked for.
func (h *HTTP) subscribe(ctx context.Context, a *answer, exec graphql.GraphExecutor, oc *graphql.OperationContext) {
	switch {
	case a.stream == "":
		a.problem(http.StatusNotAcceptable, requestError(codeBadRequest,
			"a subscription is streamed: send Accept: %s or Accept: %s, or open a websocket with graphql-transport-ws",
			mediaEventStream, mediaMultipart))
		return
	case h.RefuseStreams:
		a.problem(http.StatusMisdirectedRequest, requestError(codeUnavailable, "this server answers no streams"))
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	leave, err := h.enter(ctx, cancel)
	if err == errDrained && a.stream == mediaEventStream && a.r.Method == http.MethodGet {
		// An EventSource that gets any status but 200 never tries again.
		if s := h.openStream(a); s != nil {
			s.farewell(err)
		}
		return
	}
	if err != nil {
		status, problem := notEntered(err)
		a.problem(status, problem)
		return
	}
	defer leave()
	if a.stream == mediaEventStream {
		ctx = withLastEventID(ctx, a.r)
	}
	woken := make(chan struct{}, 1) // one is enough: it says that there is more, not how much
	stream, failed := OpenStream(ctx, exec, oc, func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	if stream != nil {
		defer stream.Close()
	}
	s := h.openStream(a)
	switch {
	case s == nil:
	case failed != nil && ctx.Err() == nil:
		s.last(func(b *bytes.Buffer) error { return s.frames.refused(b, failed) })
	default:
		if stream != nil {
			h.pump(ctx, s, stream, woken)
		}
		s.farewell(context.Cause(ctx))
	}
}

// enter registers a stream, which cancel then ends, until leave is called.
func (h *HTTP) enter(ctx context.Context, cancel context.CancelCauseFunc) (leave func(), err error) {
	who, ok := h.session(ctx)
	if !ok {
		return nil, errSessionEnded
	}
	if h.Streams == nil {
		return func() {}, nil
	}
	s, err := h.Streams.add(who, cancel)
	if err != nil {
		return nil, err
	}
	if _, ok := h.session(ctx); !ok {
		h.Streams.remove(s)
		return nil, errSessionEnded
	}
	return func() { h.Streams.remove(s) }, nil
}

func (h *HTTP) session(ctx context.Context) (Identity, bool) {
	if h.Session == nil {
		return Identity{}, true
	}
	return h.Session(ctx)
}

func notEntered(err error) (status int, _ *gqlerror.Error) {
	switch err {
	case errDrained:
		return http.StatusServiceUnavailable, drainError(drainPause())
	case errTooMany:
		return http.StatusTooManyRequests, requestError(codeRateLimited, "too many open streams: close some, or use one websocket")
	default:
		return http.StatusUnauthorized, sessionError()
	}
}

// farewell says why the server ends a stream, if it does.
func (s *responseStream) farewell(cause error) {
	switch cause {
	case errSessionEnded:
		s.last(func(b *bytes.Buffer) error {
			return s.frames.ended(b, &graphql.Response{Errors: gqlerror.List{sessionError()}})
		})
	case errDrained:
		s.last(func(b *bytes.Buffer) error {
			pause := drainPause()
			return s.frames.drained(b, &graphql.Response{Errors: gqlerror.List{drainError(pause)}}, pause)
		})
	}
}

func (h *HTTP) pump(ctx context.Context, s *responseStream, stream *Stream, woken <-chan struct{}) {
	pause := h.Heartbeat
	if pause == 0 {
		pause = DefaultHeartbeat
	}
	silence := time.NewTimer(pause)
	defer silence.Stop()
	for {
		more, end, err := stream.Next(func(m Message) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return s.write(func(b *bytes.Buffer) error { return s.frames.event(b, m.Response, m.Cursor) })
		})
		if end != nil && ctx.Err() == nil {
			s.last(func(b *bytes.Buffer) error { return s.frames.ended(b, end) })
			return
		}
		if err != nil || ctx.Err() != nil {
			return
		}
		if more {
			if s.flush() != nil {
				return
			}
			silence.Reset(pause)
			continue
		}
		select {
		case <-woken:
		case <-ctx.Done():
			return
		case <-silence.C:
			if s.write(func(b *bytes.Buffer) error { s.frames.heartbeat(b); return nil }) != nil || s.flush() != nil {
				return
			}
			silence.Reset(pause)
		}
	}
}

// drainPause spreads the return of many clients over 1 to 5 s.
func drainPause() time.Duration {
	return time.Second + rand.N(4*time.Second)
}

func drainError(pause time.Duration) *gqlerror.Error {
	err := requestError(codeUnavailable, "the server is going down: connect again")
	err.Extensions["retryAfterMs"] = int(pause.Milliseconds())
	return err
}

func sessionError() *gqlerror.Error {
	return requestError(codeUnauthenticated, "the session ended: log in again")
}

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
	// The server's own time limits are meant for requests, not for streams.
	if err := errors.Join(s.control.SetReadDeadline(time.Time{}), s.control.SetWriteDeadline(time.Time{})); errors.Is(err, http.ErrNotSupported) {
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
