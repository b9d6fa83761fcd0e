package board

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// Deleted is what a deletion leaves behind.
type Deleted struct {
	PostID uuid.UUID
	Cursor *string // of the last event that it caused in the viewer's log; nil when it caused none
}

const (
	lockPostToDelete = `SELECT author_id FROM posts WHERE id = $1 FOR UPDATE`

	dropComments = `
WITH gone AS (
  DELETE FROM comments WHERE post_id = $1 RETURNING id
), unliked AS (
  DELETE FROM likes AS l USING (SELECT $1::uuid AS id UNION ALL SELECT id FROM gone) AS g WHERE l.subject_id = g.id
)
SELECT id FROM gone`
	dropPost = `DELETE FROM posts WHERE id = $1`
)

// DeletePost deletes a post of the viewer with its comments and likes, ends its log, and takes back what users
// were told of it.
func (b *Board) DeletePost(ctx context.Context, v access.Viewer, id uuid.UUID) (*Deleted, error) {
	return b.delete(ctx, v, func(ctx context.Context, tx *postgres.Tx, batch *stream.Batch) (uuid.UUID, error) {
		if _, err := lockOwnPost(ctx, tx, v, id, lockPostToDelete); err != nil {
			return id, err
		}
		comments, err := postgres.Column[uuid.UUID](tx.Rows(ctx, dropComments, id))
		if err != nil {
			return id, err
		}
		if err := b.forget(ctx, tx, batch, id, notify.Gone{IDs: append(comments, id)}); err != nil {
			return id, err
		}
		if err := b.bell.Unwatch(ctx, tx, id); err != nil {
			return id, err
		}
		batch.Append(id, stream.PostDeleted, id, v.UserID)
		_, err = tx.Exec(ctx, dropPost, id)
		return id, err
	})
}

// A deleted comment stays in its place while it has replies. Without them it is gone, and so are the deleted
// ones above it that have only this one.
const eraseComment = `
WITH RECURSIVE gone AS (
  SELECT id, parent_id, 1 AS step FROM comments WHERE id = $1 AND reply_count = 0
  UNION ALL
  SELECT p.id, p.parent_id, g.step + 1 FROM gone g JOIN comments p ON p.id = g.parent_id WHERE p.deleted_at IS NOT NULL AND p.reply_count = 1
), erased AS (
  UPDATE comments SET body = '', author_id = NULL, idempotency_key = NULL, input_hash = NULL, like_count = 0, deleted_at = $3 WHERE id = $1
), left_alone AS (
  UPDATE comments AS p SET reply_count = p.reply_count - 1 FROM gone g WHERE p.id = g.parent_id
), counted AS (
  UPDATE posts SET comment_count = comment_count - (SELECT count(*) FROM gone) WHERE id = $2
), unliked AS (
  DELETE FROM likes WHERE subject_id = $1
)
SELECT id FROM gone WHERE id <> $1 ORDER BY step`

// DeleteComment deletes a comment of the viewer, tells the listeners of the post, and takes back what users were
// told of it. Its place remains as long as it has replies.
func (b *Board) DeleteComment(ctx context.Context, v access.Viewer, id uuid.UUID) (*Deleted, error) {
	return b.delete(ctx, v, func(ctx context.Context, tx *postgres.Tx, batch *stream.Batch) (uuid.UUID, error) {
		c, err := lockOwnComment(ctx, tx, v, id)
		if err != nil {
			return uuid.Nil, err
		}
		if err := b.forget(ctx, tx, batch, c.PostID, notify.Gone{IDs: []uuid.UUID{id}, AreCauses: true}); err != nil {
			return uuid.Nil, err
		}
		above, err := postgres.Column[uuid.UUID](tx.Rows(ctx, eraseComment, id, c.PostID, batch.At()))
		if err != nil {
			return uuid.Nil, err
		}
		for _, changed := range append([]uuid.UUID{id}, above...) {
			batch.Append(c.PostID, stream.CommentChanged, changed, v.UserID)
		}
		return c.PostID, nil
	})
}

// delete runs in a transaction what deletes something of a post.
func (b *Board) delete(ctx context.Context, v access.Viewer, f func(context.Context, *postgres.Tx, *stream.Batch) (post uuid.UUID, err error)) (*Deleted, error) {
	at := b.log.Clock.Now()
	var result *Deleted
	err := b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		batch := b.log.Begin(tx, at)
		post, err := f(ctx, tx, batch)
		if err != nil {
			return err
		}
		result = &Deleted{PostID: post}
		events, err := batch.Write(ctx)
		for _, e := range events {
			if e.Topic == v.UserID {
				result.Cursor = new(b.log.Cursor(v.UserID, e.Seq))
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// forget takes back, from all users whose mailboxes can be locked at once, what they were told of what is gone,
// or has the workers do it. It locks the post's log, too.
func (b *Board) forget(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, post uuid.UUID, gone notify.Gone) error {
	users, later, err := b.bell.Concerned(ctx, tx, gone)
	if err != nil {
		return err
	}
	if err := batch.Lock(ctx, append([]uuid.UUID{post}, users...)...); err != nil {
		return err
	}
	if later {
		return b.bell.ForgetLater(ctx, tx, gone)
	}
	return b.bell.Forget(ctx, tx, batch, gone, users)
}
