package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/ent/token"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// Session is a login: the secret is given to the client once and is not stored.
type Session struct {
	Token     string
	ExpiresAt time.Time
	Viewer    access.Viewer
}

// remembered is the viewer of a token, and when that was looked up.
type remembered struct {
	viewer access.Viewer
	at     time.Time
}

const (
	rememberFor        = time.Second
	rememberedSessions = 10_000

	// A token is looked up in this time: it comes before the time that the request itself has.
	authenticateTime = 2 * time.Second
	// The sessions of sockets and streams are looked up in this time, or later once more.
	sessionsTime = 5 * time.Second
)

// Login makes a session for who knows the password. It says the same, after the same time, of an unknown
// username and of a wrong password.
func (a *Accounts) Login(ctx context.Context, username, password string) (*Session, error) {
	hash := dummyHash
	row, err := a.byUsername(ctx, username)
	if err != nil {
		return nil, err
	}
	if row != nil && row.PasswordHash != nil {
		hash = *row.PasswordHash
	}
	ok, err := matches(ctx, hash, password)
	if err != nil {
		return nil, err
	}
	wrong := problem.Refuse(problem.WrongCredentials, "", "The username or the password is wrong.")
	if !ok || row == nil {
		return nil, wrong
	}
	session, insert := a.newSession(row.ID, time.Now())
	err = a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		// Whoever changes the password at this moment ends this session too, or comes first.
		same, err := tx.Row(ctx, holdPassword, []any{row.ID, hash}, &row.ID)
		if err == nil && !same {
			err = wrong
		}
		if err != nil {
			return err
		}
		return insert(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return session, nil
}

const holdPassword = `SELECT id FROM users WHERE id = $1 AND password_hash = $2 FOR SHARE`

func (a *Accounts) newSession(userID uuid.UUID, now time.Time) (*Session, func(context.Context, *postgres.Tx) error) {
	secret, hash := newToken(sessionPrefix)
	s := &Session{Token: secret, ExpiresAt: now.Add(a.sessionTTL).UTC().Truncate(time.Millisecond),
		Viewer: access.Viewer{UserID: userID, SessionID: ids.New()}}
	s.Viewer.ExpiresAt = s.ExpiresAt
	return s, func(ctx context.Context, tx *postgres.Tx) error {
		return tx.Ent().Token.Create().SetID(s.Viewer.SessionID).SetUserID(userID).SetKind(token.KindSESSION).
			SetHash(hash).SetCreatedAt(now).SetExpiresAt(s.ExpiresAt).Exec(ctx)
	}
}

// Logout ends the viewer's session: its token is worth nothing from now on. The session's id is rung, as a
// topic, so that every process can end what is open on its behalf.
func (a *Accounts) Logout(ctx context.Context, v access.Viewer) error {
	err := a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := tx.Ent().Token.Delete().Where(token.ID(v.SessionID)).Exec(ctx); err != nil {
			return err
		}
		return a.log.Ring(ctx, tx, v.SessionID)
	})
	if err != nil {
		return err
	}
	a.Forget(v.SessionID)
	return nil
}

// Forget drops what is remembered of a session that has ended.
func (a *Accounts) Forget(sessionID uuid.UUID) {
	a.revokedMu.Lock()
	defer a.revokedMu.Unlock()
	a.revoked++
	for _, key := range a.recent.Keys() {
		if recent, ok := a.recent.Peek(key); ok && recent.viewer.SessionID == sessionID {
			a.recent.Remove(key)
		}
	}
}

const findToken = `SELECT id, user_id, expires_at FROM tokens WHERE hash = $1 AND expires_at > now()`

// Authenticate finds the viewer of a token. One that is malformed, expired, revoked or unknown is
// UNAUTHENTICATED, without a word on which.
func (a *Accounts) Authenticate(ctx context.Context, secret string) (access.Viewer, error) {
	bad := problem.New(problem.Unauthenticated, "This token is not valid, or not any more: log in again.")
	if !wellFormed(secret) {
		return access.Viewer{}, bad
	}
	hash := hashToken(secret)
	if r, ok := a.recent.Get(string(hash)); ok && time.Since(r.at) < rememberFor && r.viewer.ExpiresAt.After(time.Now()) {
		return r.viewer, nil
	}
	a.revokedMu.Lock()
	revoked := a.revoked
	a.revokedMu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, authenticateTime)
	defer cancel()
	rows, err := a.db.Rows(ctx, findToken, hash)
	if err != nil {
		return access.Viewer{}, postgres.Explain(err)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return access.Viewer{}, postgres.Explain(err)
		}
		return access.Viewer{}, bad
	}
	var v access.Viewer
	if err := rows.Scan(&v.SessionID, &v.UserID, &v.ExpiresAt); err != nil {
		return access.Viewer{}, err
	}
	v.ExpiresAt = v.ExpiresAt.UTC()
	a.revokedMu.Lock()
	defer a.revokedMu.Unlock()
	if a.revoked == revoked {
		a.recent.Add(string(hash), remembered{v, time.Now()})
	}
	return v, nil
}

// Prune deletes the sessions that have expired.
func (a *Accounts) Prune(ctx context.Context) error {
	return a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Ent().Token.Delete().Where(token.ExpiresAtLTE(time.Now())).Exec(ctx)
		return err
	})
}

const findSessions = `SELECT id, expires_at FROM tokens WHERE id = ANY($1) AND expires_at > now()`

// Sessions looks up which of the sessions still are, and until when, past everything remembered.
func (a *Accounts) Sessions(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionsTime)
	defer cancel()
	rows, err := a.db.Rows(ctx, findSessions, postgres.UUIDs(list))
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	alive := make(map[uuid.UUID]time.Time, len(list))
	for rows.Next() {
		var id uuid.UUID
		var expires time.Time
		if err := rows.Scan(&id, &expires); err != nil {
			return nil, err
		}
		alive[id] = expires.UTC()
	}
	return alive, postgres.Explain(rows.Err())
}
