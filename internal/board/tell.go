package board

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/ent/comment"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

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

// mentionedIn are the users whom a post names that had another text before, or none, and now has this one. A
// name that an edit keeps is not told again; one that it takes out stays told.
func mentionedIn(ctx context.Context, tx *postgres.Tx, now, before *Post) ([]notify.Occurrence, error) {
	about := notify.Occurrence{SubjectKind: ids.Post, Subject: now.ID, Cause: now.ID, Actor: now.AuthorID}
	var had string
	if before != nil {
		had = before.text()
	}
	return mentioned(ctx, tx, now.text(), had, about)
}

// mentionedInComment is mentionedIn for a comment.
func mentionedInComment(ctx context.Context, tx *postgres.Tx, now *Comment, before string) ([]notify.Occurrence, error) {
	about := notify.Occurrence{SubjectKind: ids.Comment, Subject: now.ID, Within: now.PostID, Cause: now.ID, Actor: now.AuthorID}
	return mentioned(ctx, tx, now.Body, before, about)
}

func mentioned(ctx context.Context, tx *postgres.Tx, now, before string, about notify.Occurrence) (told []notify.Occurrence, err error) {
	had := accounts.NamesIn(before)
	names := slices.DeleteFunc(accounts.NamesIn(now), func(name string) bool { return slices.Contains(had, name) })
	users, err := accounts.ByNames(ctx, tx, names)
	about.Kind = notify.Mention
	for _, user := range users {
		about.User = user
		told = append(told, about)
	}
	return told, err
}

// tell notifies users of what happens in tx, which has no log to be locked.
func (b *Board) tell(ctx context.Context, tx *postgres.Tx, at time.Time, told []notify.Occurrence) error {
	if len(told) == 0 {
		return nil
	}
	batch := b.log.Begin(tx, at)
	if err := batch.Lock(ctx, users(told)...); err != nil {
		return err
	}
	if err := b.bell.Raise(ctx, tx, batch, told); err != nil {
		return err
	}
	_, err := batch.Write(ctx)
	return err
}

// What keeps a post from being deleted and nobody from commenting on it.
const keepPost = `SELECT id FROM posts WHERE id = $1 FOR KEY SHARE`

// SetWatching has the viewer be notified of what happens to a post from now on, or not any more.
func (b *Board) SetWatching(ctx context.Context, v access.Viewer, id uuid.UUID, watching bool) error {
	return b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		known, err := tx.Row(ctx, keepPost, []any{id}, &id)
		if err != nil {
			return err
		}
		if !known {
			return problem.Refuse(problem.Missing, "postId", noPost)
		}
		return b.bell.SetWatching(ctx, tx, v, id, watching)
	})
}

// users are those who are to be told.
func users(told []notify.Occurrence) []uuid.UUID {
	list := make([]uuid.UUID, len(told))
	for i := range told {
		list[i] = told[i].User
	}
	return list
}
