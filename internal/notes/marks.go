package notes

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
)

// Place is where a note stands in its conversation, or the end of what somebody has read of it.
type Place struct {
	Conversation uuid.UUID
	Seq          int64
}

// ReadMark is how far a user has read a conversation.
type ReadMark struct {
	User uuid.UUID
	Place
}

// Read marks are told among those who share them: the participants of a conversation, who have accepted it
// and see each other. What holds for a participant p (and the user u) before the viewer, whose user id is
// $1, and who always sees the own mark.
const (
	marksShared = `(EXISTS (SELECT FROM users AS me JOIN participants AS mine ON mine.user_id = me.id AND mine.conversation_id = p.conversation_id
    WHERE me.id = $1 AND me.shares_read_marks AND NOT mine.is_blocked)
  AND u.shares_read_marks AND p.state = 'ACTIVE' AND NOT EXISTS (SELECT FROM blocks AS b WHERE b.user_id = $1 AND b.other_id = u.id))`
	notesByMarks = `SELECT m.i, ` + noteColumns + ` FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::int[]) AS m(user_id, conversation, seq, i)
JOIN participants p ON p.conversation_id = m.conversation AND p.user_id = m.user_id JOIN users u ON u.id = m.user_id
CROSS JOIN LATERAL (SELECT * FROM notes n WHERE n.conversation_id = m.conversation AND n.seq <= m.seq AND ` + access.NoteVisible + `
  ORDER BY n.seq DESC LIMIT 1) AS n
WHERE p.user_id = $1 OR ` + marksShared
)

// NotesByMarks finds the newest note that each has read, of those that the viewer may see: nothing for who
// does not share read marks, or when the viewer does not.
func (s *Notes) NotesByMarks(ctx context.Context, v access.Viewer, list []ReadMark) (map[ReadMark]*Note, error) {
	var users, conversations postgres.UUIDs
	var seqs, order []int64
	for i, m := range list {
		users, conversations = append(users, m.User), append(conversations, m.Conversation)
		seqs, order = append(seqs, m.Seq), append(order, int64(i))
	}
	rows, err := s.db.Rows(ctx, notesByMarks, v.UserID, users, conversations, seqs, order)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	found := make(map[ReadMark]*Note, len(list))
	for rows.Next() {
		var i int
		n, err := scanNote(rows, []any{&i})
		if err != nil {
			return nil, err
		}
		found[list[i]] = n
	}
	return found, postgres.Explain(rows.Err())
}

// Reader is a participant whose read mark the viewer may see.
type Reader struct {
	*Participant
	joinedSeq int64
}

// One pass over the participants of a conversation serves all of its notes on a page, from the oldest on.
const findReaders = `SELECT p.id, p.conversation_id, p.user_id, p.role, p.joined_at, p.last_read_seq, p.joined_seq
FROM unnest($2::uuid[], $3::bigint[]) AS k(conversation, seq)
JOIN participants p ON p.conversation_id = k.conversation AND p.last_read_seq >= k.seq JOIN users u ON u.id = p.user_id
WHERE ` + marksShared + ` ORDER BY p.id`

// Readers finds who has read notes: for the place of each, those who have read its conversation at least as
// far as the oldest of the conversation's places in the list, in the order of joining. ReadBy takes what is
// about one note.
func (s *Notes) Readers(ctx context.Context, v access.Viewer, list []Place) (map[Place][]Reader, error) {
	oldest := map[uuid.UUID]int64{}
	for _, p := range list {
		if seq, ok := oldest[p.Conversation]; !ok || p.Seq < seq {
			oldest[p.Conversation] = p.Seq
		}
	}
	var conversations postgres.UUIDs
	var seqs []int64
	for id, seq := range oldest {
		conversations, seqs = append(conversations, id), append(seqs, seq)
	}
	rows, err := s.db.Rows(ctx, findReaders, v.UserID, conversations, seqs)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	readers := map[uuid.UUID][]Reader{}
	for rows.Next() {
		r := Reader{Participant: &Participant{}}
		if err := rows.Scan(&r.ID, &r.ConversationID, &r.UserID, &r.Role, &r.JoinedAt, &r.LastReadSeq, &r.joinedSeq); err != nil {
			return nil, err
		}
		r.JoinedAt = r.JoinedAt.UTC()
		readers[r.ConversationID] = append(readers[r.ConversationID], r)
	}
	found := make(map[Place][]Reader, len(list))
	for _, p := range list {
		found[p] = readers[p.Conversation]
	}
	return found, postgres.Explain(rows.Err())
}

// ReadBy is a page of those of the readers who have read a note: not its author, and not who joined later.
func ReadBy(n *Note, readers []Reader, args page.Args) (*page.Page[*Participant], error) {
	w, err := page.Read[uuid.UUID](args)
	if err != nil {
		return nil, err
	}
	var list []*Participant
	for _, r := range readers {
		if r.LastReadSeq >= n.Seq && r.joinedSeq < n.Seq && r.UserID != n.SenderID &&
			(w.After == nil || bytes.Compare(r.ID[:], w.After[:]) > 0) && (w.Before == nil || bytes.Compare(r.ID[:], w.Before[:]) < 0) {
			list = append(list, r.Participant)
		}
	}
	if w.Backward {
		slices.Reverse(list)
	}
	return page.Make(w, list[:min(len(list), w.Limit+1)], func(p *Participant) uuid.UUID { return p.ID }), nil
}
