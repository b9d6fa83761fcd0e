package notes

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

const (
	// MaxBody is the longest note, in code points.
	MaxBody = 10_000
	// MaxParticipants of a conversation: each of them gets an event for each note.
	MaxParticipants = 200
)

// Outgoing is a note to be sent. Exactly one of To and ConversationID says where.
type Outgoing struct {
	To             []uuid.UUID // users; one: the direct conversation, several: a new group. nil when left out
	ConversationID *uuid.UUID
	Body           string
	ReplyToID      *uuid.UUID
	IdempotencyKey *string
}

// Sent is the result of sending a note.
type Sent struct {
	Note   *Note  // nil when a key found one that its author can see no more
	Cursor string // of the event NoteSent in the sender's log
}

// Send writes a note, tells its recipients and counts it as unread for them, all in one transaction. A note
// with the idempotencyKey of an earlier one of the same sender is that note, if the input is the same, and
// CONFLICT otherwise.
func (s *Notes) Send(ctx context.Context, v access.Viewer, in Outgoing) (*Sent, error) {
	in.To = distinct(in.To)
	d := &draft{Outgoing: in, id: s.log.Clock.New(), conversation: s.log.Clock.New(), sender: v.UserID, hash: in.hash()}
	if in.ConversationID != nil {
		d.conversation = *in.ConversationID
	}
	if e := in.check(v); len(e) > 0 {
		return nil, s.refuse(ctx, d, e)
	}
	at := s.log.Clock.Now()
	err := s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		return s.send(ctx, tx, at, []*draft{d})
	})
	if err != nil {
		return nil, err
	}
	if d.err != nil {
		return nil, d.err
	}
	sent := &Sent{Note: d.note, Cursor: s.log.Cursor(v.UserID, d.note.Position)}
	if d.note.ID != d.id { // of an earlier request: the author may have left since, or have deleted it
		found, err := s.NotesByIDs(ctx, v, []uuid.UUID{d.note.ID})
		if err != nil {
			return nil, err
		}
		sent.Note = found[d.note.ID]
	}
	return sent, nil
}

// refuse looks at where a note was to go, too, of which something is wrong in any case: all is said at once. What
// that writes goes with the transaction.
func (s *Notes) refuse(ctx context.Context, d *draft, e problem.UserErrors) error {
	if e.About("toUserIds") {
		return e
	}
	if e.About("replyToId") {
		d.ReplyToID = nil
	}
	if e.About("idempotencyKey") {
		d.IdempotencyKey = nil
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := s.examine(ctx, tx, s.log.Clock.Now(), []*draft{d}); err != nil {
			return err
		}
		return e.With(d.err)
	})
}

func (in *Outgoing) check(v access.Viewer) (e problem.UserErrors) {
	switch {
	case in.To == nil && in.ConversationID == nil:
		e.Add(problem.Required, "toUserIds", "Say where the note goes: give toUserIds or conversationId.")
	case in.To != nil && in.ConversationID != nil:
		e.Add(problem.Invalid, "toUserIds", "Give toUserIds or conversationId, not both.")
	case in.To != nil && len(in.To) == 0:
		e.Add(problem.Required, "toUserIds", "Name at least one recipient.")
	case len(in.To) >= MaxParticipants:
		e.Add(problem.Invalid, "toUserIds", "A note goes to at most %d users at once.", MaxParticipants-1)
	case slices.Contains(in.To, v.UserID):
		e.Add(problem.Invalid, "toUserIds", "A note to yourself cannot be sent: name somebody else.")
	case slices.Contains(in.To, uuid.Nil):
		e.Add(problem.Missing, "toUserIds", "There is no such user.")
	}
	if in.ReplyToID != nil && in.ConversationID == nil && len(in.To) > 1 {
		e.Add(problem.Invalid, "replyToId", "The first note of a new group answers none: leave replyToId out.")
	}
	e.Text("body", in.Body, MaxBody)
	e.IdempotencyKey("idempotencyKey", in.IdempotencyKey)
	return e
}

// hash is of the input but its key: it tells a repetition from another note.
func (in *Outgoing) hash() []byte {
	return inputHash(in.IdempotencyKey, in.To, in.ConversationID, in.Body, in.ReplyToID)
}

// inputHash tells a repetition of an input from another input under the same key; nil without a key.
func inputHash(key *string, input ...any) []byte {
	if key == nil {
		return nil
	}
	b, _ := json.Marshal(input)
	h := sha256.Sum256(b)
	return h[:]
}

// distinct are the users of a list in the order of their ids, each once; nil stays nil.
func distinct(list []uuid.UUID) []uuid.UUID {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(list)
}

// pair is the key of the direct conversation of two users.
func pair(a, b uuid.UUID) string {
	x, y := a.String(), b.String()
	if x > y {
		x, y = y, x
	}
	return x + ":" + y
}
