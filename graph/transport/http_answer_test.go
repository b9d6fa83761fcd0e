package transport_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/notewire/notewire/graph/transport"
)

func TestWriteError(t *testing.T) {
	for _, c := range []struct {
		accept, kind string
		status       int
		err          *gqlerror.Error
		body         string
		name, value  string // a header
	}{
		{"application/graphql-response+json", "application/graphql-response+json", 401, &gqlerror.Error{Message: "bad token", Extensions: map[string]any{"code": "UNAUTHENTICATED"}},
			`{"errors":[{"message":"bad token","extensions":{"code":"UNAUTHENTICATED"}}]}`, "WWW-Authenticate", "Bearer"},
		{"*/*", "application/json", 429, &gqlerror.Error{Message: "slow down", Extensions: map[string]any{"code": "RATE_LIMITED", "retryAfterMs": 1001}},
			`{"errors":[{"message":"slow down","extensions":{"code":"RATE_LIMITED","retryAfterMs":1001}}]}`, "Retry-After", "2"},
		{"text/event-stream", "application/json", 503, &gqlerror.Error{Message: "x", Extensions: map[string]any{"retryAfterMs": int64(500)}},
			`{"errors":[{"message":"x","extensions":{"retryAfterMs":500}}]}`, "Retry-After", "1"},
		{"", "application/json", 500, &gqlerror.Error{Message: "x", Extensions: map[string]any{"cause": func() {}}},
			`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}`, "Retry-After", ""},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/graphql", nil)
		r.Header.Set("Accept", c.accept)
		transport.WriteError(w, r, c.status, c.err)
		if w.Code != c.status || w.Header().Get("Content-Type") != c.kind+"; charset=utf-8" || w.Body.String() != c.body || w.Header().Get(c.name) != c.value ||
			w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v %s", c.accept, w.Code, w.Header(), w.Body)
		}
	}
}

func TestHTTPBoundsErrors(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	many := ""
	for i := range 990 {
		many += fmt.Sprintf(" 쪽지x%d", i)
	}
	long := strings.Repeat("a", 200_000)
	for _, body := range []string{
		query("{" + strings.ReplaceAll(many, "쪽지", "") + "}"),
		query("{" + many + "}"),
		query("{ " + long + " }"),
		query("query($v: " + long + ") { count }"),
		query("{ count " + strings.Repeat("count: echo(text: \"x\") ", 100) + "}"),
		`{"query":"query A { count } query B { count }","operationName":"` + strings.Repeat("쪽", 60_000) + `"}`,
		`{"query":"query($t: Int!) { count }","variables":{"t":"` + long + `"}}`,
		`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + long + `"}}}`,
		`{"query":"{ count }","` + long + `":"\ud800"}`,
	} {
		if got := f.post(body); got.code() == "" || len(got.body) > 10_000 || !utf8.ValidString(got.body) || strings.Contains(got.body, "\ufffd") {
			t.Errorf("%.40s: %d, %d bytes: %.200s", body, got.status, len(got.body), got.body)
		}
	}
}

// gate refuses every operation before it is executed, as limits and logins do.
type gate struct{ code string }

func (gate) ExtensionName() string                   { return "gate" }
func (gate) Validate(graphql.ExecutableSchema) error { return nil }
func (g gate) InterceptOperation(ctx context.Context, _ graphql.OperationHandler) graphql.ResponseHandler {
	err := &gqlerror.Error{Message: "no", Extensions: map[string]any{"code": g.code}}
	return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{err}})
}

func TestHTTPStatusOfRefusedOperations(t *testing.T) {
	for code, want := range map[string][2]int{
		"UNAUTHENTICATED": {401, 401}, "RATE_LIMITED": {429, 429}, "UNAVAILABLE": {503, 503}, "INTERNAL_SERVER_ERROR": {500, 500},
		"COMPLEXITY_LIMIT_EXCEEDED": {200, 400}, "FORBIDDEN": {200, 400},
	} {
		f := newHTTPFixture(t, &transport.HTTP{}, gate{code})
		for i, accept := range []string{acceptJSON, acceptGraphQL} {
			if got := f.post(query(`mutation { increment }`), "Accept", accept); got.status != want[i] || got.code() != code || got.data != nil {
				t.Errorf("%s as %s: %d %s", code, accept, got.status, got.body)
			}
		}
		readEvents(t, f.open("POST", "/graphql", subscribeBody("0"), "Content-Type", "application/json", "Accept", "text/event-stream")).wantFailure(code)
		if f.service.Increments.Load() != 0 {
			t.Errorf("%s: the mutation ran", code)
		}
	}
}

// stall waits until the operation is given up.
type stall struct{ gate }

func (stall) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	<-ctx.Done()
	return next(ctx)
}

func TestHTTPOperationThatTakesTooLong(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{}, stall{}, func(s *http.Server, next http.Handler) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 10*time.Millisecond)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	})
	if got := f.post(query(`{ count }`)); got.status != 503 || got.code() != "UNAVAILABLE" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// A proxy's or a middleware's own headers stay.
func TestHTTPKeepsVary(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{}, func(s *http.Server, next http.Handler) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Vary", "Origin")
			next.ServeHTTP(w, r)
		})
	})
	if got := strings.Join(f.post(query(`{ count }`)).header.Values("Vary"), ", "); got != "Origin, Accept, Authorization" {
		t.Errorf("Vary: %s", got)
	}
}
