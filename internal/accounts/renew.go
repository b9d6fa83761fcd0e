package accounts

import (
	"context"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/notewire/notewire/ent"
	"github.com/notewire/notewire/ent/token"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// SessionInfo is a login as its user sees it.
type SessionInfo struct {
	ID        uuid.UUID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// GlobalID is the identifier that clients see.
func (s *SessionInfo) GlobalID() string { return ids.Encode(ids.Session, s.ID) }

func sessionFromRow(r *ent.Token) *SessionInfo {
	return &SessionInfo{ID: r.ID, CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC()}
}

func (a *Accounts) sessionsOf(v access.Viewer) *ent.TokenQuery {
	return a.db.Ent().Token.Query().Where(token.UserID(v.UserID), token.KindEQ(token.KindSESSION), token.ExpiresAtGT(time.Now()))
}

// OwnSessions are where the viewer is signed in, the newest session first.
func (a *Accounts) OwnSessions(ctx context.Context, v access.Viewer, args page.Args) (*page.Page[*SessionInfo], error) {
	w, err := page.Read[uuid.UUID](args)
	if err != nil {
		return nil, err
	}
	rows, err := a.sessionsOf(v).Where(func(s *entsql.Selector) { w.Apply(s, token.FieldID, page.Descending) }).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	list := make([]*SessionInfo, len(rows))
	for i, r := range rows {
		list[i] = sessionFromRow(r)
	}
	return page.Make(w, list, func(s *SessionInfo) uuid.UUID { return s.ID }), nil
}

// OwnSession finds a session of the viewer, or nil.
func (a *Accounts) OwnSession(ctx context.Context, v access.Viewer, id uuid.UUID) (*SessionInfo, error) {
	row, err := a.sessionsOf(v).Where(token.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, postgres.Explain(err)
	}
	return sessionFromRow(row), nil
}

// Two servers whose clocks differ must not shorten what the other has renewed.
const extendSession = `
UPDATE tokens SET expires_at = greatest(expires_at, $3)
WHERE id = $1 AND user_id = $2 AND kind = 'SESSION' AND expires_at > now() RETURNING created_at, expires_at`

// Renew makes the viewer's session live for another sessionTTL from now. What is open on its behalf, on all
// servers, lives on with it.
func (a *Accounts) Renew(ctx context.Context, v access.Viewer) (*SessionInfo, error) {
	until := time.Now().Add(a.sessionTTL).Truncate(time.Millisecond)
	s := &SessionInfo{ID: v.SessionID}
	err := a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		alive, err := tx.Row(ctx, extendSession, []any{v.SessionID, v.UserID, until}, &s.CreatedAt, &s.ExpiresAt)
		if err != nil {
			return err
		}
		if !alive { // it has ended since the request came
			return problem.SignIn()
		}
		return a.log.Ring(ctx, tx, v.SessionID)
	})
	if err != nil {
		return nil, err
	}
	a.Forget(v.SessionID) // with its old end
	s.CreatedAt, s.ExpiresAt = s.CreatedAt.UTC(), s.ExpiresAt.UTC()
	return s, nil
}

const endSession = `DELETE FROM tokens WHERE id = $1 AND user_id = $2 AND kind = 'SESSION' AND expires_at > now() RETURNING id`

// Revoke ends a session of the viewer as Logout ends that of the request.
func (a *Accounts) Revoke(ctx context.Context, v access.Viewer, id uuid.UUID) error {
	err := a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		known, err := tx.Row(ctx, endSession, []any{id, v.UserID}, &id)
		if err != nil {
			return err
		}
		if !known {
			return problem.Refuse(problem.Missing, "id", "There is no such session of yours.")
		}
		return a.log.Ring(ctx, tx, id)
	})
	if err != nil {
		return err
	}
	a.Forget(id)
	return nil
}
