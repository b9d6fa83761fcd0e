package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

func TestLimitsOfADocument(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	c := site.User(t, "mina")
	aliases := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, " a%d: __typename", i)
		}
		return "{" + b.String() + " }"
	}
	deep := func(n int) string { // viewer, conversations, nodes, then lastNote and conversation in turn
		inner := "id"
		for i := n - 4; i > 0; i-- {
			inner = map[bool]string{true: "lastNote", false: "conversation"}[i%2 == 1] + " { " + inner + " }"
		}
		return "{ viewer { conversations(first: 1) { nodes { " + inner + " } } } }"
	}
	mutations := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, " m%d: markNotificationsSeen(input: {}) { cursor }", i)
		}
		return "mutation {" + b.String() + " }"
	}
	wide := `{ viewer { conversations(first: 100) { nodes { notes(first: 100) { nodes { body } } } } } }`
	for name, q := range map[string]struct {
		query string
		code  string
	}{
		"50 aliases":           {aliases(50), ""},
		"51 aliases":           {aliases(51), "COMPLEXITY_LIMIT_EXCEEDED"},
		"12 deep":              {deep(12), ""},
		"13 deep":              {deep(13), "COMPLEXITY_LIMIT_EXCEEDED"},
		"13 deep by fragments": {strings.Replace(deep(13), "{ viewer {", "{ viewer { ...v } } fragment v on Viewer {", 1), "COMPLEXITY_LIMIT_EXCEEDED"},
		"introspection":        {`{ __schema { types { fields { type { ofType { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } } }`, ""},
		"10 mutations":         {mutations(10), ""},
		"11 mutations":         {mutations(11), "COMPLEXITY_LIMIT_EXCEEDED"},
		"10,000 notes at once": {wide, "COMPLEXITY_LIMIT_EXCEEDED"},
		"998 tokens":           {"{" + strings.Repeat(" __typename", 998) + "}", ""},
		"1,001 tokens":         {"{" + strings.Repeat(" __typename", 999) + "}", "COMPLEXITY_LIMIT_EXCEEDED"},
		"50,000 directives":    {"{ __typename" + strings.Repeat(" @a", 50_000) + "}", "COMPLEXITY_LIMIT_EXCEEDED"},
		"fragment cycle":       {"{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "GRAPHQL_VALIDATION_FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasSuffix(name, "deep by fragments") {
				q.query = strings.TrimSuffix(q.query, " }")
			}
			var r *sitetest.Result
			statements := site.Statements(func() { r = c.Do(q.query, nil) })
			equal(t, "code", q.code, r.Code())
			if q.code != "" && len(statements) > 1 { // the session's
				t.Errorf("refused after %d statements: %v", len(statements), statements)
			}
			if len(r.Raw) > 10_000 && q.code != "" {
				t.Errorf("a refusal of %d bytes", len(r.Raw))
			}
		})
	}
}
