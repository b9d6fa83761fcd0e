package notes

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// locked are the conversations of a batch, which nobody else can write to now, and who takes part.
type locked map[uuid.UUID]*lockedConversation

type lockedConversation struct {
	kind     Kind
	seq      int64
	lastNote uuid.UUID
	members  []*member // of a room, only those who were asked for
}

// member is a participant of a locked conversation.
type member struct {
	user      uuid.UUID
	role      Role
	state     State
	isMuted   bool
	isBlocked bool           // in a direct conversation: one has blocked the other
	unseen    postgres.UUIDs // those of the senders whom this user does not see, or the other way round
}

// hears says that what a sender writes arrives.
func (m *member) hears(sender uuid.UUID) bool {
	return m.state != Declined && !slices.Contains(m.unseen, sender)
}

func (c *lockedConversation) member(user uuid.UUID) *member {
	for _, m := range c.members {
		if m.user == user {
			return m
		}
	}
	return nil
}

const lockConversation = `SELECT id, kind, seq FROM conversations WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`

const findMembers = `
SELECT p.conversation_id, p.user_id, p.role, p.state, p.is_muted, p.is_blocked,
  ARRAY(SELECT b.other_id FROM blocks b WHERE b.user_id = p.user_id AND b.other_id = ANY($2))
FROM participants p JOIN conversations c ON c.id = p.conversation_id
WHERE p.conversation_id = ANY($1) AND (c.kind <> 'ROOM' OR p.user_id = ANY($2))
ORDER BY p.conversation_id, p.joined_at, p.id`

// lockConversations locks conversations and finds who takes part, as it is then. senders are those who are
// about to write; of rooms, nobody else is looked up.
func lockConversations(ctx context.Context, tx *postgres.Tx, list, senders []uuid.UUID) (locked, error) {
	state := locked{}
	if len(list) == 0 {
		return state, nil
	}
	rows, err := tx.Rows(ctx, lockConversation, postgres.UUIDs(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		c := &lockedConversation{}
		if err := rows.Scan(&id, &c.kind, &c.seq); err != nil {
			return nil, err
		}
		state[id] = c
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	// A statement of its own: one that had to wait for the lock would still see who took part before.
	members, err := tx.Rows(ctx, findMembers, postgres.UUIDs(list), postgres.UUIDs(senders))
	if err != nil {
		return nil, err
	}
	defer members.Close()
	for members.Next() {
		var id uuid.UUID
		m := &member{}
		if err := members.Scan(&id, &m.user, &m.role, &m.state, &m.isMuted, &m.isBlocked, &m.unseen); err != nil {
			return nil, err
		}
		if c := state[id]; c != nil {
			c.members = append(c.members, m)
		}
	}
	return state, members.Err()
}

const (
	noConversation = "There is no such conversation."
	notReachable   = "You cannot write to this user."
)

// admit refuses the drafts whose sender does not take part: to them the conversation does not exist. What
// keeps two users apart is not said.
func (l locked) admit(drafts []*draft) {
	for _, d := range drafts {
		c := l[d.conversation]
		switch {
		case c == nil:
			d.err = problem.Refuse(problem.Missing, "conversationId", noConversation)
		case c.member(d.sender) == nil && c.kind == Room:
			d.err = problem.Refuse(problem.NotAllowed, "conversationId", "Join the room before you write in it.")
		case c.member(d.sender) == nil:
			d.err = problem.Refuse(problem.Missing, "conversationId", noConversation)
		case c.member(d.sender).isBlocked && d.ConversationID == nil:
			d.err = problem.Refuse(problem.NotAllowed, "toUserIds", notReachable)
		case c.member(d.sender).isBlocked:
			d.err = problem.Refuse(problem.NotAllowed, "conversationId", notReachable)
		}
	}
}

// topics are the logs that the drafts are written to: those of all who take part, and of rooms.
func (l locked) topics(drafts []*draft, named mentions) (list []uuid.UUID) {
	for _, d := range drafts {
		c := l[d.conversation]
		if c.kind == Room {
			list = append(list, d.conversation, d.sender)
			list = append(list, named[d]...)
			continue
		}
		for _, m := range c.members {
			list = append(list, m.user)
		}
	}
	return list
}
