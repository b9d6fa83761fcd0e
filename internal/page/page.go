// Package page is keyset pages for the lists of the API, as the Relay cursor connections specification
// (https://relay.dev/graphql/connections.htm) has them. A page reads its rows and one more, never counts
// and never skips, so the last page costs what the first one does.
package page

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/problem"
)

// Sizes of a page.
const (
	DefaultSize = 20
	MaxSize     = 100
)

// Args are the arguments of a connection, as they came.
type Args struct {
	First, Last   *int
	After, Before *string
}

// Key is the column that orders a list; it is unique in the list.
type Key interface{ int64 | uuid.UUID | string }

// Window is a page to be read.
type Window[K Key] struct {
	After, Before *K
	Limit         int
	Backward      bool // the end of the list: last was given
}

// Read checks the arguments. What is wrong with them is BAD_USER_INPUT.
func Read[K Key](a Args) (w Window[K], err error) {
	w.Limit = DefaultSize
	switch {
	case a.First != nil && a.Last != nil:
		return w, problem.New(problem.BadUserInput, "Give first or last, not both.")
	case a.First != nil:
		w.Limit, err = size("first", *a.First)
	case a.Last != nil:
		w.Backward = true
		w.Limit, err = size("last", *a.Last)
	}
	if err == nil {
		w.After, err = key[K]("after", a.After)
	}
	if err == nil {
		w.Before, err = key[K]("before", a.Before)
	}
	return w, err
}

func size(name string, n int) (int, error) {
	if n < 1 || n > MaxSize {
		return 0, problem.New(problem.BadUserInput, "%s must be 1 to %d.", name, MaxSize)
	}
	return n, nil
}

var text = base64.RawURLEncoding

// Cursor writes a key as clients see it.
func Cursor[K Key](key K) string {
	switch k := any(key).(type) {
	case int64:
		return text.EncodeToString(strconv.AppendInt([]byte{'n'}, k, 10))
	case uuid.UUID:
		return text.EncodeToString(append([]byte{'u'}, k[:]...))
	default:
		return text.EncodeToString(append([]byte{'s'}, k.(string)...))
	}
}

func key[K Key](name string, cursor *string) (*K, error) {
	if cursor == nil {
		return nil, nil
	}
	var k K
	b, err := text.DecodeString(*cursor)
	ok := err == nil && len(b) > 0
	if ok {
		switch p := any(&k).(type) {
		case *int64:
			*p, err = strconv.ParseInt(string(b[1:]), 10, 64)
			ok = b[0] == 'n' && err == nil
		case *uuid.UUID:
			if ok = b[0] == 'u' && len(b) == 17; ok {
				copy(p[:], b[1:])
			}
		case *string:
			*p = string(b[1:])
			// Postgres takes neither NUL nor what is not UTF-8.
			ok = b[0] == 's' && utf8.Valid(b) && !bytes.ContainsRune(b, 0)
		}
	}
	if !ok {
		return nil, problem.New(problem.BadUserInput, "%s is not a cursor of this list: send one that an edge or pageInfo gave.", name)
	}
	return &k, nil
}

// Order is how a list stands.
type Order bool

// The two orders.
const (
	Ascending  Order = false
	Descending Order = true
)

// Apply adds the window to an ent query on a column: what lies in it, in reading order, and one row more
// than the page has.
func (w Window[K]) Apply(s *sql.Selector, column string, order Order) {
	column = s.C(column)
	after, before := sql.GT, sql.LT
	if order == Descending {
		after, before = before, after
	}
	if w.After != nil {
		s.Where(after(column, *w.After))
	}
	if w.Before != nil {
		s.Where(before(column, *w.Before))
	}
	if bool(order) != w.Backward {
		s.OrderBy(sql.Desc(column))
	} else {
		s.OrderBy(sql.Asc(column))
	}
	s.Limit(w.Limit + 1)
}

// Edge is one row of a page.
type Edge[T any] struct {
	Cursor string
	Node   T
}

// Info is the pageInfo of a connection.
type Info struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Page is one page of a list.
type Page[T any] struct {
	Edges    []Edge[T]
	PageInfo Info
}

// Nodes are the rows without their cursors.
func (p *Page[T]) Nodes() []T {
	nodes := make([]T, len(p.Edges))
	for i, e := range p.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// Make builds the page of a window from the rows in reading order, with the one too many if there is one.
func Make[K Key, T any](w Window[K], rows []T, key func(T) K) *Page[T] {
	more := len(rows) > w.Limit
	if more {
		rows = rows[:w.Limit]
	}
	p := &Page[T]{Edges: make([]Edge[T], len(rows))}
	for i, r := range rows {
		p.Edges[i] = Edge[T]{Cursor: Cursor(key(r)), Node: r}
	}
	if w.Backward {
		slices.Reverse(p.Edges)
		p.PageInfo.HasPreviousPage, p.PageInfo.HasNextPage = more, w.Before != nil
	} else {
		p.PageInfo.HasNextPage, p.PageInfo.HasPreviousPage = more, w.After != nil
	}
	if n := len(p.Edges); n > 0 {
		p.PageInfo.StartCursor, p.PageInfo.EndCursor = &p.Edges[0].Cursor, &p.Edges[n-1].Cursor
	}
	return p
}
