package notes

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// Kept is how the viewer keeps a conversation now.
type Kept struct {
	Conversation *Conversation
	Unread       stream.Unread
	ReadSeq      int64   // of the newest note that is read now
	Cursor       *string // of the last event that it caused; nil when nothing had to be changed
}

const (
	findKept      = `SELECT state, is_archived, is_muted, last_read_seq FROM participants WHERE conversation_id = $2 AND user_id = $1 AND NOT is_blocked`
	writeArchived = `UPDATE participants SET is_archived = $3 WHERE conversation_id = $2 AND user_id = $1 RETURNING last_read_seq`
	writeMuted    = `UPDATE participants SET is_muted = $3 WHERE conversation_id = $2 AND user_id = $1 RETURNING last_read_seq`
)

// keeping is what a user has decided about a conversation.
type keeping struct {
	state               State
	isArchived, isMuted bool
	readSeq             int64
}

// Archive puts a conversation into the viewer's archive, which reads all of it, or takes it out. A new note
// takes it out by itself.
func (s *Notes) Archive(ctx context.Context, v access.Viewer, conversation uuid.UUID, archived bool) (*Kept, error) {
	return s.keep(ctx, v, conversation, func(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, is keeping) (string, error) {
		switch {
		case is.isArchived == archived:
			return "", nil
		case is.state != Active:
			return "", problem.Refuse(problem.NotAllowed, "conversationId", "Accept this conversation before you put it into the archive.")
		case archived:
			if _, err := s.markRead(ctx, tx, batch, v.UserID, conversation, nil); err != nil {
				return "", err
			}
		}
		return writeArchived, nil
	}, archived)
}

// Mute has the notes of a conversation raise no notifications for the viewer, or again. What was raised
// stays.
func (s *Notes) Mute(ctx context.Context, v access.Viewer, conversation uuid.UUID, muted bool) (*Kept, error) {
	return s.keep(ctx, v, conversation, func(_ context.Context, _ *postgres.Tx, _ *stream.Batch, is keeping) (string, error) {
		switch {
		case is.isMuted == muted:
			return "", nil
		case is.state == Declined:
			return "", problem.Refuse(problem.NotAllowed, "conversationId", "You have declined this conversation: nothing of it arrives.")
		}
		return writeMuted, nil
	}, muted)
}

// keep changes the viewer's part in a conversation by the statement that decide returns, if it is not empty.
func (s *Notes) keep(ctx context.Context, v access.Viewer, conversation uuid.UUID,
	decide func(context.Context, *postgres.Tx, *stream.Batch, keeping) (string, error), value bool) (*Kept, error) {
	result := &Kept{}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		*result = Kept{}
		batch := s.log.Begin(tx, s.log.Clock.Now())
		if err := batch.Lock(ctx, v.UserID); err != nil {
			return err
		}
		var is keeping
		known, err := tx.Row(ctx, findKept, []any{v.UserID, conversation}, &is.state, &is.isArchived, &is.isMuted, &is.readSeq)
		if err != nil {
			return err
		}
		if !known {
			return problem.Refuse(problem.Missing, "conversationId", noConversation)
		}
		statement, err := decide(ctx, tx, batch, is)
		if err != nil {
			return err
		}
		if statement != "" {
			if _, err := tx.Row(ctx, statement, []any{v.UserID, conversation, value}, &is.readSeq); err != nil {
				return err
			}
			batch.Append(v.UserID, stream.ConversationChanged, conversation, v.UserID)
		}
		result.Unread, result.ReadSeq = batch.Head(v.UserID).Unread, is.readSeq
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
