package transport

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes that this package gives to errors of its own.
const (
	codeBadRequest       = "BAD_REQUEST"
	codeBadUserInput     = "BAD_USER_INPUT"
	codeForbidden        = "FORBIDDEN"
	codeInternal         = "INTERNAL_SERVER_ERROR"
	codeRateLimited      = "RATE_LIMITED"
	codeUnauthenticated  = "UNAUTHENTICATED"
	codeUnavailable      = "UNAVAILABLE"
	codeValidationFailed = "GRAPHQL_VALIDATION_FAILED"
	codeNotPersisted     = "PERSISTED_QUERY_NOT_FOUND"
)

// WriteError answers a request with one GraphQL error, in the JSON media type that the client asked for,
// under the given HTTP status. It is for what stands before the doors: authentication, rate limits,
// origins. An integer retryAfterMs among the error's extensions also becomes Retry-After.
func WriteError(w http.ResponseWriter, r *http.Request, status int, err *gqlerror.Error) {
	newAnswer(w, r).problem(status, err)
}

// answer is what one request may be answered with.
type answer struct {
	w      http.ResponseWriter
	r      *http.Request
	json   string // the JSON media type that the client accepts, or ""
	stream string // the streaming media type that it names, or ""
}

func newAnswer(w http.ResponseWriter, r *http.Request) *answer {
	lines := r.Header.Values("Accept")
	ranges := parseAccept(lines)
	a := &answer{w: w, r: r, json: negotiateJSON(ranges, len(lines) > 0), stream: negotiateStream(ranges)}
	h := w.Header()
	// Whatever comes out depends on who asks, and a panic further in is still answered in JSON.
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", mediaJSON+"; charset=utf-8")
	h.Add("Vary", "Accept, Authorization")
	return a
}

// problem answers what did not become a GraphQL request, or must not be executed.
func (a *answer) problem(status int, err *gqlerror.Error) {
	if after := retryAfter(err); after > 0 {
		a.w.Header().Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	}
	if status == http.StatusUnauthorized && a.w.Header().Get("WWW-Authenticate") == "" {
		a.w.Header().Set("WWW-Authenticate", "Bearer")
	}
	a.write(status, func(b *bytes.Buffer) error {
		return encodeJSON(b, map[string]gqlerror.List{"errors": {err}})
	})
}

func (a *answer) write(status int, encode func(*bytes.Buffer) error) {
	media := a.json
	if media == "" {
		media = mediaJSON
	}
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		// An error's extensions may hold what JSON cannot: say less, but say it.
		b.Reset()
		b.WriteString(`{"errors":[{"message":"internal error","extensions":{"code":"` + codeInternal + `"}}]}`)
		status = http.StatusInternalServerError
	}
	a.w.Header().Set("Content-Type", media+"; charset=utf-8")
	a.w.WriteHeader(status)
	_, _ = a.w.Write(b.Bytes()) // a client that is gone needs no answer
}

// statusOf is the status of a response without data. Clients of application/json read the body of a 200 only,
// but for the few errors that they, and proxies, handle by status.
func statusOf(media string, errs gqlerror.List) int {
	for _, err := range errs {
		switch err.Extensions["code"] {
		case codeUnauthenticated:
			return http.StatusUnauthorized
		case codeRateLimited:
			return http.StatusTooManyRequests
		case codeUnavailable:
			return http.StatusServiceUnavailable
		case codeInternal:
			return http.StatusInternalServerError
		}
	}
	if media == mediaGraphQL {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

const (
	// maxErrors and maxMessage, in bytes, keep the errors of one request under 10 kB.
	maxErrors  = 16
	maxMessage = 300
)

// BoundErrors cuts the errors of a request that is not executed down to a size that a person reads. The
// validation names every wrong field in full, and a hostile document has hundreds of them, or one as
// long as itself.
func BoundErrors(errs gqlerror.List) gqlerror.List {
	errs = errs[:min(len(errs), maxErrors)]
	for _, err := range errs {
		if len(err.Message) > maxMessage {
			err.Message = strings.ToValidUTF8(err.Message[:maxMessage], "") + "…"
		}
		err.Locations = err.Locations[:min(len(err.Locations), maxErrors)]
	}
	return errs
}

// retryAfter is the pause that an error asks for, 0 if none.
func retryAfter(err *gqlerror.Error) time.Duration {
	switch ms := err.Extensions["retryAfterMs"].(type) {
	case int:
		return time.Duration(ms) * time.Millisecond
	case int64:
		return time.Duration(ms) * time.Millisecond
	}
	return 0
}

func requestError(code, format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	err.Extensions = map[string]any{"code": code}
	return err
}
