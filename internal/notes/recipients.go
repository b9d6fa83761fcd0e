package notes

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// recipient is a user with whom somebody begins a conversation.
type recipient struct {
	user      uuid.UUID
	isBlocked bool // one of the two has blocked the other
	knows     bool // the recipient has written to the other, has accepted the other, or shares a group with the other
}

// state is how the recipient stands to the new conversation.
func (r recipient) state() State {
	if r.knows {
		return Active
	}
	return Request
}

type recipients []recipient

// OFFSET 0 has each question answered by an index: without it the planner may put whole tables into a hash.
const readRecipients = `
SELECT w.i, u.id,
  EXISTS (SELECT FROM blocks b WHERE b.user_id = u.id AND b.other_id = w.sender OFFSET 0),
  EXISTS (SELECT FROM participants p JOIN conversations c ON c.id = p.conversation_id
    WHERE c.pair = w.pair AND p.user_id = u.id AND p.state = 'ACTIVE' OFFSET 0)
  OR EXISTS (SELECT FROM participants p JOIN participants o ON o.conversation_id = p.conversation_id JOIN conversations c ON c.id = p.conversation_id
    WHERE p.user_id = u.id AND p.state = 'ACTIVE' AND o.user_id = w.sender AND o.state = 'ACTIVE' AND c.kind = 'GROUP' OFFSET 0)
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) AS w(sender, recipient, pair, i)
JOIN users u ON u.id = w.recipient`

// invitation is a user's wish to begin a conversation with others, or to have them in one.
type invitation struct {
	by uuid.UUID
	to []uuid.UUID
}

// findRecipients looks up whom invitations are for: for each invitation, those who exist. What keeps users
// apart, and whether they know each other, changes only under both users' mailbox locks.
func findRecipients(ctx context.Context, tx *postgres.Tx, list []invitation) ([]recipients, error) {
	var senders, users postgres.UUIDs
	var pairs []string
	var order []int64
	for i, in := range list {
		for _, to := range in.to {
			senders, users = append(senders, in.by), append(users, to)
			pairs, order = append(pairs, pair(in.by, to)), append(order, int64(i))
		}
	}
	rows, err := tx.Rows(ctx, readRecipients, senders, users, pairs, order)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make([]recipients, len(list))
	for rows.Next() {
		var i int
		var r recipient
		if err := rows.Scan(&i, &r.user, &r.isBlocked, &r.knows); err != nil {
			return nil, err
		}
		found[i] = append(found[i], r)
	}
	return found, rows.Err()
}

const findUsers = `SELECT id FROM users WHERE id = ANY($1)`

// checkUsers refuses users who do not exist.
func checkUsers(ctx context.Context, tx *postgres.Tx, users []uuid.UUID) error {
	exist, err := postgres.Column[uuid.UUID](tx.Rows(ctx, findUsers, postgres.UUIDs(users)))
	if err != nil {
		return err
	}
	var e problem.UserErrors
	for _, u := range users {
		switch {
		case slices.Contains(exist, u):
		case u == uuid.Nil:
			e.Add(problem.Missing, "userIds", "One of these is not the identifier of a user.")
		default:
			e.Add(problem.Missing, "userIds", "There is no such user: %s.", ids.Encode(ids.User, u))
		}
	}
	return e.Err()
}

// invite finds how users stand to a conversation in which one user wants to have them: as a request, where
// that is a stranger. It refuses those who are kept apart from that user. Their mailboxes must be locked.
func invite(ctx context.Context, tx *postgres.Tx, by uuid.UUID, users []uuid.UUID) (map[uuid.UUID]State, error) {
	found, err := findRecipients(ctx, tx, []invitation{{by, users}})
	if err != nil {
		return nil, err
	}
	states := make(map[uuid.UUID]State, len(users))
	for _, r := range found[0] {
		if r.isBlocked {
			return nil, problem.Refuse(problem.NotAllowed, "userIds", "You cannot have one of these users in a conversation: name the others only.")
		}
		states[r.user] = r.state()
	}
	return states, nil
}

// refusal says why a conversation with these cannot be begun, or is nil. What keeps two users apart is not
// said.
func (l recipients) refusal(d *draft) error {
	if len(l) < len(d.To) {
		return problem.Refuse(problem.Missing, "toUserIds", "There is no such user.")
	}
	for _, r := range l {
		switch {
		case r.isBlocked && len(l) == 1:
			return problem.Refuse(problem.NotAllowed, "toUserIds", notReachable)
		case r.isBlocked:
			return problem.Refuse(problem.NotAllowed, "toUserIds", "You cannot write to one of these users: name the others only.")
		}
	}
	return nil
}
