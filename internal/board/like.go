package board

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// Subject is what can be liked: a post or a comment.
type Subject struct {
	Kind ids.Kind // ids.Post or ids.Comment; anything else does not exist
	ID   uuid.UUID
}

// Subject is the post as something that can be liked.
func (p *Post) Subject() Subject { return Subject{ids.Post, p.ID} }

// Subject is the comment as something that can be liked.
func (c *Comment) Subject() Subject { return Subject{ids.Comment, c.ID} }

const (
	postOfComment = `SELECT post_id FROM comments WHERE id = $1`
	commentAuthor = `SELECT author_id, deleted_at IS NOT NULL, reply_count > 0 FROM comments WHERE id = $1`

	setLike = `
INSERT INTO likes (id, user_id, subject_id, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (subject_id, user_id) DO UPDATE SET removed_at = NULL WHERE likes.removed_at IS NOT NULL
RETURNING id`
	unsetLike = `UPDATE likes SET removed_at = $3 WHERE user_id = $1 AND subject_id = $2 AND removed_at IS NULL RETURNING id`

	countPostLike    = `UPDATE posts SET like_count = like_count + $2 WHERE id = $1`
	countCommentLike = `UPDATE comments SET like_count = like_count + $2 WHERE id = $1`
)

// Like makes the viewer like a post or a comment, and notifies its author. Liking twice is liking once.
func (b *Board) Like(ctx context.Context, v access.Viewer, s Subject) error {
	return b.setLiked(ctx, v, s, true)
}

// Unlike takes a like back, and with it what its author was told, unless that was read.
func (b *Board) Unlike(ctx context.Context, v access.Viewer, s Subject) error {
	return b.setLiked(ctx, v, s, false)
}

func (b *Board) setLiked(ctx context.Context, v access.Viewer, s Subject, liked bool) error {
	id, now := b.log.Clock.New(), b.log.Clock.Now()
	return b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		postID, author, err := lockSubject(ctx, tx, s)
		if err != nil {
			return err
		}
		batch := b.log.Begin(tx, now)
		tell := author != uuid.Nil && author != v.UserID
		if tell {
			if err := batch.Lock(ctx, author); err != nil {
				return err
			}
		}
		var likeID uuid.UUID
		change, statement, args := 1, setLike, []any{id, v.UserID, s.ID, now}
		if !liked {
			change, statement, args = -1, unsetLike, []any{v.UserID, s.ID, now}
		}
		changed, err := tx.Row(ctx, statement, args, &likeID)
		if err != nil || !changed {
			return err
		}
		count := countPostLike
		if s.Kind == ids.Comment {
			count = countCommentLike
		}
		if _, err := tx.Exec(ctx, count, s.ID, change); err != nil || !tell {
			return err
		}
		if liked {
			err = b.bell.Raise(ctx, tx, batch, []notify.Occurrence{{User: author, Kind: notify.Like, SubjectKind: s.Kind, Subject: s.ID, Within: postID, Cause: likeID, Actor: v.UserID}})
		} else {
			err = b.bell.Retract(ctx, tx, batch, likeID, author)
		}
		if err != nil {
			return err
		}
		_, err = batch.Write(ctx)
		return err
	})
}

// lockSubject locks the post that the subject is, or belongs to, and finds the subject's author.
func lockSubject(ctx context.Context, tx *postgres.Tx, s Subject) (postID, author uuid.UUID, err error) {
	missing := problem.Refuse(problem.Missing, "subjectId", "There is no such post or comment.")
	postID = s.ID
	switch s.Kind {
	case ids.Post:
	case ids.Comment:
		known, err := tx.Row(ctx, postOfComment, []any{s.ID}, &postID)
		if err != nil {
			return uuid.Nil, uuid.Nil, err
		}
		if !known {
			return uuid.Nil, uuid.Nil, missing
		}
	default:
		return uuid.Nil, uuid.Nil, missing
	}
	var by uuid.NullUUID
	known, err := tx.Row(ctx, lockPost, []any{postID}, &by)
	if err != nil {
		return uuid.Nil, uuid.Nil, err
	}
	var isDeleted, hasReplies bool
	if known && s.Kind == ids.Comment {
		known, err = tx.Row(ctx, commentAuthor, []any{s.ID}, &by, &isDeleted, &hasReplies)
	}
	switch {
	case err != nil:
	case !known, isDeleted && !hasReplies:
		err = missing
	case isDeleted:
		err = problem.Refuse(problem.NotAllowed, "subjectId", "This comment was deleted: it cannot be liked any more.")
	}
	return postID, by.UUID, err
}
