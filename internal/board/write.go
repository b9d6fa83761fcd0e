package board

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/notewire/notewire/ent"
	"github.com/notewire/notewire/ent/comment"
	"github.com/notewire/notewire/ent/post"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// NewPost is a post to be written.
type NewPost struct {
	Title          string
	Body           string
	IdempotencyKey *string
}

// CreatePost writes a post, and notifies whom it names. The key of an earlier post of the same author returns that post, if the input
// is the same.
func (b *Board) CreatePost(ctx context.Context, v access.Viewer, in NewPost) (*Post, error) {
	var e problem.UserErrors
	e.Text("title", in.Title, MaxTitle)
	e.Text("body", in.Body, MaxPost)
	e.IdempotencyKey("idempotencyKey", in.IdempotencyKey)
	if err := e.Err(); err != nil {
		return nil, err
	}
	id, now, hash := b.log.Clock.New(), b.log.Clock.Now(), inputHash(in.IdempotencyKey, in.Title, in.Body)
	var result *Post
	err := b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if in.IdempotencyKey != nil {
			row, err := tx.Ent().Post.Query().Where(post.AuthorID(v.UserID), post.IdempotencyKey(*in.IdempotencyKey)).Only(ctx)
			if err == nil {
				result = postFromRow(row)
				return sameInput(row.InputHash, hash, "post")
			}
			if !ent.IsNotFound(err) {
				return err
			}
		}
		create := tx.Ent().Post.Create().SetID(id).SetAuthorID(v.UserID).SetTitle(in.Title).SetBody(in.Body).SetCreatedAt(now)
		if in.IdempotencyKey != nil {
			create.SetIdempotencyKey(*in.IdempotencyKey).SetInputHash(hash)
		}
		row, err := create.Save(ctx)
		if err != nil {
			return again(err, "post_author_id_idempotency_key")
		}
		result = postFromRow(row)
		if err := stream.Topics(ctx, tx, id); err != nil {
			return err
		}
		if err := b.bell.Watch(ctx, tx, id, v.UserID, 0); err != nil {
			return err
		}
		told, err := mentionedIn(ctx, tx, result, nil)
		if err != nil {
			return err
		}
		return b.tell(ctx, tx, now, told)
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// again turns the violation of an index of keys into another run, which then finds the row of that key.
func again(err error, index string) error {
	if postgres.ViolatedConstraint(err) == index {
		return postgres.ErrAgain
	}
	return err
}

func sameInput(had, hash []byte, what string) error {
	if bytes.Equal(had, hash) {
		return nil
	}
	return problem.Refuse(problem.Conflict, "idempotencyKey", "This key was used for another %s: send a new key with a new %s.", what, what)
}

// NewComment is a comment to be written.
type NewComment struct {
	PostID         uuid.UUID
	ParentID       *uuid.UUID
	Body           string
	IdempotencyKey *string
}

const lockPost = `SELECT author_id FROM posts WHERE id = $1 FOR NO KEY UPDATE`

const writeComment = `
WITH commented AS (
  UPDATE posts SET comment_count = comment_count + 1 WHERE id = $2
), answered AS (
  UPDATE comments SET reply_count = reply_count + 1 WHERE id = $3
)
INSERT INTO comments (id, post_id, parent_id, author_id, position, body, created_at, idempotency_key, input_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// AddComment writes a comment, tells the listeners of the post, and notifies whom it names, the author of the
// comment that it replies to, and who watches the post: each once. Who comments watches from then on.
func (b *Board) AddComment(ctx context.Context, v access.Viewer, in NewComment) (*Comment, error) {
	var e problem.UserErrors
	e.Text("body", in.Body, MaxComment)
	e.IdempotencyKey("idempotencyKey", in.IdempotencyKey)
	if len(e) > 0 { // refused in any case: so that all is said at once, look at the rest too
		if err := b.checkTarget(ctx, &e, in); err != nil {
			return nil, err
		}
		return nil, e
	}
	id, now, hash := b.log.Clock.New(), b.log.Clock.Now(), inputHash(in.IdempotencyKey, in.PostID, in.ParentID, in.Body)
	var result *Comment
	err := b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if in.IdempotencyKey != nil {
			row, err := tx.Ent().Comment.Query().Where(comment.AuthorID(v.UserID), comment.IdempotencyKey(*in.IdempotencyKey)).Only(ctx)
			if err == nil {
				result = commentFromRow(row)
				return sameInput(row.InputHash, hash, "comment")
			}
			if !ent.IsNotFound(err) {
				return err
			}
		}
		var postAuthor uuid.NullUUID
		known, err := tx.Row(ctx, lockPost, []any{in.PostID}, &postAuthor)
		if err != nil {
			return err
		}
		if !known {
			return problem.Refuse(problem.Missing, "postId", noPost)
		}
		result = &Comment{ID: id, PostID: in.PostID, ParentID: deref(in.ParentID), AuthorID: v.UserID, Body: in.Body, CreatedAt: now.UTC()}
		answered, err := b.answered(ctx, tx, in, v.UserID, id)
		if err != nil {
			return err
		}
		named, err := mentionedInComment(ctx, tx, result, "")
		if err != nil {
			return err
		}
		news := notify.News{Kind: notify.Comment, SubjectKind: ids.Post, Subject: in.PostID, Cause: id, Actor: v.UserID}
		watchers, later, err := b.bell.Audience(ctx, tx, news)
		if err != nil {
			return err
		}
		told := slices.Concat(named, answered, watchers) // who is several of these is told once, of the first
		batch := b.log.Begin(tx, now)
		if err := batch.Lock(ctx, append(users(told), in.PostID)...); err != nil {
			return err
		}
		result.Position = batch.Append(in.PostID, stream.CommentAdded, id, v.UserID)
		if _, err := tx.Exec(ctx, writeComment, id, in.PostID, in.ParentID, v.UserID, result.Position, in.Body, now, in.IdempotencyKey, hash); err != nil {
			return again(err, "comment_author_id_idempotency_key")
		}
		if err := b.bell.Watch(ctx, tx, in.PostID, v.UserID, result.Position); err != nil {
			return err
		}
		if err := b.bell.Raise(ctx, tx, batch, told); err != nil {
			return err
		}
		if later {
			news.Position = result.Position
			if err := b.bell.Later(ctx, tx, news); err != nil {
				return err
			}
		}
		_, err = batch.Write(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// checkTarget adds what is wrong with where a comment is to go.
func (b *Board) checkTarget(ctx context.Context, e *problem.UserErrors, in NewComment) error {
	posts, err := b.PostsByIDs(ctx, []uuid.UUID{in.PostID})
	if err != nil {
		return err
	}
	if posts[in.PostID] == nil {
		e.Add(problem.Missing, "postId", noPost)
		return nil
	}
	if in.ParentID == nil {
		return nil
	}
	comments, err := b.CommentsByIDs(ctx, []uuid.UUID{*in.ParentID})
	if err == nil {
		checkParent(e, comments[*in.ParentID], in.PostID)
	}
	return err
}

// checkParent refuses what cannot be replied to on a post. c is nil when there is no such comment.
func checkParent(e *problem.UserErrors, c *Comment, post uuid.UUID) {
	switch {
	case c == nil, c.PostID != post, c.IsGone():
		e.Add(problem.Missing, "parentId", "There is no such comment on this post.")
	case c.DeletedAt != nil:
		e.Add(problem.NotAllowed, "parentId", "This comment was deleted: reply to another one, or comment on the post.")
	}
}

const noPost = "There is no such post."
