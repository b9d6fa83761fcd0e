package notes

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// MaxTitle is the longest title of a group or a room, in code points.
const MaxTitle = 100

// making is a group or a room on its way.
type making struct {
	id           uuid.UUID
	kind         Kind
	name, title  *string
	creator      uuid.UUID
	at           time.Time
	key          *string
	hash         []byte
	madePosition int64 // of the event in the creator's log; where an earlier request has made it, of that one
}

const findMade = `SELECT id, position, input_hash FROM conversations WHERE creator_id = $1 AND kind = $2 AND idempotency_key = $3`

// find looks for what an earlier request with the same key has made.
func (m *making) find(ctx context.Context, tx *postgres.Tx) (found bool, err error) {
	if m.key == nil {
		return false, nil
	}
	var id uuid.UUID
	var position int64
	var hash []byte
	found, err = tx.Row(ctx, findMade, []any{m.creator, string(m.kind), *m.key}, &id, &position, &hash)
	if found && !bytes.Equal(hash, m.hash) {
		return true, problem.Refuse(problem.Conflict, "idempotencyKey", "This key was used with another input: send a new key.")
	}
	if found {
		m.id, m.madePosition = id, position
	}
	return found, err
}

const insertConversation = `
INSERT INTO conversations (id, kind, name, title, folded_title, creator_id, idempotency_key, input_hash, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING`

// insert makes the conversation, unless an earlier request has: then it is found.
func (m *making) insert(ctx context.Context, tx *postgres.Tx) (found bool, err error) {
	if found, err = m.find(ctx, tx); found || err != nil {
		return found, err
	}
	var folded *string
	if m.kind == Room && m.title != nil {
		folded = new(foldRoom(*m.title))
	}
	n, err := tx.Exec(ctx, insertConversation, m.id, string(m.kind), m.name, m.title, folded, m.creator, m.key, m.hash, m.at)
	if n > 0 || err != nil {
		return false, err
	}
	// Somebody was faster: this user with the same key, or anybody with the same name.
	if found, err = m.find(ctx, tx); found || err != nil {
		return found, err
	}
	return false, taken(*m.name)
}

const placeMade = `UPDATE conversations SET position = $2 WHERE id = $1`

// make makes a conversation in which the creator has others.
func (s *Notes) make(ctx context.Context, tx *postgres.Tx, v access.Viewer, m *making, others []uuid.UUID) (*Outcome, error) {
	batch := s.log.Begin(tx, m.at)
	everybody := append([]uuid.UUID{m.creator}, others...)
	if err := batch.Lock(ctx, everybody...); err != nil {
		return nil, err
	}
	var states map[uuid.UUID]State
	if len(others) > 0 {
		var err error
		if states, err = invite(ctx, tx, m.creator, others); err != nil {
			return nil, err
		}
	}
	c := &alteration{id: m.id, actor: m.creator, tx: tx, batch: batch}
	m.madePosition = c.tell(m.creator)
	j := joining{batch: batch}
	j.add(m.creator, Owner, Active, m.madePosition)
	for _, user := range others {
		j.add(user, Member, states[user], c.tell(user))
	}
	if err := j.write(ctx, tx, m.id, m.at); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, placeMade, m.id, m.madePosition); err != nil {
		return nil, err
	}
	made := &Outcome{}
	return made, s.finish(ctx, batch, v, &made.Changed)
}

// NewGroup is a group to be made.
type NewGroup struct {
	Title          *string
	Users          []uuid.UUID // beside the viewer
	IdempotencyKey *string
}

func (in *NewGroup) check(v access.Viewer) (e problem.UserErrors) {
	if in.Title != nil {
		e.Text("title", *in.Title, MaxTitle)
	}
	switch {
	case len(in.Users) == 0:
		e.Add(problem.Required, "userIds", "Name at least one user.")
	case len(in.Users) >= MaxParticipants:
		e.Add(problem.Invalid, "userIds", "A group has at most %d participants: name at most %d others.", MaxParticipants, MaxParticipants-1)
	case slices.Contains(in.Users, v.UserID):
		e.Add(problem.Invalid, "userIds", "You are in your group anyway: name others only.")
	}
	e.IdempotencyKey("idempotencyKey", in.IdempotencyKey)
	return e
}

// CreateGroup makes a group of the viewer, who owns it, and others. To whom the viewer is a stranger, it waits
// as a request. The key of an earlier group of the viewer gives that group, if the input is the same.
func (s *Notes) CreateGroup(ctx context.Context, v access.Viewer, in NewGroup) (*Outcome, error) {
	in.Users = distinct(in.Users)
	if e := in.check(v); e.About("userIds") {
		return nil, e
	} else if len(e) > 0 { // refused in any case: so that all is said at once, look at the users too
		return nil, s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
			err := checkUsers(ctx, tx, in.Users)
			if err == nil {
				_, err = invite(ctx, tx, v.UserID, in.Users)
			}
			return e.With(err)
		})
	}
	id, now := s.log.Clock.New(), s.log.Clock.Now()
	return s.create(ctx, v, func(ctx context.Context, tx *postgres.Tx) (*making, *Outcome, error) {
		m := &making{id: id, kind: Group, title: in.Title, creator: v.UserID, at: now, key: in.IdempotencyKey,
			hash: inputHash(in.IdempotencyKey, in.Title, in.Users)}
		if found, err := m.insert(ctx, tx); found || err != nil {
			return m, nil, err
		}
		if err := checkUsers(ctx, tx, in.Users); err != nil {
			return m, nil, err
		}
		made, err := s.make(ctx, tx, v, m, in.Users)
		return m, made, err
	})
}

// create runs f, which makes a conversation or finds one that was made, and reads it.
func (s *Notes) create(ctx context.Context, v access.Viewer, f func(context.Context, *postgres.Tx) (*making, *Outcome, error)) (*Outcome, error) {
	var m *making
	var result *Outcome
	err := s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
		m, result, err = f(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if result == nil { // it was made earlier
		result = &Outcome{Changed: Changed{Cursor: new(s.log.Cursor(v.UserID, m.madePosition))}}
	}
	return result, s.reread(ctx, v, m.id, result)
}

const writeTitle = `UPDATE conversations SET title = $2, folded_title = $3 WHERE id = $1 AND title IS DISTINCT FROM $2`

// Rename gives a group or a room another title. Only its owner can.
func (s *Notes) Rename(ctx context.Context, v access.Viewer, conversation uuid.UUID, title string) (*Outcome, error) {
	var e problem.UserErrors
	e.Text("title", title, MaxTitle)
	renamed, err := s.alter(ctx, v, "conversationId", conversation, nil, func(ctx context.Context, c *alteration) error {
		switch {
		case c.kind == Direct:
			return problem.Refuse(problem.NotAllowed, "conversationId", "A direct conversation has no title: make a group (createGroup) to give one.")
		case c.me() == nil || c.me().role != Owner:
			return problem.Refuse(problem.NotAllowed, "conversationId", notOwner)
		case len(e) > 0:
			return nil
		}
		var folded *string
		if c.kind == Room {
			folded = new(foldRoom(title))
		}
		n, err := c.tx.Exec(ctx, writeTitle, c.id, title, folded)
		if n == 0 || err != nil {
			return err
		}
		audience := c.audience()
		if err := c.lock(ctx, audience); err != nil {
			return err
		}
		for _, user := range audience {
			c.tell(user)
		}
		return nil
	})
	if err = e.With(err); err != nil {
		return nil, err
	}
	return renamed, nil
}
