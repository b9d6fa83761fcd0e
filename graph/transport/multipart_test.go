package transport_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/graph/transport"
)

const acceptMultipart = `multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json`

// parts reads a multipart response with Go's own reader.
type parts struct {
	t      *testing.T
	reader *multipart.Reader
	raw    bytes.Buffer // what has been read
}

func readParts(t *testing.T, resp *http.Response) *parts {
	t.Helper()
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || resp.StatusCode != 200 || kind != "multipart/mixed" || params["subscriptionspec"] != "1.0" {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("not a multipart stream: %d %s %s", resp.StatusCode, resp.Header.Get("Content-Type"), body)
	}
	p := &parts{t: t}
	p.reader = multipart.NewReader(io.TeeReader(resp.Body, &p.raw), params["boundary"])
	return p
}

// any returns the next part, "" after the last boundary.
func (p *parts) any() string {
	p.t.Helper()
	part, err := p.reader.NextPart()
	if err == io.EOF {
		// Go's reader also takes an end after an ordinary boundary; Apollo's does not.
		if !strings.HasSuffix(p.raw.String(), "\r\n--graphql--\r\n") {
			p.t.Fatalf("the last boundary is missing: %q", p.raw.String())
		}
		return ""
	}
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := io.ReadAll(part)
	if err != nil || part.Header.Get("Content-Type") != "application/json" || !json.Valid(body) {
		p.t.Fatalf("%v %q, %v", part.Header, body, err)
	}
	return string(body)
}

// next leaves out heartbeats.
func (p *parts) next() string {
	p.t.Helper()
	for {
		if part := p.any(); part != "{}" {
			return part
		}
	}
}

func (p *parts) want(wants ...string) {
	p.t.Helper()
	for _, want := range wants {
		if got := p.next(); got != want {
			p.t.Fatalf("got %s, want %s", got, want)
		}
	}
}

func (f *httpFixture) parts(body string) *parts {
	f.t.Helper()
	return readParts(f.t, f.open("POST", "/graphql", body, "Content-Type", "application/json", "Accept", acceptMultipart))
}

func TestMultipartReplaysThenFollows(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	f.service.Log.Append("one")
	p := f.parts(subscribeBody("0"))
	p.want(`{"payload":{"data":{"ticks":{"cursor":"1","text":"one"}}}}`)
	f.service.Log.Append("two")
	p.want(`{"payload":{"data":{"ticks":{"cursor":"2","text":"two"}}}}`)
}

func TestMultipartHeartbeat(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{Heartbeat: time.Millisecond})
	p := f.parts(subscribeBody("0"))
	for range 5 {
		if got := p.any(); got != "{}" {
			t.Fatal(got)
		}
	}
}

func TestMultipartErrors(t *testing.T) {
	f := newHTTPFixture(t, &transport.HTTP{})
	f.parts(query(`subscription { hidden { text } }`)).want(
		`{"payload":{"errors":[{"message":"there is nothing here","path":["hidden"],"locations":[{"line":1,"column":16}],"extensions":{"code":"NOT_FOUND"}}]}}`, "")
	p := f.parts(subscribeBody("0"))
	f.service.Log.Append("one")
	p.want(`{"payload":{"data":{"ticks":{"cursor":"1","text":"one"}}}}`)
	f.service.Log.Expire()
	if got := p.next(); !strings.HasPrefix(got, `{"payload":null,"errors":[{`) || !strings.Contains(got, "CURSOR_EXPIRED") {
		t.Error(got)
	}
	p.want("")
	// What fails before it is known to be a subscription is answered in JSON, which the client accepts too.
	if got := f.post(query(`subscription { nothing }`), "Accept", acceptMultipart); got.status != 200 || got.code() != "GRAPHQL_VALIDATION_FAILED" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestMultipartDrain(t *testing.T) {
	streams := &transport.StreamRegistry{}
	f := newHTTPFixture(t, &transport.HTTP{Streams: streams})
	p := f.parts(subscribeBody("0"))
	f.waitOpen(1)
	if err := streams.Drain(f.ctx); err != nil {
		t.Fatal(err)
	}
	if got := p.next(); !strings.HasPrefix(got, `{"payload":null,"errors":[{`) || !strings.Contains(got, `"retryAfterMs"`) {
		t.Error(got)
	}
	p.want("")
}
