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

// placed is a note at a place in a list.
type placed struct {
	*Note
	place int64
}

const (
	historySQL = `SELECT ` + noteColumns + `, n.seq FROM notes n
WHERE n.conversation_id = $5 AND n.seq < $2 AND n.seq > $3 AND ` + access.NoteVisible + ` ORDER BY n.seq `
	newestFirst = `DESC LIMIT $4`
	oldestFirst = `ASC LIMIT $4`
)

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
	var list []placed
	for rows.Next() {
		var p placed
		if p.Note, err = scanNote(rows, nil, &p.place); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	if err := rows.Err(); err != nil {
		return nil, postgres.Explain(err)
	}
	return makePage(w, list), nil
}

func makePage(w page.Window[int64], list []placed) *page.Page[*Note] {
	made := page.Make(w, list, func(p placed) int64 { return p.place })
	result := &page.Page[*Note]{PageInfo: made.PageInfo, Edges: make([]page.Edge[*Note], len(made.Edges))}
	for i, e := range made.Edges {
		result.Edges[i] = page.Edge[*Note]{Cursor: e.Cursor, Node: e.Node.Note}
	}
	return result
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
