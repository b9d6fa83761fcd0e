package notes

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// Changed is what a change of the viewer's mailbox leaves behind.
type Changed struct {
	Unread stream.Unread
	Cursor *string // of the last event that it caused in the viewer's log; nil when it caused none
}

// Block has the viewer and a user see nothing of each other from now on: what they wrote to each other is
// hidden, does not count and is not notified of, and nothing new arrives. Blocking twice is blocking once.
func (s *Notes) Block(ctx context.Context, v access.Viewer, other uuid.UUID) (*Changed, error) {
	id := s.log.Clock.New()
	return s.changeBlock(ctx, v, other, func(ctx context.Context, tx *postgres.Tx, batch *stream.Batch) error {
		began, err := accounts.Block(ctx, tx, id, v.UserID, other, batch.At())
		if err != nil || !began {
			return err
		}
		return s.separate(ctx, tx, batch, v.UserID, other)
	})
}

// Unblock takes a block back. What was written before it is there again, unless the other has blocked the
// viewer, too.
func (s *Notes) Unblock(ctx context.Context, v access.Viewer, other uuid.UUID) (*Changed, error) {
	return s.changeBlock(ctx, v, other, func(ctx context.Context, tx *postgres.Tx, batch *stream.Batch) error {
		ended, err := accounts.Unblock(ctx, tx, v.UserID, other)
		if err != nil || !ended {
			return err
		}
		return s.reunite(ctx, tx, batch, v.UserID, other)
	})
}

const (
	findUser = `SELECT id FROM users WHERE id = $1`
	// The direct conversation of two users, and the groups that one has begun and the other has not accepted.
	lockBetween = `
SELECT id FROM conversations WHERE pair = $3 OR id IN (
  SELECT p.conversation_id FROM participants p JOIN participants o ON o.conversation_id = p.conversation_id
  WHERE p.state = 'REQUEST' AND o.role = 'OWNER' AND (p.user_id = $1 AND o.user_id = $2 OR p.user_id = $2 AND o.user_id = $1))
ORDER BY id FOR NO KEY UPDATE`
)

// changeBlock runs f with the locks of all that lies between the viewer and another user.
func (s *Notes) changeBlock(ctx context.Context, v access.Viewer, other uuid.UUID, f func(context.Context, *postgres.Tx, *stream.Batch) error) (*Changed, error) {
	if other == v.UserID {
		return nil, problem.Refuse(problem.Invalid, "userId", "This is you: name another user.")
	}
	result := &Changed{}
	at := s.log.Clock.Now()
	err := s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		known, err := tx.Row(ctx, findUser, []any{other}, &other)
		if err != nil {
			return err
		}
		if !known {
			return problem.Refuse(problem.Missing, "userId", "There is no such user.")
		}
		if _, err := tx.Exec(ctx, lockBetween, v.UserID, other, pair(v.UserID, other)); err != nil {
			return err
		}
		batch := s.log.Begin(tx, at)
		if err := batch.Lock(ctx, v.UserID, other); err != nil {
			return err
		}
		if err := f(ctx, tx, batch); err != nil {
			return err
		}
		return s.finish(ctx, batch, v, result)
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// finish writes a batch and says what it has left in the viewer's mailbox.
func (s *Notes) finish(ctx context.Context, batch *stream.Batch, v access.Viewer, result *Changed) error {
	result.Unread, result.Cursor = batch.Head(v.UserID).Unread, nil
	events, err := batch.Write(ctx)
	for _, e := range events {
		if e.Topic == v.UserID {
			result.Cursor = new(s.log.Cursor(v.UserID, e.Seq))
		}
	}
	return err
}

// Between two users: both sides of each statement. Entries up to the read mark never count again, so they
// stay as they are.
const (
	hideUnread = `
WITH sides AS (
  SELECT * FROM (VALUES ($1::uuid, $2::uuid), ($2::uuid, $1::uuid)) AS s(user_id, other)
), hidden AS (
  UPDATE inbox_entries AS e SET counts = false
  FROM sides s, participants p, notes n
  WHERE p.user_id = s.user_id AND p.unread_count > 0
    AND e.user_id = p.user_id AND e.conversation_id = p.conversation_id AND e.seq > p.last_read_seq AND e.counts
    AND n.id = e.note_id AND n.sender_id = s.other
  RETURNING e.user_id, e.conversation_id
), sums AS (
  SELECT user_id, conversation_id, count(*) AS n FROM hidden GROUP BY user_id, conversation_id
)
UPDATE participants AS p SET unread_count = p.unread_count - s.n FROM sums s
WHERE p.user_id = s.user_id AND p.conversation_id = s.conversation_id
RETURNING p.user_id, p.conversation_id, -s.n, p.unread_count = 0`

	showUnread = `
WITH sides AS (
  SELECT * FROM (VALUES ($1::uuid, $2::uuid), ($2::uuid, $1::uuid)) AS s(user_id, other)
), shown AS (
  UPDATE inbox_entries AS e SET counts = true
  FROM sides s, participants p, notes n
  WHERE p.user_id = s.user_id
    AND e.user_id = p.user_id AND e.conversation_id = p.conversation_id AND e.seq > p.last_read_seq AND NOT e.counts
    AND n.id = e.note_id AND n.sender_id = s.other AND n.unsent_at IS NULL AND NOT EXISTS (SELECT FROM hidden_notes h WHERE h.user_id = s.user_id AND h.note_id = n.id)
  RETURNING e.user_id, e.conversation_id
), sums AS (
  SELECT user_id, conversation_id, count(*) AS n FROM shown GROUP BY user_id, conversation_id
)
UPDATE participants AS p SET unread_count = p.unread_count + s.n FROM sums s
WHERE p.user_id = s.user_id AND p.conversation_id = s.conversation_id
RETURNING p.user_id, p.conversation_id, s.n, p.unread_count = s.n`

	setBlocked = `
UPDATE participants AS p SET is_blocked = $4 FROM conversations c
WHERE c.pair = $3 AND p.conversation_id = c.id AND p.user_id IN ($1, $2) AND p.is_blocked <> $4
RETURNING p.user_id, p.conversation_id, 0, false`

	// What a group shows of itself changes for both, whether it is counted or not: its last note may be hidden.
	findShared = `
SELECT p.user_id, p.conversation_id, 0, false FROM participants p
JOIN participants o ON o.conversation_id = p.conversation_id JOIN conversations c ON c.id = p.conversation_id
WHERE c.kind = 'GROUP' AND p.state <> 'DECLINED' AND (p.user_id = $1 AND o.user_id = $2 OR p.user_id = $2 AND o.user_id = $1)
ORDER BY p.conversation_id, p.user_id`

	findBegun = `
SELECT p.user_id, p.conversation_id FROM participants p
JOIN participants o ON o.conversation_id = p.conversation_id JOIN conversations c ON c.id = p.conversation_id
WHERE p.state = 'REQUEST' AND o.role = 'OWNER' AND c.kind = 'GROUP' AND (p.user_id = $1 AND o.user_id = $2 OR p.user_id = $2 AND o.user_id = $1)`
)

// separate hides from two users what each has written to the other.
func (s *Notes) separate(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, a, b uuid.UUID) error {
	var touched touches
	if err := touched.run(ctx, tx, batch, setBlocked, a, b, pair(a, b), true); err != nil {
		return err
	}
	if err := touched.run(ctx, tx, batch, hideUnread, a, b); err != nil {
		return err
	}
	if err := touched.run(ctx, tx, batch, findShared, a, b); err != nil {
		return err
	}
	begun, err := requestsBetween(ctx, tx, a, b)
	if err != nil {
		return err
	}
	if err := decline(ctx, tx, batch, &touched, begun); err != nil {
		return err
	}
	touched.tell(batch)
	return s.bell.RetractActors(ctx, tx, batch, []notify.Between{{User: a, Actor: b}, {User: b, Actor: a}})
}

// reunite shows two users again what each has written to the other. What was not read before counts again.
func (s *Notes) reunite(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, a, b uuid.UUID) error {
	var touched touches
	if err := touched.run(ctx, tx, batch, setBlocked, a, b, pair(a, b), false); err != nil {
		return err
	}
	if err := touched.run(ctx, tx, batch, showUnread, a, b); err != nil {
		return err
	}
	if err := touched.run(ctx, tx, batch, findShared, a, b); err != nil {
		return err
	}
	touched.tell(batch)
	return nil
}

// touch is a user's part in a conversation.
type touch struct{ user, conversation uuid.UUID }

// touches are the parts that a transaction has changed, each once, in the order in which that happened.
type touches struct {
	list []touch
	seen map[touch]bool
}

func (l *touches) add(t touch) {
	if !l.seen[t] {
		if l.seen == nil {
			l.seen = map[touch]bool{}
		}
		l.seen[t] = true
		l.list = append(l.list, t)
	}
}

// run runs a statement that changes parts and returns of each the user, the conversation, by how much its
// unread notes change, and whether the conversation has begun or ceased to have some. It moves the counters.
func (l *touches) run(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, statement string, args ...any) error {
	rows, err := tx.Rows(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var t touch
		var change stream.Unread
		var turned bool
		if err := rows.Scan(&t.user, &t.conversation, &change.Notes, &turned); err != nil {
			return err
		}
		switch {
		case turned && change.Notes > 0:
			change.Conversations = 1
		case turned && change.Notes < 0:
			change.Conversations = -1
		}
		batch.Count(t.user, change)
		l.add(t)
	}
	return rows.Err()
}

// tell has the devices of each user look at the conversation again. It does not say why.
func (l *touches) tell(batch *stream.Batch) {
	for _, t := range l.list {
		batch.Append(t.user, stream.ConversationChanged, t.conversation, uuid.Nil)
		batch.Ring(t.conversation) // for who looks at who is present there
	}
}
