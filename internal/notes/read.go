package notes

import (
	"context"
	"database/sql"
	"math"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
)

const noteColumns = `n.id, n.conversation_id, n.seq, n.sender_id, n.position, n.body, n.reply_to_id, n.created_at, n.edited_at, n.unsent_at, n.idempotency_key`

// scanNote reads noteColumns, with other columns before and after them.
func scanNote(rows *sql.Rows, before []any, after ...any) (*Note, error) {
	n := &Note{}
	var sender, reply uuid.NullUUID
	into := append(before, &n.ID, &n.ConversationID, &n.Seq, &sender, &n.Position, &n.Body, &reply, &n.CreatedAt, &n.EditedAt, &n.UnsentAt, &n.IdempotencyKey)
	err := rows.Scan(append(into, after...)...)
	n.SenderID, n.ReplyToID, n.CreatedAt = sender.UUID, reply.UUID, n.CreatedAt.UTC()
	return n, err
}

// bounds are a window on a descending list of positions, as two exclusive limits.
func bounds(w page.Window[int64]) (below, above int64) {
	below, above = math.MaxInt64, -1
	if w.After != nil {
		below = *w.After
	}
	if w.Before != nil {
		above = *w.Before
	}
	return below, above
}

// direction ends a statement that reads a window on a descending list.
func direction(w page.Window[int64], newestFirst, oldestFirst string) string {
	if w.Backward {
		return oldestFirst
	}
	return newestFirst
}

// Box is a list of notes over all conversations.
type Box string

// The boxes.
const (
	Inbox   Box = "INBOX"   // what others wrote to the viewer
	Outbox  Box = "SENT"    // what the viewer wrote
	Archive Box = "ARCHIVE" // what is in archived conversations
)

// Placed is a note at a place in a list.
type Placed struct {
	*Note
	Place int64
}

const (
	inboxSQL = `SELECT ` + noteColumns + `, i.position FROM inbox_entries i JOIN notes n ON n.id = i.note_id
WHERE i.user_id = $1 AND i.position < $2 AND i.position > $3 AND ` + access.NoteVisible + ` ORDER BY i.position `
	sentSQL = `SELECT ` + noteColumns + `, n.position FROM notes n
WHERE n.sender_id = $1 AND n.position < $2 AND n.position > $3 AND ` + access.NoteVisible + ` ORDER BY n.position `
	historySQL = `SELECT ` + noteColumns + `, n.seq FROM notes n
WHERE n.conversation_id = $5 AND n.seq < $2 AND n.seq > $3 AND ` + access.NoteVisible + ` ORDER BY n.seq `
	newestFirst = `DESC LIMIT $4`
	oldestFirst = `ASC LIMIT $4`
)

// Box is the viewer's notes of one box, the newest first.
func (s *Notes) Box(ctx context.Context, v access.Viewer, box Box, args page.Args) (*page.Page[*Note], error) {
	w, err := page.Read[int64](args)
	if err != nil {
		return nil, err
	}
	if box == Outbox {
		return s.page(ctx, w, direction(w, sentSQL+newestFirst, sentSQL+oldestFirst), v)
	}
	return s.page(ctx, w, direction(w, inboxSQL+newestFirst, inboxSQL+oldestFirst), v)
}

// History is the notes of a conversation, the newest first; none, when the viewer does not take part.
func (s *Notes) History(ctx context.Context, v access.Viewer, conversation uuid.UUID, args page.Args) (*page.Page[*Note], error) {
	w, err := page.Read[int64](args)
	if err != nil {
		return nil, err
	}
	return s.page(ctx, w, direction(w, historySQL+newestFirst, historySQL+oldestFirst), v, conversation)
}

// HistoryEdge is a note as it stands in the history of its conversation.
func HistoryEdge(n *Note) page.Edge[*Note] {
	return page.Edge[*Note]{Cursor: page.Cursor(n.Seq), Node: n}
}

func (s *Notes) page(ctx context.Context, w page.Window[int64], statement string, v access.Viewer, more ...any) (*page.Page[*Note], error) {
	below, above := bounds(w)
	rows, err := s.db.Rows(ctx, statement, append([]any{v.UserID, below, above, w.Limit + 1}, more...)...)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	var list []Placed
	for rows.Next() {
		var p Placed
		if p.Note, err = scanNote(rows, nil, &p.Place); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	if err := rows.Err(); err != nil {
		return nil, postgres.Explain(err)
	}
	placed := page.Make(w, list, func(p Placed) int64 { return p.Place })
	result := &page.Page[*Note]{PageInfo: placed.PageInfo, Edges: make([]page.Edge[*Note], len(placed.Edges))}
	for i, e := range placed.Edges {
		result.Edges[i] = page.Edge[*Note]{Cursor: e.Cursor, Node: e.Node.Note}
	}
	return result, nil
}

const notesByIDs = `SELECT ` + noteColumns + ` FROM notes n WHERE n.id = ANY($2) AND ` + access.NoteVisible

// NotesByIDs finds those of the notes that the viewer may see.
func (s *Notes) NotesByIDs(ctx context.Context, v access.Viewer, list []uuid.UUID) (map[uuid.UUID]*Note, error) {
	rows, err := s.db.Rows(ctx, notesByIDs, v.UserID, postgres.UUIDs(list))
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	found := make(map[uuid.UUID]*Note, len(list))
	for rows.Next() {
		n, err := scanNote(rows, nil)
		if err != nil {
			return nil, err
		}
		found[n.ID] = n
	}
	return found, postgres.Explain(rows.Err())
}

// Place is a note by where it stands in its conversation.
type Place struct {
	Conversation uuid.UUID
	Seq          int64
}

const notesByPlaces = `SELECT ` + noteColumns + ` FROM unnest($2::uuid[], $3::bigint[]) AS p(conversation, seq)
JOIN notes n ON n.conversation_id = p.conversation AND n.seq = p.seq WHERE ` + access.NoteVisible

// NotesByPlaces finds those of the notes that the viewer may see.
func (s *Notes) NotesByPlaces(ctx context.Context, v access.Viewer, list []Place) (map[Place]*Note, error) {
	var conversations postgres.UUIDs
	var seqs []int64
	for _, p := range list {
		conversations, seqs = append(conversations, p.Conversation), append(seqs, p.Seq)
	}
	rows, err := s.db.Rows(ctx, notesByPlaces, v.UserID, conversations, seqs)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	found := make(map[Place]*Note, len(list))
	for rows.Next() {
		n, err := scanNote(rows, nil)
		if err != nil {
			return nil, err
		}
		found[Place{n.ConversationID, n.Seq}] = n
	}
	return found, postgres.Explain(rows.Err())
}
