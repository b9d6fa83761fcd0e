package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/notewire/notewire/internal/sitetest"
)

// contract is the schema as clients are given it.
func contract(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// mutations are all of the schema: of each the text, and an input of the required fields, in which every
// identifier is nobody's.
func mutations(t *testing.T, each func(name, query string, input vars)) {
	t.Helper()
	schema, seen := contract(t), 0
	for _, m := range schema.Mutation.Fields {
		if strings.HasPrefix(m.Name, "__") {
			continue
		}
		seen++
		selection := `{ userErrors { code message field } }`
		if len(m.Arguments) == 0 {
			each(m.Name, `mutation { `+m.Name+` `+selection+` }`, nil)
			continue
		}
		input := m.Arguments[0].Type
		each(m.Name, fmt.Sprintf(`mutation($in: %s) { %s(input: $in) %s }`, input, m.Name, selection), required(schema, input).(vars))
	}
	if seen < 30 {
		t.Fatalf("only %d mutations were found", seen)
	}
}

// required is a value of a type, with the required fields of inputs.
func required(schema *ast.Schema, of *ast.Type) any {
	if of.Elem != nil {
		return []any{required(schema, of.Elem)}
	}
	switch d := schema.Types[of.NamedType]; {
	case d.Kind == ast.Enum:
		return d.EnumValues[0].Name
	case d.Kind == ast.InputObject:
		in := vars{}
		for _, f := range d.Fields {
			if f.Type.NonNull && f.DefaultValue == nil {
				in[f.Name] = required(schema, f.Type)
			}
		}
		return in
	case d.Name == "Boolean":
		return true
	case d.Name == "Int":
		return 1
	default:
		return "junk"
	}
}

// public are the mutations for those who have no session yet.
var public = []string{"register", "login"}

// Red when one mutation does not ask who is there.
func TestNobodyMayChangeAnything(t *testing.T) {
	t.Parallel()
	nobody := sitetest.New(t).Anonymous(t)
	mutations(t, func(name, query string, input vars) {
		if slices.Contains(public, name) {
			return
		}
		equal(t, name, "UNAUTHENTICATED", nobody.Do(query, vars{"in": input}).Code())
	})
}

// What is refused is refused by the name of the field, whichever mutation it is, and nothing breaks.
func TestIdentifiersOfNobodyAreRefused(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	joon := site.User(t, "joon")
	mutations(t, func(name, query string, input vars) {
		ids := slices.DeleteFunc(slices.Sorted(maps.Keys(input)), func(field string) bool { return !strings.HasSuffix(field, "Id") && field != "id" })
		if len(ids) == 0 {
			return
		}
		for _, id := range []string{"junk", "", "notification_01h455vb4pex5vsknk084sn02q", "notification_zzzzzzzzzzzzzzzzzzzzzzzzzz", strings.Repeat("x", 100_000)} {
			for _, field := range ids {
				input[field] = id
			}
			r := joon.Do(query, vars{"in": input})
			if len(r.Errors) > 0 {
				t.Errorf("%s of %.50q: %s", name, id, r.Raw)
				continue
			}
			var named []string
			for _, e := range r.UserErrors(name) {
				code, field, _ := strings.Cut(e, " ")
				if code == "NOT_FOUND" || code == "INVALID" {
					named = append(named, field)
				}
			}
			if !slices.ContainsFunc(named, func(field string) bool { return slices.Contains(ids, field) }) {
				t.Errorf("%s of %.50q names none of %v: %s", name, id, ids, r.Raw)
			}
		}
	})
}

// What is no value of a field is refused by the field's name, whichever mutation it is, and nothing is written.
func TestBadValuesOfEveryField(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	joon := site.User(t, "joon")
	schema, seen := contract(t), 0
	before := everythingWritten(t, site)
	mutations(t, func(name, query string, input vars) {
		if input == nil {
			return
		}
		d := schema.Types[schema.Mutation.Fields.ForName(name).Arguments[0].Type.NamedType]
		for _, f := range d.Fields {
			bad := []string{`"a\u0000"`, `"\ud800"`, `["\udc00"]`, `{"a": 1}`, `1.5`, `[[]]`}
			if f.Type.Elem == nil {
				bad = append(bad, `["a"]`, `[null]`)
			} else {
				bad = append(bad, `[null]`, `[{"a": "b"}]`)
			}
			if f.Type.NonNull {
				bad = append(bad, `null`)
			}
			switch f.Type.Name() {
			case "String", "Cursor":
				bad = append(bad, `7`, `true`)
			case "Boolean":
				bad = append(bad, `7`, `"true"`)
			default:
				bad = append(bad, `true`)
			}
			for _, value := range bad {
				seen++
				in := maps.Clone(input)
				in[f.Name] = json.RawMessage(value)
				r := joon.Do(query, vars{"in": in})
				code := r.Code()
				ok := code == "BAD_USER_INPUT" || code == "GRAPHQL_VALIDATION_FAILED" && !strings.Contains(value, `\u`)
				if !ok || !strings.Contains(fmt.Sprint(r.Errors[0].Message, r.Errors[0].Path), f.Name) {
					t.Errorf("%s: %s as %s: %s", name, value, f.Name, r.Raw)
				}
			}
		}
	})
	if seen < 500 {
		t.Errorf("only %d values were tried", seen)
	}
	equal(t, "rows before and after", before, everythingWritten(t, site))
}

// everythingWritten is how many rows each table of what users make has.
func everythingWritten(t *testing.T, site *sitetest.Server) []string {
	t.Helper()
	return column(t, site, `SELECT t || ' ' || (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM ' || t, false, true, '')))[1]::text
		FROM unnest(ARRAY['users', 'blocks', 'conversations', 'participants', 'notes', 'posts', 'comments', 'likes', 'watchers', 'notification_preferences', 'reports', 'topics', 'events']) AS t`)
}
