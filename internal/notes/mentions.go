package notes

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/postgres"
)

// mentions are who is named in a note of a room, and is to be told.
type mentions map[*draft][]uuid.UUID

const findNamed = `
SELECT m.i, u.id FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[]) AS m(conversation, username, sender, i)
JOIN users u ON u.username = m.username AND u.id <> m.sender
JOIN participants p ON p.conversation_id = m.conversation AND p.user_id = u.id AND NOT p.is_muted
WHERE NOT EXISTS (SELECT FROM blocks b WHERE b.user_id = u.id AND b.other_id = m.sender)`

// findMentions finds who is named, as @username, in notes to rooms: participants who have not muted the room.
func findMentions(ctx context.Context, tx *postgres.Tx, state locked, drafts []*draft) (mentions, error) {
	var conversations, senders postgres.UUIDs
	var names []string
	var order []int64
	for i, d := range drafts {
		if state[d.conversation].kind != Room {
			continue
		}
		for _, name := range accounts.NamesIn(d.Body) {
			conversations, senders = append(conversations, d.conversation), append(senders, d.sender)
			names, order = append(names, name), append(order, int64(i))
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	rows, err := tx.Rows(ctx, findNamed, conversations, names, senders, order)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := mentions{}
	for rows.Next() {
		var i int
		var user uuid.UUID
		if err := rows.Scan(&i, &user); err != nil {
			return nil, err
		}
		found[drafts[i]] = append(found[drafts[i]], user)
	}
	return found, rows.Err()
}
