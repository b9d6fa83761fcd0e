package notes

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

const makeConversations = `
WITH wanted AS (
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w(id, kind, pair)
), made AS (
  INSERT INTO conversations (id, kind, pair, created_at, updated_at)
  SELECT id, kind, pair, $4, $4 FROM wanted ORDER BY pair
  ON CONFLICT (pair) DO NOTHING
  RETURNING id
)
INSERT INTO participants (id, conversation_id, user_id, role, state, joined_at)
SELECT p.id, p.conversation_id, p.user_id, p.role, p.state, $4
FROM unnest($5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::text[]) AS p(id, conversation_id, user_id, role, state)
JOIN made ON made.id = p.conversation_id`

const findPairs = `SELECT pair, id FROM conversations WHERE pair = ANY($1)`

// makeConversations finds or makes the conversations of drafts that name users.
func (s *Notes) makeConversations(ctx context.Context, tx *postgres.Tx, at time.Time, drafts []*draft) error {
	direct := map[string][]*draft{}
	var pairs []string
	var missing []*draft
	for _, d := range drafts {
		switch len(d.To) {
		case 0:
		case 1:
			p := pair(d.sender, d.To[0])
			if direct[p] == nil {
				pairs = append(pairs, p)
			}
			direct[p] = append(direct[p], d)
		default:
			missing = append(missing, d)
		}
	}
	find := func() error {
		if len(pairs) == 0 {
			return nil
		}
		rows, err := tx.Rows(ctx, findPairs, pairs)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p string
			var id uuid.UUID
			if err := rows.Scan(&p, &id); err != nil {
				return err
			}
			for _, d := range direct[p] {
				d.conversation = id
			}
			delete(direct, p)
		}
		return rows.Err()
	}
	if err := find(); err != nil {
		return err
	}
	for _, p := range pairs {
		if same := unanswering(direct[p]); len(same) > 0 {
			direct[p] = same
			missing = append(missing, same[0])
			for _, d := range same[1:] {
				d.conversation = same[0].conversation
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	invitations := make([]invitation, len(missing))
	for i, d := range missing {
		invitations[i] = invitation{d.sender, d.To}
	}
	addressed, err := findRecipients(ctx, tx, invitations)
	if err != nil {
		return err
	}
	var idList, participants, conversations, members postgres.UUIDs
	var kinds, roles, states []string
	var wanted []*string
	for i, d := range missing {
		to := addressed[i]
		if refusal := to.refusal(d); refusal != nil {
			d.err = refusal
			if len(d.To) == 1 {
				for _, same := range direct[pair(d.sender, d.To[0])] {
					same.err = refusal
				}
			}
			continue
		}
		kind, role := Direct, Member
		var p *string
		if len(d.To) == 1 {
			key := pair(d.sender, d.To[0])
			p = &key
		} else {
			kind, role = Group, Owner
		}
		idList, kinds, wanted = append(idList, d.conversation), append(kinds, string(kind)), append(wanted, p)
		add := func(user uuid.UUID, role Role, state State) {
			participants, conversations = append(participants, s.log.Clock.New()), append(conversations, d.conversation)
			members, roles, states = append(members, user), append(roles, string(role)), append(states, string(state))
		}
		add(d.sender, role, Active)
		for _, r := range to {
			add(r.user, Member, r.state())
		}
	}
	if len(idList) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, makeConversations, idList, kinds, wanted, at, participants, conversations, members, roles, states); err != nil {
		return err
	}
	return find() // somebody may have made one of them at the same moment: a new statement sees it
}

// unanswering refuses the drafts that answer a note of a conversation which does not exist, so that none is
// made for them, and returns the others.
func unanswering(drafts []*draft) (others []*draft) {
	for _, d := range drafts {
		if d.ReplyToID != nil {
			d.err = problem.Refuse(problem.Missing, "replyToId", noSuchReply)
		} else {
			others = append(others, d)
		}
	}
	return others
}
