package sitetest

import (
	"fmt"
	"strings"
	"testing"
)

// Result is what came back.
type Result struct {
	t      testing.TB
	Status int
	Data   map[string]any
	Errors []struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	}
	Raw string
}

// NoErrors fails the test when there are errors or userErrors.
func (r *Result) NoErrors() *Result {
	r.t.Helper()
	if len(r.Errors) > 0 {
		r.t.Fatalf("errors: %s", r.Raw)
	}
	for field, v := range r.Data {
		if p, ok := v.(map[string]any); ok {
			if list, _ := p["userErrors"].([]any); len(list) > 0 {
				r.t.Fatalf("%s: userErrors: %v", field, list)
			}
		}
	}
	return r
}

// UserErrors are those of a mutation, as "CODE field.path".
func (r *Result) UserErrors(mutation string) (list []string) {
	r.t.Helper()
	if len(r.Errors) > 0 {
		r.t.Fatalf("errors: %s", r.Raw)
	}
	for _, e := range r.Get(mutation + ".userErrors").([]any) {
		m := e.(map[string]any)
		var field []string
		if path, ok := m["field"].([]any); ok {
			for _, f := range path {
				field = append(field, f.(string))
			}
		}
		list = append(list, strings.TrimSpace(fmt.Sprint(m["code"], " ", strings.Join(field, "."))))
	}
	return list
}

// Code is the code of the first error, or "".
func (r *Result) Code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

// Get finds a value by its path, such as "viewer.notes.nodes.0.body".
func (r *Result) Get(path string) any { return Get(r.t, r.Data, path) }

// Get finds a value in decoded JSON by its path; null anywhere on the way is nil.
func Get(t testing.TB, v any, path string) any {
	t.Helper()
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case nil:
			return nil
		case map[string]any:
			var ok bool
			if v, ok = x[step]; !ok {
				t.Fatalf("no %q on the way to %q in %v", step, path, x)
			}
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(x) {
				t.Fatalf("no %q on the way to %q in %v", step, path, x)
			}
			v = x[i]
		default:
			t.Fatalf("no %q on the way to %q in %v", step, path, x)
		}
	}
	return v
}

// Text is Get for strings.
func (r *Result) Text(path string) string {
	r.t.Helper()
	s, ok := r.Get(path).(string)
	if !ok {
		r.t.Fatalf("%s is no text in %s", path, r.Raw)
	}
	return s
}

// List is Get for lists.
func (r *Result) List(path string) []any {
	r.t.Helper()
	l, ok := r.Get(path).([]any)
	if !ok {
		r.t.Fatalf("%s is no list in %s", path, r.Raw)
	}
	return l
}
