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
	"github.com/notewire/notewire/ent/user"
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

// Lengths, in code points.
const (
	minUsername    = 3
	maxUsername    = 30
	maxDisplayName = 60
)

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
	if len(e) > 0 {
		if row, err := a.byUsername(ctx, username); err != nil {
			return nil, err
		} else if row != nil { // said together with the rest; by itself the insert finds it
			e = append(e, taken(username))
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
		if err := insertUser(ctx, tx, id, username, displayName, hash, now); err != nil {
			return err
		}
		return row(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return session, nil
}

func taken(username string) problem.UserError {
	return problem.UserError{Code: problem.Taken, Field: []string{"username"}, Message: fmt.Sprintf("The username %q is taken: choose another.", username)}
}

// insertUser writes an account and its mailbox.
func insertUser(ctx context.Context, tx *postgres.Tx, id uuid.UUID, username, displayName, hash string, at time.Time) error {
	err := tx.Ent().User.Create().SetID(id).SetUsername(username).SetDisplayName(displayName).SetPasswordHash(hash).SetCreatedAt(at).Exec(ctx)
	if postgres.ViolatedConstraint(err) == "users_username_key" {
		return problem.UserErrors{taken(username)}
	}
	if err != nil {
		return err
	}
	return stream.Topics(ctx, tx, id)
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
	if len(b) < minUsername || len(b) > maxUsername {
		e.Add(problem.Invalid, "username", "A username has 3 to 30 characters; this has %d.", len(b))
		return ""
	}
	return string(b)
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
	if prefix != nil && len(*prefix) > maxUsername {
		return page.Make(w, []*User(nil), func(u *User) string { return u.Username }), nil // no username is longer
	}
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
