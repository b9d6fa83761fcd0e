package notes

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"github.com/notewire/notewire/ent"
	"github.com/notewire/notewire/ent/participant"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

const selectConversations = `SELECT c.id, c.kind, c.name, c.title,
  CASE WHEN c.kind = 'ROOM' THEN c.participant_count ELSE (SELECT count(*) FROM participants AS p WHERE p.conversation_id = c.id) END,
  (SELECT n.id FROM notes AS n WHERE n.conversation_id = c.id AND ` + access.NoteVisible + ` ORDER BY n.seq DESC LIMIT 1),
  c.created_at, c.updated_at,
  CASE WHEN c.kind = 'ROOM' THEN c.seq - coalesce(mine.last_read_seq, c.seq) ELSE mine.unread_count END,
  mine.id, coalesce(mine.state, 'ACTIVE'), coalesce(mine.is_muted, false), coalesce(mine.is_archived, false), coalesce(mine.position, 0) FROM `

const (
	conversationsByIDs = selectConversations + access.AllConversations + ` WHERE c.id = ANY($2) AND ` + access.ConversationVisible
	conversationByPair = selectConversations + access.MyConversations + ` WHERE c.pair = $2 AND mine.position > 0`
	// The order is the index's own: participants by user and position. At position 0 nothing has happened yet.
	listConversations = selectConversations + access.MyConversations + ` WHERE mine.position < $2 AND mine.position > greatest($3, 0) AND mine.state = $5 AND mine.is_archived = $6 ORDER BY mine.position `
)

func scanConversations(rows *sql.Rows, err error) ([]*Conversation, error) {
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	var list []*Conversation
	for rows.Next() {
		c := &Conversation{}
		var last, mine uuid.NullUUID
		if err := rows.Scan(&c.ID, &c.Kind, &c.Name, &c.Title, &c.ParticipantCount, &last, &c.CreatedAt, &c.UpdatedAt, &c.UnreadCount,
			&mine, &c.State, &c.IsMuted, &c.IsArchived, &c.Position); err != nil {
			return nil, err
		}
		c.LastNoteID, c.ParticipantID, c.CreatedAt, c.UpdatedAt = last.UUID, mine.UUID, c.CreatedAt.UTC(), c.UpdatedAt.UTC()
		list = append(list, c)
	}
	return list, postgres.Explain(rows.Err())
}

// ConversationsByIDs finds those of the conversations that the viewer may see: takes part in, or rooms.
func (s *Notes) ConversationsByIDs(ctx context.Context, v access.Viewer, list []uuid.UUID) (map[uuid.UUID]*Conversation, error) {
	conversations, err := scanConversations(s.db.Rows(ctx, conversationsByIDs, v.UserID, postgres.UUIDs(list)))
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]*Conversation, len(list))
	for _, c := range conversations {
		found[c.ID] = c
	}
	return found, nil
}

// ConversationWith is the viewer's direct conversation with a user, or nil.
func (s *Notes) ConversationWith(ctx context.Context, v access.Viewer, user uuid.UUID) (*Conversation, error) {
	list, err := scanConversations(s.db.Rows(ctx, conversationByPair, v.UserID, pair(v.UserID, user)))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// Filter says which of the viewer's conversations a list has.
type Filter struct {
	Archived bool // those in the archive
	Requests bool // those that strangers have begun; they cannot be in the archive
}

// Conversations are the viewer's, the one with the newest note first.
func (s *Notes) Conversations(ctx context.Context, v access.Viewer, f Filter, args page.Args) (*page.Page[*Conversation], error) {
	w, err := page.Read[int64](args)
	if err != nil {
		return nil, err
	}
	state := Active
	if f.Requests {
		state = Request
	}
	below, above := bounds(w)
	list, err := scanConversations(s.db.Rows(ctx, direction(w, listConversations+newestFirst, listConversations+oldestFirst),
		v.UserID, below, above, w.Limit+1, string(state), f.Archived))
	if err != nil {
		return nil, err
	}
	return page.Make(w, list, func(c *Conversation) int64 { return c.Position }), nil
}

func participantFromRow(r *ent.Participant) *Participant {
	return &Participant{ID: r.ID, ConversationID: r.ConversationID, UserID: r.UserID, Role: Role(r.Role), JoinedAt: r.JoinedAt.UTC(), LastReadSeq: r.LastReadSeq}
}

// ParticipantsByIDs finds those of the participants whose conversations the viewer may see: takes part in, or
// rooms.
func (s *Notes) ParticipantsByIDs(ctx context.Context, v access.Viewer, list []uuid.UUID) (map[uuid.UUID]*Participant, error) {
	rows, err := s.db.Ent().Participant.Query().Where(participant.IDIn(list...), access.Participant(v)).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	found := make(map[uuid.UUID]*Participant, len(rows))
	for _, r := range rows {
		found[r.ID] = participantFromRow(r)
	}
	return found, nil
}

// ReadUpTo is what marking a conversation as read gives.
type ReadUpTo struct {
	Conversation *Conversation
	Unread       stream.Unread
	Cursor       *string // of the last event that it caused; nil when all of it was read already
	Seq          int64   // of the newest note that is read now
}

const findReadMark = `
SELECT p.last_read_seq, p.unread_count, coalesce(CASE WHEN $3::uuid IS NULL THEN c.seq ELSE (SELECT seq FROM notes WHERE id = $3 AND conversation_id = c.id) END, -1)
FROM participants p JOIN conversations c ON c.id = p.conversation_id
WHERE p.conversation_id = $2 AND p.user_id = $1 AND NOT p.is_blocked`

const writeReadMark = `
UPDATE participants SET last_read_seq = $3,
  unread_count = (SELECT count(*) FROM inbox_entries WHERE user_id = $1 AND conversation_id = $2 AND seq > $3 AND counts)
WHERE conversation_id = $2 AND user_id = $1 RETURNING unread_count`

// MarkRead marks the notes of a conversation as read up to one of them, or all of them, and with the last
// of them the conversation's notification. Reading never goes back.
func (s *Notes) MarkRead(ctx context.Context, v access.Viewer, conversation uuid.UUID, upTo *uuid.UUID) (*ReadUpTo, error) {
	result := &ReadUpTo{}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		result.Cursor = nil
		batch := s.log.Begin(tx, s.log.Clock.Now())
		if err := batch.Lock(ctx, v.UserID); err != nil {
			return err
		}
		var err error
		if result.Seq, err = s.markRead(ctx, tx, batch, v.UserID, conversation, upTo); err != nil {
			return err
		}
		result.Unread = batch.Head(v.UserID).Unread
		events, err := batch.Write(ctx)
		if n := len(events); n > 0 {
			cursor := s.log.Cursor(v.UserID, events[n-1].Seq)
			result.Cursor = &cursor
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	found, err := s.ConversationsByIDs(ctx, v, []uuid.UUID{conversation})
	result.Conversation = found[conversation]
	return result, err
}

func (s *Notes) markRead(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, user, conversation uuid.UUID, upTo *uuid.UUID) (mark int64, err error) {
	var was, unread, target int64
	known, err := tx.Row(ctx, findReadMark, []any{user, conversation, upTo}, &was, &unread, &target)
	switch {
	case err != nil:
		return 0, err
	case !known:
		return 0, problem.Refuse(problem.Missing, "conversationId", "There is no such conversation.")
	case target < 0:
		return 0, problem.Refuse(problem.Missing, "upToNoteId", "There is no such note in this conversation.")
	case target <= was:
		return was, nil
	}
	var left int64
	if _, err := tx.Row(ctx, writeReadMark, []any{user, conversation, target}, &left); err != nil {
		return 0, err
	}
	change := stream.Unread{Notes: int(left - unread)}
	if unread > 0 && left == 0 {
		change.Conversations = -1
	}
	batch.Count(user, change)
	batch.Append(user, stream.ConversationRead, conversation, user)
	if left > 0 {
		return target, nil
	}
	return target, s.bell.ReadSubject(ctx, tx, batch, notify.Note, conversation, user)
}
