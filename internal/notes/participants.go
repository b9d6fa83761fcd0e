package notes

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
)

// ParticipantsPage asks for a page of those who take part in a conversation. Several with the same window
// are read together.
type ParticipantsPage struct {
	Conversation uuid.UUID
	window       participantsWindow
}

// participantsWindow is a window that can be compared.
type participantsWindow struct {
	after, before       uuid.UUID // exclusive
	hasAfter, hasBefore bool
	limit               int
	backward            bool
}

// NewParticipantsPage checks the arguments of a page.
func NewParticipantsPage(conversation uuid.UUID, args page.Args) (ParticipantsPage, error) {
	p := ParticipantsPage{Conversation: conversation}
	w, err := page.Read[uuid.UUID](args)
	p.window = participantsWindow{before: uuid.Max, limit: w.Limit, backward: w.Backward}
	if w.After != nil {
		p.window.after, p.window.hasAfter = *w.After, true
	}
	if w.Before != nil {
		p.window.before, p.window.hasBefore = *w.Before, true
	}
	return p, err
}

func (w participantsWindow) window() page.Window[uuid.UUID] {
	r := page.Window[uuid.UUID]{Limit: w.limit, Backward: w.backward}
	if w.hasAfter {
		r.After = &w.after
	}
	if w.hasBefore {
		r.Before = &w.before
	}
	return r
}

const (
	participantColumns = `p.id, p.conversation_id, p.user_id, p.role, p.joined_at, p.last_read_seq`
	listParticipants   = `SELECT ` + participantColumns + ` FROM ` + access.AllConversations + ` CROSS JOIN LATERAL (
  SELECT ` + participantColumns + ` FROM participants p WHERE p.conversation_id = c.id AND p.id > $3 AND p.id < $4 ORDER BY p.id `
	ofConversations = ` LIMIT $5) AS p WHERE c.id = ANY($2) AND ` + access.ConversationVisible + ` ORDER BY c.id, p.id `
	firstJoined     = listParticipants + `ASC` + ofConversations + `ASC`
	lastJoined      = listParticipants + `DESC` + ofConversations + `DESC`
)

// Participants are who takes part in conversations that the viewer may see, in the order of their
// identifiers, which is that of joining. It takes one statement for each window that is asked for.
func (s *Notes) Participants(ctx context.Context, v access.Viewer, list []ParticipantsPage) (map[ParticipantsPage]*page.Page[*Participant], error) {
	byWindow := map[participantsWindow]postgres.UUIDs{}
	for _, p := range list {
		byWindow[p.window] = append(byWindow[p.window], p.Conversation)
	}
	found := make(map[ParticipantsPage]*page.Page[*Participant], len(list))
	for w, conversations := range byWindow {
		rows, err := s.participants(ctx, v, w, conversations)
		if err != nil {
			return nil, postgres.Explain(err)
		}
		for _, id := range conversations {
			found[ParticipantsPage{id, w}] = page.Make(w.window(), rows[id], func(p *Participant) uuid.UUID { return p.ID })
		}
	}
	return found, nil
}

func (s *Notes) participants(ctx context.Context, v access.Viewer, w participantsWindow, conversations postgres.UUIDs) (map[uuid.UUID][]*Participant, error) {
	statement := firstJoined
	if w.backward {
		statement = lastJoined
	}
	rows, err := s.db.Rows(ctx, statement, v.UserID, conversations, w.after, w.before, w.limit+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[uuid.UUID][]*Participant{}
	for rows.Next() {
		p := &Participant{}
		if err := rows.Scan(&p.ID, &p.ConversationID, &p.UserID, &p.Role, &p.JoinedAt, &p.LastReadSeq); err != nil {
			return nil, err
		}
		p.JoinedAt = p.JoinedAt.UTC()
		found[p.ConversationID] = append(found[p.ConversationID], p)
	}
	return found, rows.Err()
}
