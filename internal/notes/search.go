package notes

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

const (
	// MaxSearch is the longest search, in code points.
	MaxSearch = 256
	// minWord is the shortest word that can be searched for, in code points: that of the index.
	minWord = 2
)

// words are those that are searched for, folded; none, when there is no search.
func (f *BoxFilter) words() ([]string, error) {
	if f.Search == nil {
		return nil, nil
	}
	if n := utf8.RuneCountInString(*f.Search); n > MaxSearch {
		return nil, problem.New(problem.BadUserInput, "search has %d characters; at most %d are allowed.", n, MaxSearch)
	}
	var e problem.UserErrors
	if e.Characters("search", *f.Search); len(e) > 0 {
		return nil, problem.New(problem.BadUserInput, "search: %s", e[0].Message)
	}
	words := strings.Fields(fold(*f.Search))
	for _, word := range words {
		if utf8.RuneCountInString(word) < minWord {
			return nil, problem.New(problem.BadUserInput, "search: %q is too short: every word needs %d characters or more.", word, minWord)
		}
	}
	return words, nil
}

// matches says that a text contains all of the words, which are folded.
func matches(text string, words []string) bool {
	text = fold(text)
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// A search first looks through the newest walkNotes notes of the box: that finds what is frequent, what is
// new, and all there is for most users. What is older it asks of the index, foundNotes of the newest at first
// and then more each time. Neither reads more than searchBytes of texts at first.
const (
	walkNotes   = 200
	foundAtOnce = 100
	searchBytes = 1 << 20
	searchMore  = 4 // times as much, each time
)

func (s *Notes) search(ctx context.Context, v access.Viewer, f BoxFilter, words []string, w page.Window[int64]) (*page.Page[*Note], error) {
	q := query{Notes: s, viewer: v, words: words, key: boxKey{f.Box, f.UnreadOnly, walked, w.Backward}}
	q.below, q.above = bounds(w)
	ended, err := false, error(nil)
	if s.Walk > 0 {
		ended, err = q.read(ctx, s.Walk, searchBytes)
	}
	q.key.way, q.terms = found, queryTerms(v.UserID, words)
	for limit, bytes := foundAtOnce, searchBytes; err == nil && !ended && len(q.found) <= w.Limit; limit, bytes = limit*searchMore, bytes*searchMore {
		ended, err = q.read(ctx, limit, bytes)
	}
	if err != nil {
		return nil, postgres.Explain(err)
	}
	return makePage(w, q.found[:min(len(q.found), w.Limit+1)]), nil
}

// query is a search under way.
type query struct {
	*Notes
	viewer       access.Viewer
	words        []string
	terms        []int64
	key          boxKey
	below, above int64 // what was not looked at yet
	found        []placed
}

// read looks at the next notes, and says whether they were the last.
func (q *query) read(ctx context.Context, limit, bytes int) (ended bool, err error) {
	args := []any{q.viewer.UserID, q.below, q.above, limit, bytes}
	if q.key.way == found {
		args = append(args, q.terms)
	}
	rows, err := q.db.Rows(ctx, boxSQL[q.key], args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	seen := 0
	for fits := true; rows.Next(); {
		var p placed
		if p.Note, err = scanNote(rows, nil, &p.place, &fits); err != nil {
			return false, err
		}
		if !fits {
			return false, nil
		}
		seen++
		if q.key.backward {
			q.above = p.place
		} else {
			q.below = p.place
		}
		if matches(p.Body, q.words) {
			q.found = append(q.found, p)
		}
	}
	return seen < limit, rows.Err()
}
