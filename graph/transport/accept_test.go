package transport

import (
	"strings"
	"testing"
)

func TestNegotiate(t *testing.T) {
	const urqlQuery = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
	for _, c := range []struct {
		accept       string // "-" for no header; "|" between two of them
		json, stream string
	}{
		{"-", mediaJSON, ""},
		{"", "", ""},
		{"*/*", mediaJSON, ""},
		{"application/*", mediaJSON, ""},
		{"application/json", mediaJSON, ""},
		{"application/graphql-response+json", mediaGraphQL, ""},
		{"APPLICATION/GraphQL-Response+JSON", mediaGraphQL, ""},
		{"application/graphql-response+json, application/json;q=0.9", mediaGraphQL, ""},
		{"application/json;q=0.9, application/graphql-response+json", mediaGraphQL, ""},
		{"application/json, application/graphql-response+json", mediaJSON, ""},
		{"application/graphql-response+json;q=0.5, application/json;q=0.8", mediaJSON, ""},
		{"application/graphql-response+json, */*", mediaGraphQL, ""},
		{"application/graphql-response+json;q=0, */*", mediaJSON, ""},
		{"application/json;q=0, */*", mediaGraphQL, ""},
		{"application/json;q=0", "", ""},
		{"text/html, image/png", "", ""},
		{"text/html;level=1;x=\"a,b\", application/json", mediaJSON, ""},
		{`text/html;x=",text/event-stream,\",application/json,"`, "", ""},
		{"application/json;q=2, text/html", "", ""},
		{"application/json;q=nan", "", ""},
		{"nonsense;;;=, application/json", mediaJSON, ""},
		{"text/html|application/json", mediaJSON, ""},
		{urqlQuery, mediaGraphQL, mediaEventStream},
		{"text/event-stream, multipart/mixed", "", mediaEventStream},
		{"text/event-stream", "", mediaEventStream},
		{"text/*", "", ""},
		{"text/event-stream;q=0, */*", mediaJSON, ""},
		{"multipart/mixed", "", ""},
		{"multipart/mixed;deferSpec=20220824, application/json", mediaJSON, ""},
		{"multipart/mixed;subscriptionSpec=2.0", "", ""},
		{"multipart/mixed;subscriptionSpec=1.0", "", mediaMultipart},
		{`multipart/mixed;boundary="graphql";subscriptionSpec="1.0",application/json`, mediaJSON, mediaMultipart},
		{"multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9", mediaGraphQL, mediaMultipart},
		{"multipart/mixed;subscriptionSpec=1.0;q=0.5, text/event-stream", "", mediaEventStream},
		{"multipart/mixed;subscriptionSpec=1.0, text/event-stream", "", mediaMultipart},
	} {
		lines := strings.Split(c.accept, "|")
		present := c.accept != "-"
		if !present {
			lines = nil
		}
		ranges := parseAccept(lines)
		if got := negotiateJSON(ranges, present); got != c.json {
			t.Errorf("Accept %q: JSON %q, want %q", c.accept, got, c.json)
		}
		if got := negotiateStream(ranges); got != c.stream {
			t.Errorf("Accept %q: stream %q, want %q", c.accept, got, c.stream)
		}
	}
}

func FuzzParseAccept(f *testing.F) {
	f.Add(`text/html;x="a,b\"", */*;q=0.1,`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, r := range parseAccept([]string{line}) {
			if !(r.q >= 0 && r.q <= 1) || !strings.Contains(r.kind, "/") {
				t.Errorf("%q gave %+v", line, r)
			}
		}
	})
}
