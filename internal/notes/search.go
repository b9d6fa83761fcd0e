package notes

import (
	"context"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/search"
)

// search looks through the newest notes of the box, which are all that most users have, and then in the index.
func (s *Notes) search(ctx context.Context, v access.Viewer, f BoxFilter, words []string, w page.Window[int64]) (*page.Page[*Note], error) {
	q := query{Notes: s, viewer: v, words: words, terms: search.QueryTerms(words, search.UserTerm(v.UserID)), key: boxKey{box: f.Box, unreadOnly: f.UnreadOnly, backward: w.Backward}}
	q.below, q.above = bounds(w)
	enough := func() bool { return len(q.found) > w.Limit }
	if err := search.Look(s.Walk, enough, func(indexed bool, limit, bytes int) (bool, error) {
		q.key.way = walked
		if indexed {
			q.key.way = found
		}
		return q.read(ctx, limit, bytes)
	}); err != nil {
		return nil, postgres.Explain(err)
	}
	return makePage(w, q.found[:min(len(q.found), w.Limit+1)]), nil
}

// query is a search under way.
type query struct {
	*Notes
	viewer       access.Viewer
	words        []string
	terms        search.Terms
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
		if search.Matches(p.Body, q.words) {
			q.found = append(q.found, p)
		}
	}
	return seen < limit, rows.Err()
}
