package notes

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// locked are the conversations of a batch, which nobody else can write to now, and who takes part.
type locked map[uuid.UUID]*lockedConversation

type lockedConversation struct {
	seq          int64
	lastNote     uuid.UUID
	participants []uuid.UUID
}

const lockConversation = `SELECT id, seq FROM conversations WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`

const findParticipants = `SELECT conversation_id, user_id FROM participants WHERE conversation_id = ANY($1) ORDER BY conversation_id, joined_at, id`

func lockConversations(ctx context.Context, tx *postgres.Tx, drafts []*draft) (locked, error) {
	state := locked{}
	var list postgres.UUIDs
	for _, d := range drafts {
		list = append(list, d.conversation)
	}
	if len(list) == 0 {
		return state, nil
	}
	rows, err := tx.Rows(ctx, lockConversation, list)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		c := &lockedConversation{}
		if err := rows.Scan(&id, &c.seq); err != nil {
			return nil, err
		}
		state[id] = c
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	// A statement of its own: one that had to wait for the lock would still see who took part before.
	members, err := tx.Rows(ctx, findParticipants, list)
	if err != nil {
		return nil, err
	}
	defer members.Close()
	for members.Next() {
		var id, user uuid.UUID
		if err := members.Scan(&id, &user); err != nil {
			return nil, err
		}
		if c := state[id]; c != nil {
			c.participants = append(c.participants, user)
		}
	}
	return state, members.Err()
}

// admit refuses the drafts whose sender does not take part: to them the conversation does not exist.
func (l locked) admit(drafts []*draft) {
	for _, d := range drafts {
		admitted := false
		if c := l[d.conversation]; c != nil {
			for _, p := range c.participants {
				admitted = admitted || p == d.sender
			}
		}
		if !admitted {
			d.err = problem.Refuse(problem.Missing, "conversationId", "There is no such conversation.")
		}
	}
}

func (l locked) mailboxes(drafts []*draft) (list []uuid.UUID) {
	for _, d := range drafts {
		list = append(list, l[d.conversation].participants...)
	}
	return list
}

// writer collects the rows of a batch of notes. It holds the locks of their conversations and mailboxes.
type writer struct {
	batch *stream.Batch
	state locked

	notes       []*draft
	inbox       inboxRows
	parts       map[[2]uuid.UUID]*part // by conversation and user
	partList    []*part
	occurrences []notify.Occurrence
}

type inboxRows struct {
	users, notes postgres.UUIDs
	positions    []int64
}

// part is what a batch changes of one participant.
type part struct {
	conversation, user uuid.UUID
	unread             int
	position           int64
}

func newWriter(batch *stream.Batch, state locked) *writer {
	return &writer{batch: batch, state: state, parts: map[[2]uuid.UUID]*part{}}
}

func (w *writer) part(conversation, user uuid.UUID) *part {
	key := [2]uuid.UUID{conversation, user}
	p := w.parts[key]
	if p == nil {
		p = &part{conversation: conversation, user: user}
		w.parts[key] = p
		w.partList = append(w.partList, p)
	}
	return p
}

func (w *writer) add(d *draft) {
	c := w.state[d.conversation]
	c.seq++
	c.lastNote = d.id
	d.note = &Note{ID: d.id, ConversationID: d.conversation, Seq: c.seq, SenderID: d.sender, Body: d.Body,
		CreatedAt: w.batch.At().UTC(), IdempotencyKey: d.IdempotencyKey}
	if d.ReplyToID != nil {
		d.note.ReplyToID = *d.ReplyToID
	}
	w.notes = append(w.notes, d)
	for _, user := range c.participants {
		p := w.part(d.conversation, user)
		if user == d.sender {
			p.position = w.batch.Append(user, stream.NoteSent, d.id, d.sender)
			d.note.Position = p.position
			continue
		}
		p.position = w.batch.Append(user, stream.NoteReceived, d.id, d.sender)
		p.unread++
		w.inbox.users, w.inbox.notes, w.inbox.positions = append(w.inbox.users, user), append(w.inbox.notes, d.id), append(w.inbox.positions, p.position)
		w.occurrences = append(w.occurrences, notify.Occurrence{User: user, Kind: notify.Note,
			SubjectKind: ids.Conversation, Subject: d.conversation, Cause: d.id, Actor: d.sender})
	}
}

const writeNotes = `
WITH written AS (
  INSERT INTO notes (id, conversation_id, seq, sender_id, position, body, reply_to_id, idempotency_key, input_hash, created_at)
  SELECT n.id, n.conversation, n.seq, n.sender, n.position, n.body, n.reply, n.key, nullif(n.hash, ''), $10
  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::bigint[], $6::text[], $7::uuid[], $8::text[], $9::bytea[])
    AS n(id, conversation, seq, sender, position, body, reply, key, hash)
), headed AS (
  UPDATE conversations AS c SET seq = h.seq, last_note_id = h.note, updated_at = $10
  FROM unnest($11::uuid[], $12::bigint[], $13::uuid[]) AS h(id, seq, note) WHERE c.id = h.id
), delivered AS (
  INSERT INTO inbox_entries (user_id, position, note_id) SELECT * FROM unnest($14::uuid[], $15::bigint[], $16::uuid[])
)
UPDATE participants AS p SET unread_count = p.unread_count + u.n, position = u.position
FROM unnest($17::uuid[], $18::uuid[], $19::int[], $20::bigint[]) AS u(conversation, user_id, n, position)
WHERE p.conversation_id = u.conversation AND p.user_id = u.user_id
RETURNING p.user_id, u.n, p.unread_count = u.n AND u.n > 0`

// write puts all rows down in one statement, and counts what is unread now.
func (w *writer) write(ctx context.Context, tx *postgres.Tx) error {
	var idList, conversations, senders, replies postgres.UUIDs
	var seqs, positions []int64
	var bodies []string
	var keys []*string
	var hashes [][]byte
	for _, d := range w.notes {
		idList, conversations, senders = append(idList, d.id), append(conversations, d.conversation), append(senders, d.sender)
		replies, seqs, positions = append(replies, d.note.ReplyToID), append(seqs, d.note.Seq), append(positions, d.note.Position)
		bodies, keys, hashes = append(bodies, d.Body), append(keys, d.IdempotencyKey), append(hashes, d.hash)
	}
	var heads, lastNotes postgres.UUIDs
	var headSeqs []int64
	for id, c := range w.state {
		if c.lastNote != uuid.Nil {
			heads, headSeqs, lastNotes = append(heads, id), append(headSeqs, c.seq), append(lastNotes, c.lastNote)
		}
	}
	var partConversations, partUsers postgres.UUIDs
	var partUnread, partPositions []int64
	for _, p := range w.partList {
		partConversations, partUsers = append(partConversations, p.conversation), append(partUsers, p.user)
		partUnread, partPositions = append(partUnread, int64(p.unread)), append(partPositions, p.position)
	}
	rows, err := tx.Rows(ctx, writeNotes, idList, conversations, seqs, senders, positions, bodies, replies, keys, hashes, w.batch.At(),
		heads, headSeqs, lastNotes, w.inbox.users, w.inbox.positions, w.inbox.notes,
		partConversations, partUsers, partUnread, partPositions)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var user uuid.UUID
		var n int
		var becameUnread bool
		if err := rows.Scan(&user, &n, &becameUnread); err != nil {
			return err
		}
		change := stream.Unread{Notes: n}
		if becameUnread {
			change.Conversations = 1
		}
		w.batch.Count(user, change)
	}
	return rows.Err()
}
