package notes

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// Accept ends that a conversation waits as a request: its next note is notified of. One that the viewer has
// declined is accepted, too, and one that does not wait stays as it is.
func (s *Notes) Accept(ctx context.Context, v access.Viewer, conversation uuid.UUID) (*Changed, error) {
	return s.answer(ctx, v, conversation, func(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, state State) error {
		if state == Active {
			return nil
		}
		if _, err := tx.Exec(ctx, acceptRequest, v.UserID, conversation); err != nil {
			return err
		}
		batch.Append(v.UserID, stream.ConversationChanged, conversation, uuid.Nil)
		return nil
	})
}

// Decline ends that a conversation waits as a request: nothing of it arrives any more until the viewer writes
// there or accepts it, and what has arrived counts as read. The others see no difference: read marks are not
// told of who has not accepted.
func (s *Notes) Decline(ctx context.Context, v access.Viewer, conversation uuid.UUID) (*Changed, error) {
	return s.answer(ctx, v, conversation, func(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, state State) error {
		if state == Active {
			return problem.Refuse(problem.Missing, "conversationId", "This is no request: it was accepted, or is no stranger's.")
		}
		var touched touches
		if err := decline(ctx, tx, batch, &touched, []touch{{v.UserID, conversation}}); err != nil {
			return err
		}
		touched.tell(batch)
		return nil
	})
}

const (
	lockOne   = `SELECT id FROM conversations WHERE id = $1 FOR NO KEY UPDATE`
	readState = `SELECT state FROM participants WHERE user_id = $1 AND conversation_id = $2 AND NOT is_blocked`

	acceptRequest = `UPDATE participants SET state = 'ACTIVE' WHERE user_id = $1 AND conversation_id = $2`

	declineRequests = `
WITH was AS (
  SELECT p.id, p.unread_count, c.seq FROM unnest($1::uuid[], $2::uuid[]) AS d(user_id, conversation_id)
  JOIN participants p ON p.user_id = d.user_id AND p.conversation_id = d.conversation_id
  JOIN conversations c ON c.id = p.conversation_id WHERE p.state = 'REQUEST'
)
UPDATE participants AS p SET state = 'DECLINED', last_read_seq = was.seq, unread_count = 0 FROM was WHERE p.id = was.id
RETURNING p.user_id, p.conversation_id, -was.unread_count, was.unread_count > 0`
)

// answer runs f on a conversation that the viewer takes part in. Who is writing there is waited for: what
// comes after the answer goes by it.
func (s *Notes) answer(ctx context.Context, v access.Viewer, conversation uuid.UUID, f func(context.Context, *postgres.Tx, *stream.Batch, State) error) (*Changed, error) {
	result := &Changed{}
	at := s.log.Clock.Now()
	err := s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := tx.Exec(ctx, lockOne, conversation); err != nil {
			return err
		}
		batch := s.log.Begin(tx, at)
		if err := batch.Lock(ctx, v.UserID); err != nil {
			return err
		}
		var state State
		mine, err := tx.Row(ctx, readState, []any{v.UserID, conversation}, &state)
		if err != nil {
			return err
		}
		if !mine {
			return problem.Refuse(problem.Missing, "conversationId", noConversation)
		}
		if err := f(ctx, tx, batch, state); err != nil {
			return err
		}
		return s.finish(ctx, batch, v, result)
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// decline declines requests, those of them that still are.
func decline(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, touched *touches, list []touch) error {
	if len(list) == 0 {
		return nil
	}
	var users, conversations postgres.UUIDs
	for _, t := range list {
		users, conversations = append(users, t.user), append(conversations, t.conversation)
	}
	return touched.run(ctx, tx, batch, declineRequests, users, conversations)
}

// requestsBetween are the groups that one of two users has begun and that wait for the other.
func requestsBetween(ctx context.Context, tx *postgres.Tx, a, b uuid.UUID) (list []touch, err error) {
	rows, err := tx.Rows(ctx, findBegun, a, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t touch
		if err := rows.Scan(&t.user, &t.conversation); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}
