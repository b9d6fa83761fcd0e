package notify

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// Marked is the result of marking notifications.
type Marked struct {
	Unread stream.Unread
	Cursor *string // of the last event that it caused; nil when there was nothing to mark
}

const markSeen = `
UPDATE notifications SET is_seen = true WHERE user_id = $1 AND NOT is_seen AND position <= $2
RETURNING user_id, id, -1, 0`

const markRead = `
WITH found AS (
  SELECT id, NOT is_seen AS unseen FROM notifications WHERE user_id = $1 AND NOT is_read AND position <= $2
)
UPDATE notifications AS n SET is_read = true, is_seen = true, is_open = false, read_at = now() FROM found WHERE n.id = found.id
RETURNING n.user_id, n.id, -found.unseen::int, -1`

const markOneRead = `
WITH found AS (
  SELECT id, NOT is_seen AS unseen FROM notifications WHERE user_id = $1 AND NOT is_read AND id = $2
)
UPDATE notifications AS n SET is_read = true, is_seen = true, is_open = false, read_at = now() FROM found WHERE n.id = found.id
RETURNING n.user_id, n.id, -found.unseen::int, -1`

const markGroupRead = `
WITH found AS (
  SELECT id, NOT is_seen AS unseen FROM notifications WHERE user_id = ANY($1) AND NOT is_read AND group_key = $2
)
UPDATE notifications AS n SET is_read = true, is_seen = true, is_open = false, read_at = now() FROM found WHERE n.id = found.id
RETURNING n.user_id, n.id, -found.unseen::int, -1`

// A reading has closed the group: what is unread again grows no more.
const markOneUnread = `
UPDATE notifications SET is_read = false, is_archived = false WHERE user_id = $1 AND is_read AND id = $2
RETURNING user_id, id, 0, 1`

const archiveOne = `
WITH found AS (
  SELECT id, NOT is_seen AS unseen, NOT is_read AS unread FROM notifications WHERE user_id = $1 AND NOT is_archived AND id = $2
)
UPDATE notifications AS n SET is_archived = true, is_read = true, is_seen = true, is_open = false, read_at = now() FROM found WHERE n.id = found.id
RETURNING n.user_id, n.id, -found.unseen::int, -found.unread::int`

const unarchiveOne = `
UPDATE notifications SET is_archived = false, read_at = now() WHERE user_id = $1 AND is_archived AND id = $2
RETURNING user_id, id, 0, 0`

// MarkSeen marks what came or grew up to a position of the viewer's log as seen; all of it, when upTo is
// nil.
func (b *Bell) MarkSeen(ctx context.Context, v access.Viewer, upTo *string) (*Marked, error) {
	return b.markUpTo(ctx, v, markSeen, upTo)
}

// MarkAllRead marks what came or grew up to a position of the viewer's log as read, and so as seen.
func (b *Bell) MarkAllRead(ctx context.Context, v access.Viewer, upTo *string) (*Marked, error) {
	return b.markUpTo(ctx, v, markRead, upTo)
}

func (b *Bell) markUpTo(ctx context.Context, v access.Viewer, statement string, upTo *string) (*Marked, error) {
	position := int64(1<<63 - 1)
	if upTo != nil {
		var err error
		if position, err = b.log.Position(v.UserID, *upTo); err != nil {
			return nil, problem.Refuse(problem.Invalid, "upTo", "This is not a cursor of your event log: send one that an event, a payload or viewer.cursor gave.")
		}
	}
	return b.mark(ctx, v, statement, position)
}

// MarkRead marks one notification as read, and so as seen.
func (b *Bell) MarkRead(ctx context.Context, v access.Viewer, id uuid.UUID) (*Marked, *Notification, error) {
	return b.markOne(ctx, v, markOneRead, id)
}

// MarkUnread marks one notification as unread again. It stays seen: the badge of the bell is for what is new.
func (b *Bell) MarkUnread(ctx context.Context, v access.Viewer, id uuid.UUID) (*Marked, *Notification, error) {
	return b.markOne(ctx, v, markOneUnread, id)
}

// Archive puts one notification away, which reads it, or takes it back.
func (b *Bell) Archive(ctx context.Context, v access.Viewer, id uuid.UUID, archived bool) (*Marked, *Notification, error) {
	if archived {
		return b.markOne(ctx, v, archiveOne, id)
	}
	return b.markOne(ctx, v, unarchiveOne, id)
}

func (b *Bell) markOne(ctx context.Context, v access.Viewer, statement string, id uuid.UUID) (*Marked, *Notification, error) {
	marked, err := b.mark(ctx, v, statement, id)
	if err != nil {
		return nil, nil, err
	}
	found, err := b.ByIDs(ctx, v, []uuid.UUID{id})
	if err != nil {
		return nil, nil, err
	}
	if found[id] == nil {
		return nil, nil, problem.Refuse(problem.Missing, "id", "There is no such notification.")
	}
	return marked, found[id], nil
}

func (b *Bell) mark(ctx context.Context, v access.Viewer, statement string, which any) (*Marked, error) {
	var m *Marked
	err := b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		batch := b.log.Begin(tx, b.log.Clock.Now())
		if err := batch.Lock(ctx, v.UserID); err != nil {
			return err
		}
		position, err := update(ctx, tx, batch, statement, v.UserID, which)
		if err != nil {
			return err
		}
		m = &Marked{Unread: batch.Head(v.UserID).Unread}
		if position > 0 {
			cursor := b.log.Cursor(v.UserID, position)
			m.Cursor = &cursor
		}
		_, err = batch.Write(ctx)
		return err
	})
	return m, err
}

// ReadSubject marks users' notifications of a kind about a subject as read, in the transaction in which they
// read the subject. The batch must hold the locks of the mailboxes.
func (b *Bell) ReadSubject(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, kind Kind, subject uuid.UUID, users ...uuid.UUID) error {
	_, err := update(ctx, tx, batch, markGroupRead, postgres.UUIDs(users), groupKey(kind, subject))
	return err
}

// update runs a statement that marks notifications and returns the user and the id of each, and what that changes of the
// numbers of those unseen and unread. It returns the position of the last event, or 0.
func update(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, statement string, whose, which any) (position int64, err error) {
	rows, err := tx.Rows(ctx, statement, whose, which)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var user, id uuid.UUID
		var change stream.Unread
		if err := rows.Scan(&user, &id, &change.Unseen, &change.Notifications); err != nil {
			return 0, err
		}
		batch.Count(user, change)
		position = batch.Append(user, stream.NotificationChanged, id, uuid.Nil)
	}
	return position, rows.Err()
}
