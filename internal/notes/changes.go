package notes

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// UnsendWithin is how long a note can be taken back although others have read it.
const UnsendWithin = 5 * time.Minute

// Amended is a note that its author has changed.
type Amended struct {
	Note   *Note
	Cursor *string // of the event in the author's log; nil when nothing had to be changed
}

// authored is a note that its author is about to change. Nobody else can change it now.
type authored struct {
	*Note
	kind   Kind
	isHere bool // the author still takes part in the conversation
}

const (
	findNoteConversation = `SELECT n.conversation_id FROM notes n WHERE n.id = $2 AND ` + access.NoteVisible
	findAuthored         = `SELECT ` + noteColumns + `,
  EXISTS (SELECT FROM participants p WHERE p.conversation_id = n.conversation_id AND p.user_id = $1)
FROM notes n WHERE n.id = $2 AND ` + access.NoteVisible
	noNote = "There is no such note."
)

// lockAuthored locks the conversation of a note that the viewer wrote.
func lockAuthored(ctx context.Context, tx *postgres.Tx, v access.Viewer, id uuid.UUID) (*authored, error) {
	var conversation uuid.UUID
	found, err := tx.Row(ctx, findNoteConversation, []any{v.UserID, id}, &conversation)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, problem.Refuse(problem.Missing, "noteId", noNote)
	}
	a := &authored{}
	var seq int64
	if _, err := tx.Row(ctx, lockConversation, []any{postgres.UUIDs{conversation}}, &conversation, &a.kind, &seq); err != nil {
		return nil, err
	}
	// As it is after the lock.
	rows, err := tx.Rows(ctx, findAuthored, v.UserID, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if a.Note, err = scanNote(rows, nil, &a.isHere); err != nil {
			return nil, err
		}
	}
	switch {
	case rows.Err() != nil:
		return nil, rows.Err()
	case a.Note == nil:
		return nil, problem.Refuse(problem.Missing, "noteId", noNote)
	case a.SenderID != v.UserID:
		return nil, problem.Refuse(problem.NotAllowed, "noteId", "Only who wrote a note can change it.")
	}
	return a, nil
}

// Who hears that a note was changed: who can see it, and takes part.
const findHearers = `
SELECT p.user_id FROM participants p
WHERE p.conversation_id = $2 AND (p.user_id = $1 OR p.state <> 'DECLINED' AND NOT p.is_blocked AND p.joined_seq < $3
  AND NOT EXISTS (SELECT FROM blocks b WHERE b.user_id = p.user_id AND b.other_id = $1)
  AND NOT EXISTS (SELECT FROM hidden_notes h WHERE h.user_id = p.user_id AND h.note_id = $4))`

// hearers are the users in whose logs a change of the note is written. Of a room that is the author alone:
// its own log tells the others.
func (a *authored) hearers(ctx context.Context, tx *postgres.Tx) ([]uuid.UUID, error) {
	if a.kind == Room {
		return []uuid.UUID{a.SenderID}, nil
	}
	return postgres.Column[uuid.UUID](tx.Rows(ctx, findHearers, a.SenderID, a.ConversationID, a.Seq, a.ID))
}

// tell writes that the note has changed, and returns the position in the author's log.
func (a *authored) tell(batch *stream.Batch, users []uuid.UUID) (position int64) {
	if a.kind == Room {
		batch.Append(a.ConversationID, stream.RoomNoteChanged, a.ID, a.SenderID)
	}
	for _, user := range users {
		seq := batch.Append(user, stream.NoteChanged, a.ID, a.SenderID)
		if user == a.SenderID {
			position = seq
		}
	}
	return position
}

// lock takes the locks on the logs of users, and on that of the note's room.
func (a *authored) lock(ctx context.Context, batch *stream.Batch, users []uuid.UUID) error {
	if a.kind == Room {
		users = append([]uuid.UUID{a.ConversationID}, users...)
	}
	return batch.Lock(ctx, users...)
}

const writeEdit = `UPDATE notes SET body = $2, edited_at = $3 WHERE id = $1`

// Edit gives a note of the viewer another text. The same text changes nothing. Who is named only in the new
// text is not notified.
func (s *Notes) Edit(ctx context.Context, v access.Viewer, id uuid.UUID, body string) (*Amended, error) {
	var e problem.UserErrors
	e.Text("body", body, MaxBody)
	amended, err := s.change(ctx, func(ctx context.Context, tx *postgres.Tx, at time.Time) (*authored, int64, error) {
		a, err := lockAuthored(ctx, tx, v, id)
		switch {
		case err != nil:
			return nil, 0, err
		case a.UnsentAt != nil:
			return nil, 0, problem.Refuse(problem.NotAllowed, "noteId", "This note was unsent: it cannot be edited any more.")
		case !a.isHere:
			return nil, 0, problem.Refuse(problem.NotAllowed, "noteId", "Join the room before you edit what you wrote in it.")
		case a.Body == body, len(e) > 0:
			return a, 0, nil
		}
		users, err := a.hearers(ctx, tx)
		if err != nil {
			return nil, 0, err
		}
		batch := s.log.Begin(tx, at)
		if err := a.lock(ctx, batch, users); err != nil {
			return nil, 0, err
		}
		if _, err := tx.Exec(ctx, writeEdit, a.ID, body, at); err != nil {
			return nil, 0, err
		}
		a.Body, a.EditedAt = body, new(at.UTC())
		position := a.tell(batch, users)
		_, err = batch.Write(ctx)
		return a, position, err
	})
	if err = e.With(err); err != nil {
		return nil, err
	}
	return amended, nil
}

// change runs what changes a note in a transaction. It returns the note and the position of the event in
// the author's log, or 0.
func (s *Notes) change(ctx context.Context, f func(context.Context, *postgres.Tx, time.Time) (*authored, int64, error)) (*Amended, error) {
	at := s.log.Clock.Now()
	var result *Amended
	err := s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		a, position, err := f(ctx, tx, at)
		if err != nil {
			return err
		}
		result = &Amended{Note: a.Note}
		if position > 0 {
			result.Cursor = new(s.log.Cursor(a.SenderID, position))
		}
		return nil
	})
	return result, err
}
