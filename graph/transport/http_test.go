package transport_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/graph/transport"
)

const (
	acceptGraphQL = "application/graphql-response+json"
	acceptJSON    = "application/json"
	acceptUrql    = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)

func TestHTTPStatusByMediaType(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	for _, c := range []struct {
		name, body    string
		json, graphql int // status for either media type
		code          string
		data          string // "" when the response must have none
	}{
		{"a query", query(`{ echo(text: "hi") }`), 200, 200, "", `{"echo":"hi"}`},
		{"a document that does not parse", query(`{`), 200, 400, "GRAPHQL_PARSE_FAILED", ""},
		{"a document that is not valid", query(`{ nothing }`), 200, 400, "GRAPHQL_VALIDATION_FAILED", ""},
		{"an unknown operation", `{"query":"query A { count }","operationName":"B"}`, 200, 400, "GRAPHQL_VALIDATION_FAILED", ""},
		{"no operation name for two", query(`query A { count } query B { count }`), 200, 400, "GRAPHQL_VALIDATION_FAILED", ""},
		{"a variable of the wrong kind", `{"query":"query($t:String!){echo(text:$t)}","variables":{"t":null}}`, 200, 400, "GRAPHQL_VALIDATION_FAILED", ""},
		{"an error of a nullable field", query(`{ fail count }`), 200, 200, "NOT_FOUND", `{"fail":null,"count":0}`},
		{"an error of a non-null field", query(`{ failHard }`), 200, 200, "NOT_FOUND", `null`},
		{"@defer", query(`{ ... @defer { count } }`), 200, 400, "GRAPHQL_VALIDATION_FAILED", ""},
		{"@defer in a fragment", query(`{ ...F } fragment F on Query { ... @defer(label: "x") { count } }`), 200, 400, "GRAPHQL_VALIDATION_FAILED", ""},
		{"@stream", query(`{ count @stream }`), 200, 400, "GRAPHQL_VALIDATION_FAILED", ""},
		{"1001 tokens", query(`{` + strings.Repeat(" count", 1001) + `}`), 200, 400, "GRAPHQL_PARSE_FAILED", ""},
		{"malformed JSON", `{"query": "secret`, 400, 400, "BAD_REQUEST", ""},
		{"an empty body", ``, 400, 400, "BAD_REQUEST", ""},
		{"a list of operations", `[` + query(`{ count }`) + `]`, 400, 400, "BAD_REQUEST", ""},
		{"a string", `"{ count }"`, 400, 400, "BAD_REQUEST", ""},
		{"no query", `{"qeury":"{ count }"}`, 400, 400, "BAD_REQUEST", ""},
		{"a query that is a number", `{"query":1}`, 400, 400, "BAD_REQUEST", ""},
		{"variables that are a list", `{"query":"{ count }","variables":[7]}`, 400, 400, "BAD_REQUEST", ""},
		{"a lone surrogate", `{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"\ud800"}}`, 400, 400, "BAD_USER_INPUT", ""},
		{"a lone surrogate in a literal", query(`{ echo(text: "\uD800") }`), 400, 400, "BAD_USER_INPUT", ""},
		{"NUL", `{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"a\u0000"}}`, 400, 400, "BAD_USER_INPUT", ""},
		{"invalid UTF-8", `{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"` + "\xc3\x28" + `"}}`, 400, 400, "BAD_USER_INPUT", ""},
		{"deep nesting", `{"query":"{ count }","variables":` + strings.Repeat(`{"a":`, 80) + `1` + strings.Repeat(`}`, 80) + `}`, 400, 400, "BAD_REQUEST", ""},
		{"very deep nesting", strings.Repeat(`[`, 100_000), 400, 400, "BAD_REQUEST", ""},
		{"a huge number", `{"query":"{ count }","extensions":{"n":1e999999999}}`, 200, 200, "", `{"count":0}`},
		{"a name that comes twice", `{"query":"{ fail }","query":"{ count }"}`, 200, 200, "", `{"count":0}`},
		{"a body too long", query(`{ count } #` + strings.Repeat("x", transport.DefaultMaxBody)), 413, 413, "BAD_REQUEST", ""},
	} {
		for accept, want := range map[string]int{acceptJSON: c.json, acceptGraphQL: c.graphql} {
			got := f.post(c.body, "Accept", accept)
			if got.status != want || got.code() != c.code || string(got.data) != c.data {
				t.Errorf("%s as %s: status %d, want %d; %.300s", c.name, accept, got.status, want, got.body)
			}
			if kind := got.header.Get("Content-Type"); kind != accept+"; charset=utf-8" {
				t.Errorf("%s as %s: Content-Type %q", c.name, accept, kind)
			}
			if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(got.header.Get("Vary"), "Accept") {
				t.Errorf("%s as %s: header %v", c.name, accept, got.header)
			}
			if strings.Contains(got.body, "secret") || len(got.body) > 2000 {
				t.Errorf("%s: the request is repeated in the answer: %.300s", c.name, got.body)
			}
		}
	}
}

func TestHTTPTextComesBackAsSent(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	got := f.post(`{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"\ud83d\ude00 \u200b\ufffd <b>&"}}`)
	if string(got.data) != `{"echo":"😀 `+"\u200b\ufffd"+` \u003cb\u003e\u0026"}` && string(got.data) != `{"echo":"😀 `+"\u200b\ufffd"+` <b>&"}` {
		t.Errorf("%s", got.body)
	}
}

func TestHTTPNegotiatesJSON(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	const sse = "text/event-stream; charset=utf-8"
	for _, c := range []struct {
		accept, body, kind string
		status             int
	}{
		{"*/*", query(`{ count }`), "application/json; charset=utf-8", 200},
		{acceptUrql, query(`{ count }`), "application/graphql-response+json; charset=utf-8", 200},
		{acceptUrql, query(`mutation { increment }`), "application/graphql-response+json; charset=utf-8", 200},
		{acceptUrql, query(`{ nothing }`), "application/graphql-response+json; charset=utf-8", 400},
		{"text/event-stream", query(`{ count }`), sse, 200},
		{"text/event-stream", query(`{ nothing }`), sse, 200},
		{"text/html", query(`{ count }`), "application/json; charset=utf-8", 406},
		{"multipart/mixed;subscriptionSpec=1.0", query(`{ count }`), "application/json; charset=utf-8", 406},
		{"application/json", query(`subscription { ticks { text } }`), "application/json; charset=utf-8", 406},
		{"*/*", query(`subscription { ticks { text } }`), "application/json; charset=utf-8", 406},
		{"multipart/mixed", query(`subscription { ticks { text } }`), "application/json; charset=utf-8", 406},
	} {
		resp := f.open("POST", "/graphql", c.body, "Content-Type", "application/json", "Accept", c.accept)
		if resp.StatusCode != c.status || resp.Header.Get("Content-Type") != c.kind {
			t.Errorf("Accept %s, %s: %d %s", c.accept, c.body, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
	}
	if got := f.post(query(`subscription { ticks { text } }`)); !strings.Contains(got.message(), "Accept: text/event-stream") {
		t.Errorf("a refused subscription does not say what to send: %s", got.body)
	}
	if n := f.service.Increments.Load(); n != 1 {
		t.Errorf("%d mutations ran, want 1", n)
	}
}

// No form that a page of another site can post without asking runs anything.
func TestHTTPTakesOnlyJSONBodies(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	mutation := query(`mutation { increment }`)
	for _, kind := range []string{
		"", "text/plain", "text/plain;application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
		"application/graphql", "application/json; charset=utf-16", "application/json; charset=iso-8859-1", "application/jsonx", "application/json,text/plain",
	} {
		body := mutation
		if kind == "application/x-www-form-urlencoded" {
			body = "query=" + url.QueryEscape("mutation { increment }")
		}
		got := f.send("POST", "/graphql", body, "Content-Type", kind)
		if got.status != http.StatusUnsupportedMediaType || got.code() != "BAD_REQUEST" || got.header.Get("Accept-Post") != "application/json" {
			t.Errorf("Content-Type %q: %d %s", kind, got.status, got.body)
		}
	}
	for _, encoding := range []string{"gzip", "br", "deflate"} {
		got := f.post(mutation, "Content-Encoding", encoding)
		if got.status != http.StatusUnsupportedMediaType || got.header.Get("Accept-Encoding") != "identity" {
			t.Errorf("Content-Encoding %s: %d %s", encoding, got.status, got.body)
		}
	}
	for _, kind := range []string{"application/json; charset=UTF-8", "Application/JSON", `application/json; charset="utf-8"`} {
		if got := f.send("POST", "/graphql", query(`{ count }`), "Content-Type", kind, "Content-Encoding", "identity"); got.status != 200 {
			t.Errorf("Content-Type %q: %d %s", kind, got.status, got.body)
		}
	}
	if n := f.service.Increments.Load(); n != 0 {
		t.Errorf("%d mutations ran", n)
	}
}

func TestHTTPMethods(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} {
		got := f.send(method, "/graphql", query(`mutation { increment }`), "Content-Type", "application/json")
		if got.status != 405 || got.header.Get("Allow") != "GET, POST, OPTIONS" {
			t.Errorf("%s: %d, Allow %q", method, got.status, got.header.Get("Allow"))
		}
	}
	if got := f.send("OPTIONS", "/graphql", ""); got.status != 204 || got.header.Get("Allow") != "GET, POST, OPTIONS" {
		t.Errorf("OPTIONS: %d, Allow %q", got.status, got.header.Get("Allow"))
	}
	if got := f.send("HEAD", "/graphql?query={count}", ""); got.status != 405 {
		t.Errorf("HEAD: %d", got.status)
	}
	if n := f.service.Increments.Load(); n != 0 {
		t.Errorf("%d mutations ran", n)
	}
}

func TestHTTPGet(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	for _, c := range []struct {
		name, query string
		status      int
		want        string
	}{
		{"a query", "query={count}", 200, `{"data":{"count":0}}`},
		{"variables", `query=query($t:String!){echo(text:$t)}&variables={"t":"hi"}&operationName=&extensions={}`, 200, `{"data":{"echo":"hi"}}`},
		{"an operation name", `query=query A{count} query B{echo(text:"b")}&operationName=B`, 200, `{"data":{"echo":"b"}}`},
		{"a mutation", "query=mutation{increment}", 405, "sent by POST"},
		{"a mutation by name", "query=query A{count} mutation B{increment}&operationName=B", 405, "sent by POST"},
		{"a subscription", "query=subscription{ticks{text}}", 406, "Accept: text/event-stream"},
		{"nothing", "", 400, "query is missing"},
		{"an empty query", "query=", 400, "query is missing"},
		{"two queries", "query={count}&query={fail}", 400, "query comes 2 times"},
		{"variables that are a list", `query={count}&variables=[1]`, 400, "variables must be an object"},
		{"variables that are not JSON", `query={count}&variables={`, 400, "variables is not valid JSON (byte 1)"},
		{"extensions that are a string", `query={count}&extensions="x"`, 400, "extensions must be an object"},
		{"NUL", "query={count}%00", 400, "query holds NUL"},
		{"invalid UTF-8", "query={count}%ff", 400, "query holds bytes that are not UTF-8"},
		{"a lone surrogate", `query=query($t:String!){echo(text:$t)}&variables={"t":"\ud800"}`, 400, "variables.t holds a lone surrogate"},
		{"bad escapes", "query=%zz", 400, "the query string is malformed"},
	} {
		path := "/graphql?" + strings.NewReplacer(" ", "%20", `"`, "%22", `\`, "%5c").Replace(c.query)
		got := f.send("GET", path, "")
		if got.status != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
		if c.status == 405 && got.header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q", c.name, got.header.Get("Allow"))
		}
	}
	if n := f.service.Increments.Load(); n != 0 {
		t.Errorf("%d mutations ran", n)
	}
}

func TestHTTPBodyThatDoesNotArriveInTime(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{}, func(s *http.Server, _ http.Handler) { s.ReadTimeout = 100 * time.Millisecond })
	r, _ := http.NewRequestWithContext(f.ctx, "POST", f.url, neverEnding{done: f.ctx.Done()})
	r.Header.Set("Content-Type", "application/json")
	resp, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("status %d, want 408", resp.StatusCode)
	}
}

// neverEnding is a body whose sender has gone silent.
type neverEnding struct{ done <-chan struct{} }

func (n neverEnding) Read([]byte) (int, error) { <-n.done; return 0, http.ErrBodyReadAfterClose }

func TestHTTPRoles(t *testing.T) {
	noStreams := newHTTPFixture(t, &transport.HTTP{RefuseStreams: true})
	if got := noStreams.post(query(`subscription { ticks { text } }`), "Accept", "text/event-stream"); got.status != 421 || got.code() != "UNAVAILABLE" {
		t.Errorf("a stream: %d %s", got.status, got.body)
	}
	if got := noStreams.post(query(`{ count }`)); got.status != 200 {
		t.Errorf("a query: %d %s", got.status, got.body)
	}
	onlyStreams := newHTTPFixture(t, &transport.HTTP{RefusePlain: true})
	if got := onlyStreams.post(query(`mutation { increment }`)); got.status != 421 || onlyStreams.service.Increments.Load() != 0 {
		t.Errorf("a mutation: %d %s", got.status, got.body)
	}
}
