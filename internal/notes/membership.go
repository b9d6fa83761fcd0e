package notes

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// Outcome is what making, changing, joining or leaving a conversation gives.
type Outcome struct {
	Changed
	Conversation *Conversation // as it is now; nil when the viewer cannot see it any more
}

// alteration is one run of a transaction that changes who takes part in a conversation, or its title. It holds
// the lock of the conversation, and from lock on those of the mailboxes.
type alteration struct {
	*lockedConversation
	id    uuid.UUID
	actor uuid.UUID
	tx    *postgres.Tx
	batch *stream.Batch
	begun bool // the mailboxes are locked: there is something to change
}

// me is the actor's part; nil for who only looks into a room.
func (c *alteration) me() *member { return c.member(c.actor) }

// audience are those who hear of a change by an event: all members of a group. A room has too many; of it
// hears who acts, and whom it concerns.
func (c *alteration) audience(concerned ...uuid.UUID) []uuid.UUID {
	list := []uuid.UUID{c.actor}
	if c.kind != Room {
		for _, m := range c.members {
			if m.state != Declined {
				list = append(list, m.user)
			}
		}
	}
	return distinct(append(list, concerned...))
}

// lock locks the mailboxes of those who are to hear of the change.
func (c *alteration) lock(ctx context.Context, users []uuid.UUID) error {
	c.begun = true
	return c.batch.Lock(ctx, users...)
}

// tell appends the event of the change to a log.
func (c *alteration) tell(user uuid.UUID) (position int64) {
	return c.batch.Append(user, stream.ConversationChanged, c.id, c.actor)
}

// alter runs f on a locked conversation that the viewer may see, and reads what became of it. others are
// users whose part in a room f needs to know. field is blamed where there is no such conversation.
func (s *Notes) alter(ctx context.Context, v access.Viewer, field string, id uuid.UUID, others []uuid.UUID, f func(context.Context, *alteration) error) (*Outcome, error) {
	result := &Outcome{}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		*result = Outcome{}
		state, err := lockConversations(ctx, tx, []uuid.UUID{id}, append(others, v.UserID))
		if err != nil {
			return err
		}
		c := &alteration{lockedConversation: state[id], id: id, actor: v.UserID, tx: tx, batch: s.log.Begin(tx, s.log.Clock.Now())}
		if c.lockedConversation == nil || c.kind != Room && (c.me() == nil || c.me().isBlocked) {
			return problem.Refuse(problem.Missing, field, noConversation)
		}
		if err := f(ctx, c); err != nil || !c.begun {
			return err
		}
		return s.finish(ctx, c.batch, v, &result.Changed)
	})
	if err != nil {
		return nil, err
	}
	return result, s.reread(ctx, v, id, result)
}

// reread finds the conversation as the viewer sees it after a change.
func (s *Notes) reread(ctx context.Context, v access.Viewer, id uuid.UUID, into *Outcome) error {
	found, err := s.ConversationsByIDs(ctx, v, []uuid.UUID{id})
	into.Conversation = found[id]
	return err
}

// joining are new participants.
type joining struct {
	batch      *stream.Batch
	ids, users postgres.UUIDs
	roles      []string
	states     []string
	positions  []int64
}

func (j *joining) add(user uuid.UUID, role Role, state State, position int64) {
	j.ids, j.users = append(j.ids, j.batch.New()), append(j.users, user)
	j.roles, j.states, j.positions = append(j.roles, string(role)), append(j.states, string(state)), append(j.positions, position)
}

// What was written before somebody joined a room is not unread, though it can be read.
const writeJoining = `
WITH counted AS (
  UPDATE conversations SET participant_count = participant_count + cardinality($3::uuid[]) WHERE id = $1 AND kind = 'ROOM'
)
INSERT INTO participants (id, conversation_id, user_id, role, state, position, joined_at, joined_seq, last_read_seq)
SELECT p.id, c.id, p.user_id, p.role, p.state, p.position, $7, c.seq, CASE WHEN c.kind = 'ROOM' THEN c.seq ELSE 0 END
FROM conversations c, unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[]) AS p(id, user_id, role, state, position)
WHERE c.id = $1`

func (j *joining) write(ctx context.Context, tx *postgres.Tx, conversation uuid.UUID, at time.Time) error {
	_, err := tx.Exec(ctx, writeJoining, conversation, j.ids, j.users, j.roles, j.states, j.positions, at)
	return err
}

// AddParticipants adds users to a group. They see what is written from then on; to whom the viewer is a
// stranger, the group waits as a request. Who is in it already stays as they are.
func (s *Notes) AddParticipants(ctx context.Context, v access.Viewer, conversation uuid.UUID, users []uuid.UUID) (*Outcome, error) {
	users = distinct(users)
	var e problem.UserErrors
	switch {
	case len(users) == 0:
		e.Add(problem.Required, "userIds", "Name at least one user.")
	case len(users) >= MaxParticipants:
		e.Add(problem.Invalid, "userIds", "At most %d users can be added at once.", MaxParticipants-1)
	}
	result, err := s.alter(ctx, v, "conversationId", conversation, nil, func(ctx context.Context, c *alteration) error {
		switch {
		case c.kind == Room:
			return problem.Refuse(problem.NotAllowed, "conversationId", "Nobody can be added to a room: everybody can join it by its name.")
		case c.kind == Direct:
			return problem.Refuse(problem.NotAllowed, "conversationId", "A direct conversation is between two: make a group (createGroup).")
		case c.me().state != Active:
			return problem.Refuse(problem.NotAllowed, "conversationId", "Accept the request before you add others.")
		case len(e) > 0:
			return nil
		}
		added := slices.DeleteFunc(slices.Clone(users), func(u uuid.UUID) bool { return c.member(u) != nil })
		if len(added) == 0 {
			return nil
		}
		if err := checkUsers(ctx, c.tx, added); err != nil {
			return err
		}
		if n := len(c.members) + len(added); n > MaxParticipants {
			return problem.Refuse(problem.Invalid, "userIds", "A group has at most %d participants; this would make %d.", MaxParticipants, n)
		}
		audience := c.audience(added...)
		if err := c.lock(ctx, audience); err != nil {
			return err
		}
		states, err := invite(ctx, c.tx, c.actor, added)
		if err != nil {
			return err
		}
		j := joining{batch: c.batch}
		for _, user := range audience {
			if position := c.tell(user); states[user] != "" {
				j.add(user, Member, states[user], position)
			}
		}
		return j.write(ctx, c.tx, c.id, c.batch.At())
	})
	if err = e.With(err); err != nil {
		return nil, err
	}
	return result, nil
}

const notOwner = "Only the owner can do this."

// RemoveParticipant removes a user from a group or a room. Only its owner can.
func (s *Notes) RemoveParticipant(ctx context.Context, v access.Viewer, conversation, user uuid.UUID) (*Outcome, error) {
	if user == v.UserID {
		return nil, problem.Refuse(problem.Invalid, "userId", "You cannot remove yourself: leave (leaveConversation).")
	}
	return s.alter(ctx, v, "conversationId", conversation, []uuid.UUID{user}, func(ctx context.Context, c *alteration) error {
		switch {
		case c.kind == Direct:
			return problem.Refuse(problem.NotAllowed, "conversationId", "Nobody can be removed from a direct conversation: block the user (blockUser).")
		case c.me() == nil || c.me().role != Owner:
			return problem.Refuse(problem.NotAllowed, "conversationId", notOwner)
		case c.member(user) == nil:
			return problem.Refuse(problem.Missing, "userId", "This user does not take part.")
		}
		return s.part(ctx, c, user, uuid.Nil)
	})
}

// Leave ends the viewer's part in a group or a room. When the owner leaves, who has been in it longest becomes
// the owner; when the last one leaves a group, its notes stay behind and nobody can read them.
func (s *Notes) Leave(ctx context.Context, v access.Viewer, conversation uuid.UUID) (*Outcome, error) {
	return s.alter(ctx, v, "conversationId", conversation, nil, func(ctx context.Context, c *alteration) error {
		switch {
		case c.kind == Direct:
			return problem.Refuse(problem.NotAllowed, "conversationId", "A direct conversation cannot be left: put it into the archive (archiveConversation).")
		case c.me() == nil:
			return problem.Refuse(problem.NotAllowed, "conversationId", "You have not joined this room.")
		}
		heir, err := c.heir(ctx)
		if err != nil {
			return err
		}
		return s.part(ctx, c, c.actor, heir)
	})
}

// Who has accepted comes before who has not.
const findHeir = `SELECT user_id FROM participants WHERE conversation_id = $1 AND user_id <> $2 ORDER BY state <> 'ACTIVE', id LIMIT 1`

// heir is who becomes the owner when the actor leaves; nil when nobody does.
func (c *alteration) heir(ctx context.Context) (user uuid.UUID, err error) {
	if c.me().role == Owner {
		_, err = c.tx.Row(ctx, findHeir, []any{c.id, c.actor}, &user)
	}
	return user, err
}

const writeParting = `
WITH gone AS (
  DELETE FROM participants WHERE conversation_id = $1 AND user_id = $2 RETURNING unread_count
), forgotten AS (
  DELETE FROM inbox_entries WHERE conversation_id = $1 AND user_id = $2
), inherited AS (
  UPDATE participants SET role = 'OWNER' WHERE conversation_id = $1 AND user_id = $3
), counted AS (
  UPDATE conversations SET participant_count = participant_count - 1 WHERE id = $1 AND kind = 'ROOM'
)
SELECT unread_count FROM gone`

// part ends a user's part, with all that the user was told of it and has not read.
func (s *Notes) part(ctx context.Context, c *alteration, user, heir uuid.UUID) error {
	concerned := []uuid.UUID{user}
	if heir != uuid.Nil {
		concerned = append(concerned, heir)
	}
	audience := c.audience(concerned...)
	if err := c.lock(ctx, audience); err != nil {
		return err
	}
	var unread int
	if _, err := c.tx.Row(ctx, writeParting, []any{c.id, user, heir}, &unread); err != nil {
		return err
	}
	if unread > 0 {
		c.batch.Count(user, stream.Unread{Notes: -unread, Conversations: -1})
	}
	if err := s.bell.ReadSubject(ctx, c.tx, c.batch, notify.Note, c.id, user); err != nil {
		return err
	}
	for _, u := range audience {
		c.tell(u)
	}
	c.batch.Ring(c.id) // who looks at who is present looks again who may
	return nil
}
