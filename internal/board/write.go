package board

import (
	"bytes"
	"context"
	"time"

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

// CreatePost writes a post. The key of an earlier post of the same author returns that post, if the input
// is the same.
func (b *Board) CreatePost(ctx context.Context, v access.Viewer, in NewPost) (*Post, error) {
	var e problem.UserErrors
	e.Text("title", in.Title, MaxTitle)
	e.Text("body", in.Body, MaxPost)
	e.IdempotencyKey("idempotencyKey", in.IdempotencyKey)
	if err := e.Err(); err != nil {
		return nil, err
	}
	id, now, hash := ids.New(), time.Now().Truncate(time.Millisecond), inputHash(in.IdempotencyKey, in.Title, in.Body)
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
		return b.bell.Watch(ctx, tx, id, v.UserID, 0)
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

// AddComment writes a comment, tells the listeners of the post, and notifies the author of the comment that
// it replies to, and who watches the post. Who comments watches from then on.
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
	id, now, hash := ids.New(), time.Now().Truncate(time.Millisecond), inputHash(in.IdempotencyKey, in.PostID, in.ParentID, in.Body)
	var result *Comment
	err := b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		var postAuthor uuid.NullUUID
		known, err := tx.Row(ctx, lockPost, []any{in.PostID}, &postAuthor)
		if err != nil {
			return err
		}
		if !known {
			return problem.Refuse(problem.Missing, "postId", noPost)
		}
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
		told, err := b.answered(ctx, tx, in, v.UserID, id)
		if err != nil {
			return err
		}
		news := notify.News{Kind: notify.Comment, SubjectKind: ids.Post, Subject: in.PostID, Cause: id, Actor: v.UserID}
		if len(told) > 0 {
			news.Except = told[0].User
		}
		watchers, later, err := b.bell.Audience(ctx, tx, news)
		if err != nil {
			return err
		}
		told = append(told, watchers...)
		batch := b.log.Begin(tx, now)
		topics := []uuid.UUID{in.PostID}
		for _, o := range told {
			topics = append(topics, o.User)
		}
		if err := batch.Lock(ctx, topics...); err != nil {
			return err
		}
		result = &Comment{ID: id, PostID: in.PostID, ParentID: deref(in.ParentID), AuthorID: v.UserID, Body: in.Body, CreatedAt: now.UTC(),
			Position: batch.Append(in.PostID, stream.CommentAdded, id, v.UserID)}
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

// answered is the author of the comment that another one replies to, unless that is the commenter.
func (b *Board) answered(ctx context.Context, tx *postgres.Tx, in NewComment, by, id uuid.UUID) (told []notify.Occurrence, err error) {
	if in.ParentID == nil {
		return nil, nil
	}
	found, err := commentsByID(tx.Ent().Comment.Query().Where(comment.ID(*in.ParentID)).All(ctx))
	if err != nil {
		return nil, err
	}
	parent := found[*in.ParentID]
	var e problem.UserErrors
	if checkParent(&e, parent, in.PostID); len(e) > 0 {
		return nil, e
	}
	if parent.AuthorID != uuid.Nil && parent.AuthorID != by {
		told = append(told, notify.Occurrence{User: parent.AuthorID, Kind: notify.Reply, SubjectKind: ids.Comment, Subject: parent.ID, Within: in.PostID, Cause: id, Actor: by})
	}
	return told, nil
}
