package page_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/notewire/notewire/internal/page"
)

// Paging through a list in either direction, in pages of any size, gives the list.
func TestPagesMakeTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfDistinct(rapid.Int64Range(-50, 50), func(n int64) int64 { return n }).Draw(t, "list")
		slices.Sort(list)
		slices.Reverse(list) // newest first
		size := rapid.IntRange(1, 10).Draw(t, "size")
		backward := rapid.Bool().Draw(t, "backward")
		var got []int64
		var cursor *string
		for {
			args := page.Args{First: &size, After: cursor}
			if backward {
				args = page.Args{Last: &size, Before: cursor}
			}
			w, err := page.Read[int64](args)
			if err != nil {
				t.Fatal(err)
			}
			p := page.Make(w, read(w, list), func(n int64) int64 { return n })
			more := p.PageInfo.HasNextPage
			cursor = p.PageInfo.EndCursor
			if backward {
				got = append(p.Nodes(), got...)
				more, cursor = p.PageInfo.HasPreviousPage, p.PageInfo.StartCursor
			} else {
				got = append(got, p.Nodes()...)
			}
			if len(p.Edges) > size {
				t.Fatalf("a page of %d has %d edges", size, len(p.Edges))
			}
			if !more {
				break
			}
		}
		if !slices.Equal(got, list) {
			t.Fatalf("pages make %v, the list is %v", got, list)
		}
	})
}

// read does what the database does with a window on a descending list.
func read(w page.Window[int64], list []int64) (rows []int64) {
	for _, n := range list {
		if (w.After == nil || n < *w.After) && (w.Before == nil || n > *w.Before) {
			rows = append(rows, n)
		}
	}
	if w.Backward {
		slices.Reverse(rows)
	}
	return rows[:min(len(rows), w.Limit+1)]
}

func TestBadArguments(t *testing.T) {
	n := func(n int) *int { return &n }
	s := func(s string) *string { return &s }
	other := page.Cursor("mina")
	for name, a := range map[string]page.Args{
		"first of nought":          {First: n(0)},
		"negative first":           {First: n(-1)},
		"too large a first":        {First: n(101)},
		"too large a last":         {Last: n(2147483647)},
		"both":                     {First: n(1), Last: n(1)},
		"junk":                     {After: s("junk!")},
		"empty":                    {Before: s("")},
		"cursor of another list":   {After: &other},
		"a number that is too big": {After: s("bjk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5")},
	} {
		if _, err := page.Read[int64](a); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
