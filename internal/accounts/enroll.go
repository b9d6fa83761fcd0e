package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// Hash is a password as it is stored: a PHC string.
type Hash string

// HashPassword hashes a password once, for any number of Enroll. It refuses what Register refuses.
func HashPassword(ctx context.Context, password string) (Hash, error) {
	var e problem.UserErrors
	checkNewPassword(&e, "password", password)
	if err := e.Err(); err != nil {
		return "", err
	}
	h, err := hashPassword(ctx, password)
	return Hash(h), err
}

// Enroll makes an account and its mailbox, as Register does, but without a session: for accounts that somebody
// else makes. It is made by the clock of the log.
func (a *Accounts) Enroll(ctx context.Context, username, displayName string, password Hash) (uuid.UUID, error) {
	var e problem.UserErrors
	username = normalUsername(&e, username)
	e.Text("displayName", displayName, maxDisplayName)
	if err := e.Err(); err != nil {
		return uuid.Nil, err
	}
	id, now := a.log.Clock.New(), a.log.Clock.Now()
	return id, a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		return insertUser(ctx, tx, id, username, displayName, string(password), now)
	})
}

// Anyone says whether the site has a user.
func (a *Accounts) Anyone(ctx context.Context) (bool, error) {
	found, err := a.db.Ent().User.Query().Exist(ctx)
	return found, postgres.Explain(err)
}
