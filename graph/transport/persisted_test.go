package transport_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/notewire/notewire/graph/transport"
)

func newPersistedFixture(t *testing.T, mode transport.TrustedMode, manifest map[string]string) *httpFixture {
	t.Helper()
	documents, err := transport.NewPersistedDocuments(mode, manifest)
	if err != nil {
		t.Fatal(err)
	}
	return newHTTPFixture(t, &transport.HTTP{}, documents)
}

func sha(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func byHash(hash, text string) string {
	extension := `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}`
	if text == "" {
		return `{` + extension + `}`
	}
	return strings.TrimSuffix(query(text), "}") + `,` + extension + `}`
}

func TestPersistedAutomatically(t *testing.T) {
	f := newPersistedFixture(t, transport.TrustedOff, nil)
	const text = `{ count }`
	missing := func(hash string) {
		t.Helper()
		if got := f.post(byHash(hash, "")); got.status != 200 || got.code() != "PERSISTED_QUERY_NOT_FOUND" || got.message() != "PersistedQueryNotFound" {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	missing(sha(text))
	// Another document under this hash is neither run nor learnt.
	if got := f.post(byHash(sha(text), `mutation { increment }`)); got.code() != "BAD_REQUEST" || f.service.Increments.Load() != 0 {
		t.Errorf("a wrong hash: %s", got.body)
	}
	missing(sha(text))
	if got := f.post(byHash(sha(text), text)); string(got.data) != `{"count":0}` {
		t.Errorf("hash and document: %s", got.body)
	}
	if got := f.post(byHash(sha(text), "")); string(got.data) != `{"count":0}` {
		t.Errorf("hash only: %s", got.body)
	}
	get := `/graphql?extensions=%7B%22persistedQuery%22:%7B%22version%22:1,%22sha256Hash%22:%22` + sha(text) + `%22%7D%7D`
	if got := f.send("GET", get, ""); string(got.data) != `{"count":0}` {
		t.Errorf("by GET: %s", got.body)
	}
	// A mutation by its hash stays a mutation.
	const mutation = `mutation { increment }`
	f.post(byHash(sha(mutation), mutation))
	get = strings.Replace(get, sha(text), sha(mutation), 1)
	if got := f.send("GET", get, ""); got.status != 405 || f.service.Increments.Load() != 1 {
		t.Errorf("a mutation by GET and hash: %d %s", got.status, got.body)
	}
	// What is not valid, or too long, is not kept.
	for _, text := range []string{`{ nothing }`, `{ count } #` + strings.Repeat("x", 16<<10)} {
		f.post(byHash(sha(text), text))
		missing(sha(text))
	}
	for _, extension := range []string{`1`, `[]`, `{}`, `{"version":2,"sha256Hash":"` + sha(text) + `"}`, `{"version":1,"sha256Hash":"xyz"}`, `{"version":1,"sha256Hash":"` + strings.ToUpper(sha(text)) + `"}`, `{"version":1,"sha256Hash":5}`} {
		if got := f.post(`{"extensions":{"persistedQuery":` + extension + `}}`); got.code() != "BAD_REQUEST" {
			t.Errorf("%s: %d %s", extension, got.status, got.body)
		}
	}
}

func TestPersistedAutomaticallyIsBounded(t *testing.T) {
	f := newPersistedFixture(t, transport.TrustedOff, nil)
	document := func(i int) string { return fmt.Sprintf("query Q%d { count }", i) }
	for i := range 1001 {
		f.post(byHash(sha(document(i)), document(i)))
	}
	if got := f.post(byHash(sha(document(0)), "")); got.code() != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("the oldest of 1001 is still there: %s", got.body)
	}
	if got := f.post(byHash(sha(document(1000)), "")); string(got.data) != `{"count":0}` {
		t.Errorf("the newest is gone: %s", got.body)
	}
}

func TestPersistedTrustedDocuments(t *testing.T) {
	const text, other = `{ count }`, `{ count fail }`
	manifest := map[string]string{"CountQuery": text}
	for mode, otherCode := range map[transport.TrustedMode]string{transport.TrustedPrefer: "NOT_FOUND", transport.TrustedOnly: "FORBIDDEN"} {
		f := newPersistedFixture(t, mode, manifest)
		for _, body := range []string{
			`{"documentId":"CountQuery"}`,
			`{"documentId":"` + sha(text) + `"}`,
			`{"documentId":"sha256:` + sha(text) + `"}`,
			byHash(sha(text), ""),
			query(text),
		} {
			if got := f.post(body); string(got.data) != `{"count":0}` {
				t.Errorf("%s: %s: %s", mode, body, got.body)
			}
		}
		if got := f.send("GET", "/graphql?documentId=CountQuery", ""); string(got.data) != `{"count":0}` {
			t.Errorf("%s: by GET: %s", mode, got.body)
		}
		for _, body := range []string{query(other), byHash(sha(other), other)} {
			if got := f.post(body); got.code() != otherCode {
				t.Errorf("%s: %s: %s", mode, body, got.body)
			}
		}
		if got := f.post(`{"documentId":"Other"}`); got.code() != "PERSISTED_QUERY_NOT_FOUND" {
			t.Errorf("%s: an unknown id: %s", mode, got.body)
		}
		if got := f.post(`{"documentId":"CountQuery","query":"{ count }"}`); got.status != 400 || got.code() != "BAD_REQUEST" {
			t.Errorf("%s: id and query: %s", mode, got.body)
		}
		if got := f.post(`{"documentId":7}`); got.status != 400 {
			t.Errorf("%s: an id that is a number: %s", mode, got.body)
		}
		if got := f.post(byHash(sha(other), "")); (got.code() == "PERSISTED_QUERY_NOT_FOUND") != (mode == transport.TrustedOnly) {
			t.Errorf("%s: learnt: %s", mode, got.body)
		}
	}
	f := newPersistedFixture(t, transport.TrustedOff, nil)
	if got := f.post(`{"documentId":"CountQuery"}`); got.code() != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("off: %s", got.body)
	}
}

func TestPersistedSubscription(t *testing.T) {
	f := newPersistedFixture(t, transport.TrustedOnly, map[string]string{"Ticks": ticks})
	f.service.Log.Append("one")
	e := readEvents(t, f.open("POST", "/graphql", `{"documentId":"Ticks","variables":{"after":"0"}}`, "Content-Type", "application/json", "Accept", "text/event-stream"))
	e.wantTick("1", "one")
}

func TestPersistedConfiguration(t *testing.T) {
	for _, c := range []struct {
		mode     transport.TrustedMode
		manifest map[string]string
	}{
		{"sometimes", nil}, {"", nil}, {transport.TrustedOnly, nil}, {transport.TrustedPrefer, nil},
		{transport.TrustedOff, map[string]string{"a": "{ a }"}},
	} {
		if _, err := transport.NewPersistedDocuments(c.mode, c.manifest); err == nil {
			t.Errorf("%q with %v was taken", c.mode, c.manifest)
		}
	}
	good := `{"CountQuery":"{ count }","` + sha("{ a }") + `":"{ a }"}`
	if got, err := transport.ReadManifest(strings.NewReader(good)); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{`[]`, `{"a":1}`, `{"":"{ a }"}`, `{"a":""}`, `{"` + sha("{ b }") + `":"{ a }"}`, `{"a":"{ a }"`, `{"a":"{ a }"} x`} {
		if got, err := transport.ReadManifest(strings.NewReader(bad)); err == nil {
			t.Errorf("%s was read as %v", bad, got)
		}
	}
}
