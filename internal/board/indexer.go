package board

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/search"
)

const (
	indexInterval = time.Second // a post is to be found by its new text within five
	// indexedAtOnce texts are held in memory at most, and written in one transaction: 6 MB, if all are as long as
	// can be.
	indexedAtOnce = 100
)

// Index keeps the index of words of posts until ctx ends. What is to be indexed stands in the database until
// it is, so a crash costs nothing, and any number of processes may do so. What fails is tried again.
func (b *Board) Index(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(indexInterval)
	defer tick.Stop()
	failing, checked := false, false
	for {
		err := error(nil)
		if !checked {
			err = b.reindex(ctx)
			checked = err == nil
		}
		if err == nil {
			err = b.IndexChanged(ctx)
		}
		if err != nil && !failing && ctx.Err() == nil { // said once, not each second
			log.Warn("indexing posts failed: trying again", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

const (
	findOtherTerms = `
INSERT INTO post_changes (post_id) SELECT t.post_id FROM post_terms t
WHERE t.version <> $1 AND NOT EXISTS (SELECT FROM post_changes c WHERE c.post_id = t.post_id)`

	// Most looks find nothing: they need no transaction.
	lookForChanged = `SELECT post_id FROM post_changes LIMIT 1`

	// Whoever comes second waits for the first: what was read later is written later.
	lockChanged = `SELECT id, post_id FROM post_changes ORDER BY id LIMIT $1 FOR UPDATE`
	readChanged = `SELECT id, title, body FROM posts WHERE id = ANY($1)`
	// What was there and is not any more is deleted.
	writeTerms = `
WITH gone AS (
  DELETE FROM post_terms t WHERE t.post_id = ANY($1) AND t.post_id <> ALL ($2)
), done AS (
  DELETE FROM post_changes WHERE id = ANY($5)
)
INSERT INTO post_terms AS t (post_id, version, terms) SELECT p.id, $4, p.terms::int[] FROM unnest($2::uuid[], $3::text[]) AS p(id, terms)
ON CONFLICT (post_id) DO UPDATE SET version = excluded.version, terms = excluded.terms WHERE (t.version, t.terms) <> (excluded.version, excluded.terms)`
)

// reindex has the posts indexed anew whose terms are of another version.
func (b *Board) reindex(ctx context.Context) error {
	return b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, findOtherTerms, search.Version)
		return err
	})
}

// IndexChanged indexes all posts that have come, have changed or are gone.
func (b *Board) IndexChanged(ctx context.Context) error {
	for {
		some, err := postgres.Column[uuid.UUID](b.db.Rows(ctx, lookForChanged))
		if err != nil || len(some) == 0 {
			return err
		}
		if err := b.db.InTx(ctx, indexSome); err != nil {
			return err
		}
	}
}

func indexSome(ctx context.Context, tx *postgres.Tx) error {
	rows, err := tx.Rows(ctx, lockChanged, indexedAtOnce)
	if err != nil {
		return err
	}
	defer rows.Close()
	var changes []int64
	var posts postgres.UUIDs
	for rows.Next() {
		var change int64
		var post uuid.UUID
		if err := rows.Scan(&change, &post); err != nil {
			return err
		}
		changes, posts = append(changes, change), append(posts, post)
	}
	if err := rows.Err(); err != nil || len(changes) == 0 {
		return err
	}
	found, terms, err := readTexts(ctx, tx, posts)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, writeTerms, posts, found, terms, search.Version, changes)
	return err
}

// readTexts makes terms of those of the posts that are there.
func readTexts(ctx context.Context, tx *postgres.Tx, posts postgres.UUIDs) (found postgres.UUIDs, terms search.Lists, err error) {
	rows, err := tx.Rows(ctx, readChanged, posts)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var title, body string
		if err := rows.Scan(&id, &title, &body); err != nil {
			return nil, nil, err
		}
		found, terms = append(found, id), append(terms, search.TermsOf(searchable(title, body)))
	}
	return found, terms, rows.Err()
}
