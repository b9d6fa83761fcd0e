package transport

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

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
	ctx = withoutAcknowledgements(ctx)
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

type unacknowledgedKey struct{}

func withoutAcknowledgements(ctx context.Context) context.Context {
	return context.WithValue(ctx, unacknowledgedKey{}, true)
}

// Acknowledges says whether the door of a subscription may ever report what its client has handled. If
// not, positions of devices cannot be kept, and a resolver refuses to.
func Acknowledges(ctx context.Context) bool { return ctx.Value(unacknowledgedKey{}) == nil }

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
