package board

import (
	"context"
	"database/sql"
	"strings"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/search"
)

// searchKey tells the statements of a search apart.
type searchKey struct{ indexed, backward bool }

// searchSQL are the statements of a search. Their parameters: $1 the viewer, $2 and $3 the window, $4 how many,
// $5 how many bytes of texts, and of what the index has $6 the terms.
var searchSQL = map[searchKey]string{}

func init() {
	for _, indexed := range []bool{false, true} {
		for _, backward := range []bool{false, true} {
			k := searchKey{indexed, backward}
			searchSQL[k] = k.statement()
		}
	}
}

// statement gives the text of a post where fits says so.
func (k searchKey) statement() string {
	order, from := `ORDER BY p.id DESC`, `posts p`
	if k.backward {
		order = `ORDER BY p.id`
	}
	if k.indexed {
		from = `(SELECT post_id FROM post_terms WHERE terms @> $6 OFFSET 0) AS t JOIN posts p ON p.id = t.post_id`
	}
	return `
SELECT p.id, p.author_id, CASE WHEN fits THEN p.title ELSE '' END, CASE WHEN fits THEN p.body ELSE '' END, p.created_at, p.edited_at, p.comment_count, p.like_count, fits
FROM (
  SELECT p.*, row_number() OVER w = 1 OR sum(octet_length(p.title) + octet_length(p.body)) OVER w <= $5 AS fits
  FROM (SELECT p.* FROM ` + from + ` WHERE p.id < $2 AND p.id > $3 AND ` + access.PostListed + ` ` + order + ` LIMIT $4) AS p
  WINDOW w AS (` + order + ` ROWS UNBOUNDED PRECEDING)
) AS p ` + order
}

// postQuery is a search under way.
type postQuery struct {
	*Board
	viewer       access.Viewer
	words        []string
	terms        search.Terms
	key          searchKey
	below, above uuid.UUID // what was not looked at yet
	found        []*Post
}

// Search finds those of the posts that the viewer has in lists whose title and text contain all words of a
// search, the newest first. Without words it is Posts.
func (b *Board) Search(ctx context.Context, v access.Viewer, text *string, args page.Args) (*page.Page[*Post], error) {
	words, err := search.Words(text)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return b.Posts(ctx, v, nil, args)
	}
	w, err := page.Read[uuid.UUID](args)
	if err != nil {
		return nil, err
	}
	q := postQuery{Board: b, viewer: v, words: words, terms: search.QueryTerms(words), key: searchKey{backward: w.Backward}, below: uuid.Max, above: uuid.Nil}
	if w.After != nil {
		q.below = *w.After
	}
	if w.Before != nil {
		q.above = *w.Before
	}
	enough := func() bool { return len(q.found) > w.Limit }
	if err := search.Look(b.Walk, enough, func(indexed bool, limit, bytes int) (bool, error) {
		q.key.indexed = indexed
		return q.read(ctx, limit, bytes)
	}); err != nil {
		return nil, postgres.Explain(err)
	}
	return page.Make(w, q.found[:min(len(q.found), w.Limit+1)], func(p *Post) uuid.UUID { return p.ID }), nil
}

// read looks at the next posts, and says whether they were the last.
func (q *postQuery) read(ctx context.Context, limit, bytes int) (ended bool, err error) {
	args := []any{q.viewer.UserID, q.below, q.above, limit, bytes}
	if q.key.indexed {
		args = append(args, q.terms)
	}
	rows, err := q.db.Rows(ctx, searchSQL[q.key], args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		p, fits, err := scanFound(rows)
		if err != nil || !fits {
			return false, err
		}
		seen++
		if q.key.backward {
			q.above = p.ID
		} else {
			q.below = p.ID
		}
		if search.Matches(searchable(p.Title, p.Body), q.words) {
			q.found = append(q.found, p)
		}
	}
	return seen < limit, rows.Err()
}

func scanFound(rows *sql.Rows) (p *Post, fits bool, err error) {
	p = &Post{}
	var author uuid.NullUUID
	err = rows.Scan(&p.ID, &author, &p.Title, &p.Body, &p.CreatedAt, &p.EditedAt, &p.CommentCount, &p.LikeCount, &fits)
	p.AuthorID, p.CreatedAt, p.EditedAt = author.UUID, p.CreatedAt.UTC(), utc(p.EditedAt)
	return p, fits, err
}

// searchable is what of a post can be searched for. No word goes over the end of the title.
func searchable(title, body string) string { return strings.Join([]string{title, body}, "\n") }
