package notes

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// draft is a note on its way, and what became of it: note or err.
type draft struct {
	Outgoing
	id           uuid.UUID
	sender       uuid.UUID
	conversation uuid.UUID // for a new one: the id it gets, unless somebody else has made it meanwhile
	hash         []byte

	note *Note
	err  error // of this draft alone: the others are not concerned
}

// examine finds what earlier requests have sent, finds or makes the conversations of the others and locks them.
// Refusals are put into the drafts.
func (s *Notes) examine(ctx context.Context, tx *postgres.Tx, at time.Time, drafts []*draft) (locked, error) {
	for _, d := range drafts {
		d.note, d.err = nil, nil // the transaction may run again
	}
	if err := s.repeated(ctx, tx, drafts); err != nil {
		return nil, err
	}
	if err := s.makeConversations(ctx, tx, at, open(drafts)); err != nil {
		return nil, err
	}
	conversations, senders := where(open(drafts))
	state, err := lockConversations(ctx, tx, conversations, senders)
	if err != nil {
		return nil, err
	}
	state.admit(open(drafts))
	return state, checkReplies(ctx, tx, open(drafts))
}

// send writes any number of notes in one transaction. It takes the locks of all writers in their order:
// conversations, then mailboxes. Refusals are put into the drafts.
func (s *Notes) send(ctx context.Context, tx *postgres.Tx, at time.Time, drafts []*draft) error {
	state, err := s.examine(ctx, tx, at, drafts)
	if err != nil {
		return err
	}
	accepted := open(drafts)
	if len(accepted) == 0 {
		return nil
	}
	named, err := findMentions(ctx, tx, state, accepted)
	if err != nil {
		return err
	}
	batch := s.log.Begin(tx, at)
	if err := batch.Lock(ctx, state.topics(accepted, named)...); err != nil {
		return err
	}
	w := newWriter(batch, state, named)
	for _, d := range accepted {
		w.add(d)
	}
	if err := w.write(ctx, tx); err != nil {
		if postgres.ViolatedConstraint(err) == "note_sender_id_idempotency_key" {
			return postgres.ErrAgain // the same key was sent at the same time: run again and find its note
		}
		return err
	}
	if err := s.bell.Raise(ctx, tx, batch, w.occurrences); err != nil {
		return err
	}
	_, err = batch.Write(ctx)
	return err
}

// open are the drafts that are neither done nor refused.
func open(drafts []*draft) []*draft {
	var o []*draft
	for _, d := range drafts {
		if d.note == nil && d.err == nil {
			o = append(o, d)
		}
	}
	return o
}

// where are the conversations of drafts, and who writes there.
func where(drafts []*draft) (conversations, senders []uuid.UUID) {
	for _, d := range drafts {
		conversations, senders = append(conversations, d.conversation), append(senders, d.sender)
	}
	return conversations, senders
}

const findRepeated = `
SELECT k.i, ` + noteColumns + `, n.input_hash FROM unnest($1::uuid[], $2::text[], $3::int[]) AS k(sender, key, i)
JOIN notes n ON n.sender_id = k.sender AND n.idempotency_key = k.key`

// repeated finds the notes that an earlier request with the same key has made.
func (s *Notes) repeated(ctx context.Context, tx *postgres.Tx, drafts []*draft) error {
	var senders postgres.UUIDs
	var keys []string
	var order []int64
	first := map[string]bool{}
	for i, d := range drafts {
		if d.IdempotencyKey == nil {
			continue
		}
		id := d.sender.String() + *d.IdempotencyKey
		if first[id] {
			d.err = problem.Refuse(problem.Conflict, "idempotencyKey", "This key is being used by another note at this moment: send it again.")
			continue
		}
		first[id] = true
		senders, keys, order = append(senders, d.sender), append(keys, *d.IdempotencyKey), append(order, int64(i))
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := tx.Rows(ctx, findRepeated, senders, keys, order)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var hash []byte
		n, err := scanNote(rows, []any{&i}, &hash)
		if err != nil {
			return err
		}
		if d := drafts[i]; bytes.Equal(hash, d.hash) {
			d.note = n
		} else {
			d.err = problem.Refuse(problem.Conflict, "idempotencyKey", "This key was used for another note: send a new key with a new note.")
		}
	}
	return rows.Err()
}

// Each for the sender who answers it.
var findReplied = `
SELECT r.i, n.conversation_id FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS r(sender, note, i)
JOIN notes n ON n.id = r.note AND ` + strings.ReplaceAll(access.NoteVisible, "$1", "r.sender")

const noSuchReply = "There is no such note in this conversation."

// checkReplies refuses what answers a note of another conversation, or one that its sender cannot see.
func checkReplies(ctx context.Context, tx *postgres.Tx, drafts []*draft) error {
	var senders, list postgres.UUIDs
	var order []int64
	for i, d := range drafts {
		if d.ReplyToID != nil {
			senders, list, order = append(senders, d.sender), append(list, *d.ReplyToID), append(order, int64(i))
		}
	}
	if len(list) == 0 {
		return nil
	}
	rows, err := tx.Rows(ctx, findReplied, senders, list, order)
	if err != nil {
		return err
	}
	defer rows.Close()
	where := make([]uuid.UUID, len(drafts))
	for rows.Next() {
		var i int
		var conversation uuid.UUID
		if err := rows.Scan(&i, &conversation); err != nil {
			return err
		}
		where[i] = conversation
	}
	for i, d := range drafts {
		if d.ReplyToID != nil && where[i] != d.conversation {
			d.err = problem.Refuse(problem.Missing, "replyToId", noSuchReply)
		}
	}
	return rows.Err()
}
