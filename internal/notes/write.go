package notes

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// writer collects the rows of a batch of notes. It holds the locks of their conversations and mailboxes.
type writer struct {
	batch *stream.Batch
	state locked
	named mentions

	notes       []*draft
	inbox       inboxRows
	parts       map[[2]uuid.UUID]*part // by conversation and user
	partList    []*part
	occurrences []notify.Occurrence
}

type inboxRows struct {
	users, notes, conversations, senders postgres.UUIDs
	positions, seqs                      []int64
}

// part is what a batch changes of one participant.
type part struct {
	conversation, user uuid.UUID
	unread             int
	position           int64
	readSeq            int64 // 0: as it was
	answers            bool  // the user has written: whoever began the conversation is no stranger any more
}

func newWriter(batch *stream.Batch, state locked, named mentions) *writer {
	return &writer{batch: batch, state: state, named: named, parts: map[[2]uuid.UUID]*part{}}
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
	if c.kind == Room {
		w.addToRoom(d)
		return
	}
	for _, m := range c.members {
		switch {
		case m.user == d.sender:
			w.sent(d)
		case m.hears(d.sender):
			w.received(d, m)
		}
	}
}

// sent notes the sender's side: to write is to accept.
func (w *writer) sent(d *draft) *part {
	p := w.part(d.conversation, d.sender)
	p.position = w.batch.Append(d.sender, stream.NoteSent, d.id, d.sender)
	p.answers = true
	d.note.Position = p.position
	return p
}

func (w *writer) received(d *draft, m *member) {
	p := w.part(d.conversation, m.user)
	p.position = w.batch.Append(m.user, stream.NoteReceived, d.id, d.sender)
	p.unread++
	w.inbox.users, w.inbox.notes, w.inbox.positions = append(w.inbox.users, m.user), append(w.inbox.notes, d.id), append(w.inbox.positions, p.position)
	w.inbox.conversations, w.inbox.seqs = append(w.inbox.conversations, d.conversation), append(w.inbox.seqs, d.note.Seq)
	w.inbox.senders = append(w.inbox.senders, d.sender)
	if m.state == Active && !m.isMuted {
		w.occurrences = append(w.occurrences, notify.Occurrence{User: m.user, Kind: notify.Note,
			SubjectKind: ids.Conversation, Subject: d.conversation, Cause: d.id, Actor: d.sender})
	}
}

// addToRoom writes the note once, to the room's own log, however many have joined. Who writes has read the
// room; who is named is notified.
func (w *writer) addToRoom(d *draft) {
	w.batch.Append(d.conversation, stream.RoomNoteAdded, d.id, d.sender)
	w.sent(d).readSeq = d.note.Seq
	for _, user := range w.named[d] {
		w.occurrences = append(w.occurrences, notify.Occurrence{User: user, Kind: notify.Mention,
			SubjectKind: ids.Note, Subject: d.id, Cause: d.id, Actor: d.sender})
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
  INSERT INTO inbox_entries (user_id, position, note_id, conversation_id, seq)
  SELECT * FROM unnest($14::uuid[], $15::bigint[], $16::uuid[], $21::uuid[], $22::bigint[])
), counted AS (
UPDATE participants AS p SET unread_count = p.unread_count + u.n, position = u.position, is_archived = false,
  last_read_seq = greatest(p.last_read_seq, u.read), state = CASE WHEN u.answers THEN 'ACTIVE' ELSE p.state END
FROM unnest($17::uuid[], $18::uuid[], $19::int[], $20::bigint[], $23::bigint[], $24::bool[]) AS u(conversation, user_id, n, position, read, answers)
WHERE p.conversation_id = u.conversation AND p.user_id = u.user_id
RETURNING p.user_id, u.n, p.unread_count = u.n AND u.n > 0 AS turned
)
SELECT user_id, n, turned, false FROM counted
UNION ALL SELECT i.user_id, 0, false, true FROM unnest($14::uuid[], $25::uuid[]) AS i(user_id, sender) JOIN blocks b ON b.user_id = i.user_id AND b.other_id = i.sender`

// write puts all rows down in one statement, and counts what is unread now. It is the first that surely sees
// a block which began before the mailboxes were locked: then all is done again.
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
	var partUnread, partPositions, partRead []int64
	var answers []bool
	for _, p := range w.partList {
		partConversations, partUsers = append(partConversations, p.conversation), append(partUsers, p.user)
		partUnread, partPositions = append(partUnread, int64(p.unread)), append(partPositions, p.position)
		partRead, answers = append(partRead, p.readSeq), append(answers, p.answers)
	}
	rows, err := tx.Rows(ctx, writeNotes, idList, conversations, seqs, senders, positions, bodies, replies, keys, hashes, w.batch.At(),
		heads, headSeqs, lastNotes, w.inbox.users, w.inbox.positions, w.inbox.notes,
		partConversations, partUsers, partUnread, partPositions, w.inbox.conversations, w.inbox.seqs, partRead, answers, w.inbox.senders)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var user uuid.UUID
		var n int
		var becameUnread, isBlocked bool
		if err := rows.Scan(&user, &n, &becameUnread, &isBlocked); err != nil {
			return err
		}
		if isBlocked {
			return postgres.ErrAgain
		}
		change := stream.Unread{Notes: n}
		if becameUnread {
			change.Conversations = 1
		}
		w.batch.Count(user, change)
	}
	return rows.Err()
}
