package notes

import (
	"context"

	"github.com/google/uuid"

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

const readRecipients = `
SELECT w.i, u.id,
  EXISTS (SELECT FROM blocks b WHERE b.user_id = u.id AND b.other_id = w.sender),
  EXISTS (SELECT FROM participants p JOIN conversations c ON c.id = p.conversation_id
    WHERE c.pair = w.pair AND p.user_id = u.id AND p.state = 'ACTIVE')
  OR EXISTS (SELECT FROM participants p JOIN participants o ON o.conversation_id = p.conversation_id JOIN conversations c ON c.id = p.conversation_id
    WHERE p.user_id = u.id AND p.state = 'ACTIVE' AND o.user_id = w.sender AND o.state = 'ACTIVE' AND c.kind = 'GROUP')
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) AS w(sender, recipient, pair, i)
JOIN users u ON u.id = w.recipient`

// findRecipients looks up whom drafts are addressed to: for each draft, those who exist.
func findRecipients(ctx context.Context, tx *postgres.Tx, drafts []*draft) ([]recipients, error) {
	var senders, users postgres.UUIDs
	var pairs []string
	var order []int64
	for i, d := range drafts {
		for _, to := range d.To {
			senders, users = append(senders, d.sender), append(users, to)
			pairs, order = append(pairs, pair(d.sender, to)), append(order, int64(i))
		}
	}
	rows, err := tx.Rows(ctx, readRecipients, senders, users, pairs, order)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make([]recipients, len(drafts))
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
			return problem.Refuse(problem.NotAllowed, "toUserIds", "You cannot write to one of these users.")
		}
	}
	return nil
}
