// Package accounts is the users and how they prove who they are: passwords, and the sessions that a login
// makes.
package accounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/notewire/notewire/ent"
	"github.com/notewire/notewire/ent/token"
	"github.com/notewire/notewire/ent/user"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// User is an account as everybody may see it.
type User struct {
	ID          uuid.UUID
	Username    string
	DisplayName string
	AvatarURL   *string
	IsBot       bool
	CreatedAt   time.Time
}

// GlobalID is the identifier that clients see.
func (u *User) GlobalID() string { return ids.Encode(ids.User, u.ID) }

func fromRow(u *ent.User) *User {
	return &User{ID: u.ID, Username: u.Username, DisplayName: u.DisplayName, AvatarURL: u.AvatarURL, IsBot: u.IsBot, CreatedAt: u.CreatedAt.UTC()}
}

// Session is a login: the secret is given to the client once and is not stored.
type Session struct {
	Token     string
	ExpiresAt time.Time
	Viewer    access.Viewer
}

// Accounts serves the accounts of one database.
type Accounts struct {
	db         *postgres.DB
	log        *stream.Log
	sessionTTL time.Duration
	// recent remembers who a token belongs to for so short a time that a revocation elsewhere still acts
	// within its bound of one second. The key is the token's hash.
	recent *lru.Cache[string, remembered]
	// revoked counts revocations: what was read before one is not remembered after it.
	revoked   int
	revokedMu sync.Mutex
}

// remembered is the viewer of a token, and when that was looked up.
type remembered struct {
	viewer access.Viewer
	at     time.Time
}

const (
	rememberFor        = time.Second
	rememberedSessions = 10_000
)

// New serves the accounts of db. Sessions live for sessionTTL.
func New(db *postgres.DB, log *stream.Log, sessionTTL time.Duration) *Accounts {
	recent, err := lru.New[string, remembered](rememberedSessions)
	if err != nil {
		panic(err) // its size is positive
	}
	return &Accounts{db: db, log: log, sessionTTL: sessionTTL, recent: recent}
}

// Registration is what register takes.
type Registration struct {
	Username    string
	Password    string
	DisplayName *string // the username, when nil
}

const maxDisplayName = 60

// Register makes an account, its mailbox and a first session.
func (a *Accounts) Register(ctx context.Context, in Registration) (*Session, error) {
	var e problem.UserErrors
	username := normalUsername(&e, in.Username)
	checkNewPassword(&e, "password", in.Password)
	displayName := username
	if in.DisplayName != nil {
		displayName = *in.DisplayName
		e.Text("displayName", displayName, maxDisplayName)
	}
	taken := problem.UserError{Code: problem.Taken, Field: []string{"username"}, Message: fmt.Sprintf("The username %q is taken: choose another.", username)}
	if len(e) > 0 {
		if row, err := a.byUsername(ctx, username); err != nil {
			return nil, err
		} else if row != nil { // said together with the rest; by itself the insert finds it
			e = append(e, taken)
		}
		return nil, e
	}
	hash, err := hashPassword(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	id, now := ids.New(), time.Now()
	session, row := a.newSession(id, now)
	err = a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		err := tx.Ent().User.Create().SetID(id).SetUsername(username).SetDisplayName(displayName).SetPasswordHash(hash).SetCreatedAt(now).Exec(ctx)
		if postgres.ViolatedConstraint(err) == "users_username_key" {
			return problem.UserErrors{taken}
		}
		if err != nil {
			return err
		}
		if err := stream.Topics(ctx, tx, id); err != nil {
			return err
		}
		return row(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return session, nil
}

// normalUsername lowers A to Z and refuses what is not 3 to 30 ASCII letters, digits and underscores.
func normalUsername(e *problem.UserErrors, name string) string {
	if name == "" {
		e.Add(problem.Required, "username", "Choose a username of 3 to 30 letters a-z, digits and _.")
		return ""
	}
	b := []byte(name)
	for i, c := range b {
		switch {
		case c >= 'A' && c <= 'Z':
			b[i] = c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_':
		default:
			e.Add(problem.Invalid, "username", "A username has only the letters a-z, digits and _.")
			return ""
		}
	}
	if len(b) < 3 || len(b) > 30 {
		e.Add(problem.Invalid, "username", "A username has 3 to 30 characters; this has %d.", len(b))
		return ""
	}
	return string(b)
}

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
	if len(password) > 4*maxPassword { // no password of ours is longer, and hashing it would cost
		password, hash = "", dummyHash
	}
	ok, err := checkPassword(ctx, hash, password)
	if err != nil {
		return nil, err
	}
	if !ok || row == nil {
		return nil, problem.Refuse(problem.WrongCredentials, "", "The username or the password is wrong.")
	}
	session, insert := a.newSession(row.ID, time.Now())
	if err := a.db.InTx(ctx, insert); err != nil {
		return nil, err
	}
	return session, nil
}

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

// ByIDs finds users; those that do not exist are absent.
func (a *Accounts) ByIDs(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*User, error) {
	rows, err := a.db.Ent().User.Query().Where(user.IDIn(list...)).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	found := make(map[uuid.UUID]*User, len(rows))
	for _, r := range rows {
		found[r.ID] = fromRow(r)
	}
	return found, nil
}

// List is the users by username, those whose username starts with prefix when it is given.
func (a *Accounts) List(ctx context.Context, prefix *string, args page.Args) (*page.Page[*User], error) {
	w, err := page.Read[string](args)
	if err != nil {
		return nil, err
	}
	q := a.db.Ent().User.Query()
	if prefix != nil {
		q.Where(user.UsernameHasPrefix(strings.ToLower(*prefix)))
	}
	rows, err := q.Where(func(s *entsql.Selector) { w.Apply(s, user.FieldUsername, page.Ascending) }).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	list := make([]*User, len(rows))
	for i, r := range rows {
		list[i] = fromRow(r)
	}
	return page.Make(w, list, func(u *User) string { return u.Username }), nil
}

// ByUsername finds a user, or nil. Case does not matter.
func (a *Accounts) ByUsername(ctx context.Context, username string) (*User, error) {
	row, err := a.byUsername(ctx, username)
	if row == nil || err != nil {
		return nil, err
	}
	return fromRow(row), nil
}

func (a *Accounts) byUsername(ctx context.Context, username string) (*ent.User, error) {
	var ignored problem.UserErrors
	row, err := a.db.Ent().User.Query().Where(user.Username(normalUsername(&ignored, username))).Only(ctx)
	if ent.IsNotFound(err) || errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return row, postgres.Explain(err)
}
