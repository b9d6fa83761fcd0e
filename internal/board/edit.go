package board

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/ent/comment"
	"github.com/notewire/notewire/ent/post"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// Edit is what a post says from now on. What is nil stays as it is.
type Edit struct {
	Title *string
	Body  *string
}

const (
	writePostEdit    = `UPDATE posts SET title = $2, body = $3, edited_at = $4 WHERE id = $1`
	writeCommentEdit = `UPDATE comments SET body = $2, edited_at = $3 WHERE id = $1`
)

// EditPost gives a post of the viewer another title or text, and notifies whom it did not name before. What is
// the same already changes nothing.
func (b *Board) EditPost(ctx context.Context, v access.Viewer, id uuid.UUID, in Edit) (*Post, error) {
	var e problem.UserErrors
	if in.Title != nil {
		e.Text("title", *in.Title, MaxTitle)
	}
	if in.Body != nil {
		e.Text("body", *in.Body, MaxPost)
	}
	if len(e) > 0 { // refused in any case: so that all is said at once, look at the post too
		posts, err := b.PostsByIDs(ctx, []uuid.UUID{id})
		if err != nil {
			return nil, err
		}
		checkOwnPost(&e, v, posts[id])
		return nil, e
	}
	at := b.log.Clock.Now()
	var p *Post
	err := b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
		if p, err = lockOwnPost(ctx, tx, v, id, lockPost); err != nil {
			return err
		}
		before := *p
		if in.Title != nil {
			p.Title = *in.Title
		}
		if in.Body != nil {
			p.Body = *in.Body
		}
		if p.Title == before.Title && p.Body == before.Body {
			return nil
		}
		p.EditedAt = new(at.UTC())
		if _, err := tx.Exec(ctx, writePostEdit, id, p.Title, p.Body, at); err != nil {
			return err
		}
		told, err := mentionedIn(ctx, tx, p, &before)
		if err != nil {
			return err
		}
		return b.tell(ctx, tx, at, told)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// EditComment gives a comment of the viewer another text, tells the listeners of the post, and notifies whom it
// did not name before. The same text changes nothing.
func (b *Board) EditComment(ctx context.Context, v access.Viewer, id uuid.UUID, body string) (*Comment, error) {
	var e problem.UserErrors
	e.Text("body", body, MaxComment)
	if len(e) > 0 { // as in EditPost
		comments, err := b.CommentsByIDs(ctx, []uuid.UUID{id})
		if err != nil {
			return nil, err
		}
		checkOwnComment(&e, v, comments[id])
		return nil, e
	}
	at := b.log.Clock.Now()
	var c *Comment
	err := b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
		if c, err = lockOwnComment(ctx, tx, v, id); err != nil || c.Body == body {
			return err
		}
		before := c.Body
		c.Body, c.EditedAt = body, new(at.UTC())
		told, err := mentionedInComment(ctx, tx, c, before)
		if err != nil {
			return err
		}
		batch := b.log.Begin(tx, at)
		if err := batch.Lock(ctx, append(users(told), c.PostID)...); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, writeCommentEdit, id, body, at); err != nil {
			return err
		}
		batch.Append(c.PostID, stream.CommentChanged, id, v.UserID)
		if err := b.bell.Raise(ctx, tx, batch, told); err != nil {
			return err
		}
		_, err = batch.Write(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// lockOwnPost locks a post that the viewer wrote, by a statement, and finds it as it is then.
func lockOwnPost(ctx context.Context, tx *postgres.Tx, v access.Viewer, id uuid.UUID, lock string) (*Post, error) {
	var author uuid.NullUUID
	if _, err := tx.Row(ctx, lock, []any{id}, &author); err != nil {
		return nil, err
	}
	rows, err := tx.Ent().Post.Query().Where(post.ID(id)).All(ctx)
	if err != nil {
		return nil, err
	}
	var p *Post
	if len(rows) > 0 {
		p = postFromRow(rows[0])
	}
	var e problem.UserErrors
	checkOwnPost(&e, v, p)
	return p, e.Err()
}

// checkOwnPost refuses what the viewer cannot change. p is nil when there is no such post.
func checkOwnPost(e *problem.UserErrors, v access.Viewer, p *Post) {
	switch {
	case p == nil:
		e.Add(problem.Missing, "postId", noPost)
	case p.AuthorID != v.UserID:
		e.Add(problem.NotAllowed, "postId", "Only who wrote a post can change it.")
	}
}

// lockOwnComment locks the post of a comment that the viewer wrote, and finds the comment as it is then.
func lockOwnComment(ctx context.Context, tx *postgres.Tx, v access.Viewer, id uuid.UUID) (*Comment, error) {
	var postID uuid.UUID
	var author uuid.NullUUID
	known, err := tx.Row(ctx, postOfComment, []any{id}, &postID)
	if err == nil && known {
		_, err = tx.Row(ctx, lockPost, []any{postID}, &author)
	}
	if err != nil {
		return nil, err
	}
	found, err := commentsByID(tx.Ent().Comment.Query().Where(comment.ID(id), access.CommentRemains()).All(ctx))
	if err != nil {
		return nil, err
	}
	var e problem.UserErrors
	checkOwnComment(&e, v, found[id])
	return found[id], e.Err()
}

// checkOwnComment refuses what the viewer cannot change. c is nil when there is no such comment.
func checkOwnComment(e *problem.UserErrors, v access.Viewer, c *Comment) {
	switch {
	case c == nil:
		e.Add(problem.Missing, "commentId", "There is no such comment.")
	case c.DeletedAt != nil:
		e.Add(problem.NotAllowed, "commentId", "This comment was deleted: it cannot be changed any more.")
	case c.AuthorID != v.UserID:
		e.Add(problem.NotAllowed, "commentId", "Only who wrote a comment can change it.")
	}
}
