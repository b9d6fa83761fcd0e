package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
)

const (
	readBlock  = `SELECT by_user FROM blocks WHERE user_id = $1 AND other_id = $2`
	writeBlock = `
INSERT INTO blocks (user_id, other_id, by_user, id, created_at) VALUES ($1, $2, true, $3, $4), ($2, $1, false, $3, $4)
ON CONFLICT (user_id, other_id) DO UPDATE SET by_user = true, id = excluded.id, created_at = excluded.created_at WHERE excluded.by_user`
	yieldBlock = `UPDATE blocks SET by_user = false WHERE user_id = $1 AND other_id = $2`
	eraseBlock = `DELETE FROM blocks WHERE user_id = $1 AND other_id = $2 OR user_id = $2 AND other_id = $1`
)

// Block writes down, in tx, that a user has blocked another. began says that the two do not see each other
// from now on, which they did before. tx must hold the locks of both mailboxes. The identifier is the place
// in the list of BlockedBy.
func Block(ctx context.Context, tx *postgres.Tx, id, user, other uuid.UUID, at time.Time) (began bool, err error) {
	var byUser bool
	known, err := tx.Row(ctx, readBlock, []any{user, other}, &byUser)
	if err != nil || byUser {
		return false, err
	}
	_, err = tx.Exec(ctx, writeBlock, user, other, id, at)
	return !known, err
}

// Unblock takes back, in tx, that a user has blocked another. ended says that the two see each other again:
// unless the other has blocked the user, too. tx must hold the locks of both mailboxes.
func Unblock(ctx context.Context, tx *postgres.Tx, user, other uuid.UUID) (ended bool, err error) {
	var byUser, byOther bool
	if _, err := tx.Row(ctx, readBlock, []any{user, other}, &byUser); err != nil || !byUser {
		return false, err
	}
	if _, err := tx.Row(ctx, readBlock, []any{other, user}, &byOther); err != nil {
		return false, err
	}
	statement := eraseBlock
	if byOther {
		statement = yieldBlock
	}
	_, err = tx.Exec(ctx, statement, user, other)
	return !byOther, err
}

const listBlocked = `
SELECT b.id, u.id, u.username, u.display_name, u.avatar_url, u.is_bot, u.created_at FROM blocks b JOIN users u ON u.id = b.other_id
WHERE b.user_id = $1 AND b.by_user AND ($2::uuid IS NULL OR b.id < $2) AND ($3::uuid IS NULL OR b.id > $3) ORDER BY b.id `

// BlockedBy are the users whom the viewer has blocked, the latest first.
func (a *Accounts) BlockedBy(ctx context.Context, v access.Viewer, args page.Args) (*page.Page[*User], error) {
	w, err := page.Read[uuid.UUID](args)
	if err != nil {
		return nil, err
	}
	statement := listBlocked + `DESC LIMIT $4`
	if w.Backward {
		statement = listBlocked + `ASC LIMIT $4`
	}
	rows, err := a.db.Rows(ctx, statement, v.UserID, w.After, w.Before, w.Limit+1)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	var list []*User
	places := map[*User]uuid.UUID{}
	for rows.Next() {
		u, place := &User{}, uuid.Nil
		if err := rows.Scan(&place, &u.ID, &u.Username, &u.DisplayName, &u.AvatarURL, &u.IsBot, &u.CreatedAt); err != nil {
			return nil, err
		}
		u.CreatedAt = u.CreatedAt.UTC()
		list, places[u] = append(list, u), place
	}
	if err := rows.Err(); err != nil {
		return nil, postgres.Explain(err)
	}
	return page.Make(w, list, func(u *User) uuid.UUID { return places[u] }), nil
}
