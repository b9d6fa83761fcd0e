package notes

import (
	"context"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
)

// mentions are who is named in a note of a room, and is to be told.
type mentions map[*draft][]uuid.UUID

// A name counts where no letter, digit or `_` stands before it: not in an address of mail. What is too long
// for a name names nobody, rather than whoever has its beginning for a name.
var mention = regexp.MustCompile(`(?:^|[^\pL\pN_])@([A-Za-z0-9_]{3,})`)

const maxUsername = 30

// maxMentions of one note are told: naming everybody is not for the one who writes.
const maxMentions = 20

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
		for _, name := range namesIn(d.Body) {
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

// namesIn are the usernames that a text mentions, each once, in lower case, at most maxMentions.
func namesIn(body string) (names []string) {
	seen := map[string]bool{}
	for _, m := range mention.FindAllStringSubmatch(body, -1) {
		if name := strings.ToLower(m[1]); len(name) <= maxUsername && !seen[name] && len(names) < maxMentions {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}
