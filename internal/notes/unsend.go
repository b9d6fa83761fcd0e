package notes

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// Who was told of a note: it counts for them, or a notification of theirs stands for it.
const findTold = `
SELECT e.user_id FROM inbox_entries e JOIN topics t ON t.id = e.user_id WHERE e.note_id = $1 AND e.counts
UNION SELECT n.user_id FROM notification_causes c JOIN notifications n ON n.id = c.notification_id WHERE c.cause_id = $1 AND NOT n.is_read`

// Of who has not accepted it is not told, by a refusal either, whether they have read it.
const wasRead = `
SELECT EXISTS (SELECT FROM participants p
  WHERE p.conversation_id = $2 AND p.user_id <> $1 AND p.last_read_seq >= $3 AND p.joined_seq < $3 AND p.state = 'ACTIVE'
  AND NOT EXISTS (SELECT FROM blocks b WHERE b.user_id = p.user_id AND b.other_id = $1))`

const (
	writeUnsent = `UPDATE notes SET body = '', unsent_at = $2 WHERE id = $1`
	// The entries stay, as those of a note that there was, and count no more.
	uncountEntries = `
WITH taken AS (
  UPDATE inbox_entries SET counts = false WHERE note_id = $1 AND user_id = ANY($2) AND counts RETURNING user_id, conversation_id, seq
)
UPDATE participants AS p SET unread_count = p.unread_count - 1 FROM taken t
WHERE p.conversation_id = t.conversation_id AND p.user_id = t.user_id AND t.seq > p.last_read_seq AND p.unread_count > 0
RETURNING p.user_id, p.unread_count`
)

// Unsend takes a note of the viewer back for everyone: as long as no other has read it, or within
// UnsendWithin. Its text is gone then; that there was a note is not. Unsending twice is once.
func (s *Notes) Unsend(ctx context.Context, v access.Viewer, id uuid.UUID) (*Amended, error) {
	return s.change(ctx, func(ctx context.Context, tx *postgres.Tx, at time.Time) (*authored, int64, error) {
		a, err := lockAuthored(ctx, tx, v, id)
		if err != nil || a.UnsentAt != nil {
			return a, 0, err
		}
		hearers, err := a.hearers(ctx, tx)
		if err != nil {
			return nil, 0, err
		}
		told, err := postgres.Column[uuid.UUID](tx.Rows(ctx, findTold, a.ID))
		if err != nil {
			return nil, 0, err
		}
		batch := s.log.Begin(tx, at)
		if err := a.lock(ctx, batch, slices.Concat(hearers, told)); err != nil {
			return nil, 0, err
		}
		if at.Sub(a.CreatedAt) > UnsendWithin {
			var read bool
			if _, err := tx.Row(ctx, wasRead, []any{v.UserID, a.ConversationID, a.Seq}, &read); err != nil {
				return nil, 0, err
			}
			if read {
				return nil, 0, problem.Refuse(problem.NotAllowed, "noteId",
					"This note was read, and was sent more than %d minutes ago: it cannot be unsent any more.", int(UnsendWithin.Minutes()))
			}
		}
		if _, err := tx.Exec(ctx, writeUnsent, a.ID, at); err != nil {
			return nil, 0, err
		}
		a.Body, a.UnsentAt = "", new(at.UTC())
		fewer, finished, err := uncount(ctx, tx, batch, uncountEntries, a.ID, postgres.UUIDs(told))
		if err != nil {
			return nil, 0, err
		}
		for _, user := range fewer { // whose counters move hear of it, also where they cannot see the note
			if !slices.Contains(hearers, user) {
				hearers = append(hearers, user)
			}
		}
		position := a.tell(batch, hearers)
		if err := s.retract(ctx, tx, batch, a.Note, told, finished); err != nil {
			return nil, 0, err
		}
		_, err = batch.Write(ctx)
		return a, position, err
	})
}

// uncount runs a statement that takes a note out of what counts as unread, and returns of each user for whom
// it did the id and how many notes of the conversation are left: whose are fewer now, and for whom there is
// none left.
func uncount(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, statement string, args ...any) (fewer, finished []uuid.UUID, err error) {
	rows, err := tx.Rows(ctx, statement, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var user uuid.UUID
		var left int
		if err := rows.Scan(&user, &left); err != nil {
			return nil, nil, err
		}
		change := stream.Unread{Notes: -1}
		if left == 0 {
			change.Conversations = -1
			finished = append(finished, user)
		}
		batch.Count(user, change)
		fewer = append(fewer, user)
	}
	return fewer, finished, rows.Err()
}

// retract takes a note out of the notifications of users. For whom nothing is left to be read, the
// conversation's notification, which may stand for notes that were read, is read.
func (s *Notes) retract(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, n *Note, users, finished []uuid.UUID) error {
	if len(users) == 0 {
		return nil
	}
	if err := s.bell.Retract(ctx, tx, batch, n.ID, users...); err != nil || len(finished) == 0 {
		return err
	}
	return s.bell.ReadSubject(ctx, tx, batch, notify.Note, n.ConversationID, finished...)
}
