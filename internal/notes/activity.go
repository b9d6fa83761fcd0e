package notes

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/presence"
	"github.com/notewire/notewire/internal/problem"
)

// Joined is a conversation that the viewer takes part in. Of one that they do not, it says so in the field
// conversationId.
func (s *Notes) Joined(ctx context.Context, v access.Viewer, id uuid.UUID) (*Conversation, error) {
	found, err := s.ConversationsByIDs(ctx, v, []uuid.UUID{id})
	switch c := found[id]; {
	case err != nil:
		return nil, err
	case c == nil:
		return nil, problem.Refuse(problem.Missing, "conversationId", noConversation)
	case c.ParticipantID == uuid.Nil:
		return nil, problem.Refuse(problem.NotAllowed, "conversationId", "Join the room before you write in it.")
	default:
		return c, nil
	}
}

// A stranger is not shown what somebody does who has not accepted their conversation.
const findStanding = `
SELECT u.id, ` + access.ConversationVisible + `, coalesce(mine.state <> 'ACTIVE', false), u.shares_read_marks, coalesce(b.others, '{}')
FROM users u JOIN conversations c ON c.id = $1 LEFT JOIN participants mine ON mine.conversation_id = c.id AND mine.user_id = u.id
LEFT JOIN (SELECT user_id, array_agg(other_id) AS others FROM blocks WHERE user_id = ANY($2) AND other_id = ANY($2) GROUP BY user_id) b ON b.user_id = u.id
WHERE u.id = ANY($2)`

// Standing is how users stand to a conversation and to each other there.
func (s *Notes) Standing(ctx context.Context, conversation uuid.UUID, users []uuid.UUID) (map[uuid.UUID]presence.Standing, error) {
	rows, err := s.db.Rows(ctx, findStanding, conversation, postgres.UUIDs(users))
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	found := make(map[uuid.UUID]presence.Standing, len(users))
	for rows.Next() {
		var id uuid.UUID
		var st presence.Standing
		if err := rows.Scan(&id, &st.MayListen, &st.IsHidden, &st.SharesReadMarks, (*postgres.UUIDs)(&st.Unseen)); err != nil {
			return nil, err
		}
		found[id] = st
	}
	return found, postgres.Explain(rows.Err())
}
