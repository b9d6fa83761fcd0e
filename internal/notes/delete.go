package notes

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// Deleted is what deleting a note on one's own side gives.
type Deleted struct {
	Conversation *Conversation
	Unread       stream.Unread
	Cursor       *string // of the last event that it caused; nil when it was deleted already
}

const (
	findTellable = `SELECT ` + noteColumns + ` FROM notes n WHERE n.id = $2 AND ` + access.NoteTold
	hideNote     = `INSERT INTO hidden_notes (user_id, note_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	dropEntry    = `
WITH gone AS (
  DELETE FROM inbox_entries WHERE user_id = $1 AND note_id = $2 RETURNING conversation_id, seq, counts
)
UPDATE participants AS p SET unread_count = p.unread_count - 1 FROM gone g
WHERE p.conversation_id = g.conversation_id AND p.user_id = $1 AND g.counts AND g.seq > p.last_read_seq AND p.unread_count > 0
RETURNING p.user_id, p.unread_count`
)

// Delete takes a note away for the viewer only. Others keep it, and hear nothing. Deleting twice is once.
func (s *Notes) Delete(ctx context.Context, v access.Viewer, id uuid.UUID) (*Deleted, error) {
	result := &Deleted{}
	var conversation uuid.UUID
	err := s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		result.Cursor = nil
		batch := s.log.Begin(tx, s.log.Clock.Now())
		if err := batch.Lock(ctx, v.UserID); err != nil {
			return err
		}
		n, err := findOne(ctx, tx, findTellable, v.UserID, id)
		if err != nil {
			return err
		}
		if n == nil {
			return problem.Refuse(problem.Missing, "noteId", noNote)
		}
		conversation = n.ConversationID
		if err := s.delete(ctx, tx, batch, v.UserID, n); err != nil {
			return err
		}
		result.Unread = batch.Head(v.UserID).Unread
		result.Cursor, err = s.writeOwn(ctx, batch, v.UserID)
		return err
	})
	if err != nil {
		return nil, err
	}
	found, err := s.ConversationsByIDs(ctx, v, []uuid.UUID{conversation})
	result.Conversation = found[conversation]
	return result, err
}

func (s *Notes) delete(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, user uuid.UUID, n *Note) error {
	if hidden, err := tx.Exec(ctx, hideNote, user, n.ID); err != nil || hidden == 0 {
		return err
	}
	_, finished, err := uncount(ctx, tx, batch, dropEntry, user, n.ID)
	if err != nil {
		return err
	}
	batch.Append(user, stream.NoteDeleted, n.ID, user)
	batch.Append(user, stream.ConversationChanged, n.ConversationID, user) // what is its last note, and how many are unread
	return s.retract(ctx, tx, batch, n, []uuid.UUID{user}, finished)
}

func findOne(ctx context.Context, tx *postgres.Tx, statement string, args ...any) (n *Note, err error) {
	rows, err := tx.Rows(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if n, err = scanNote(rows, nil); err != nil {
			return nil, err
		}
	}
	return n, rows.Err()
}

// writeOwn writes a batch that concerns one user only, and returns the cursor of its last event, or nil.
func (s *Notes) writeOwn(ctx context.Context, batch *stream.Batch, user uuid.UUID) (*string, error) {
	events, err := batch.Write(ctx)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	return new(s.log.Cursor(user, events[len(events)-1].Seq)), nil
}
