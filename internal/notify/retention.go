package notify

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
)

const (
	// What was read before read_at was kept counts from when it last grew. What is read is seen, and in no counter.
	isOld = `is_read AND is_seen AND (read_at < $1 OR read_at IS NULL AND updated_at < $1)`

	// Two looks, so that each takes the oldest from the index.
	findOld = `
SELECT id, user_id FROM (
  (SELECT id, user_id FROM notifications WHERE is_read AND is_seen AND read_at < $1 ORDER BY read_at LIMIT $2)
  UNION ALL
  (SELECT id, user_id FROM notifications WHERE is_read AND is_seen AND read_at IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT $2)
) AS old LIMIT $2`
	deleteOld = `DELETE FROM notifications WHERE id = ANY($2) AND ` + isOld
)

// Retain deletes the notifications that were read, or put away, so long ago, and returns how many there were.
// Unread ones stay, however old they are. Nobody is told: no counter changes, and whoever shows them may go on.
// It works in small transactions, each under the locks of its users' mailboxes.
func (b *Bell) Retain(ctx context.Context, keep time.Duration) (deleted int64, err error) {
	before := time.Now().Add(-keep)
	for found := b.AtOnce; found == b.AtOnce && ctx.Err() == nil; {
		var n int64
		err := b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
			n = 0
			old, users, err := old(ctx, tx, before, b.AtOnce)
			if found = len(old); err != nil || found == 0 {
				return err
			}
			if err := b.log.Begin(tx, time.Now()).Lock(ctx, users...); err != nil {
				return err
			}
			n, err = tx.Exec(ctx, deleteOld, before, old) // but for what is unread again by now
			return err
		})
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, ctx.Err()
}

// old finds notifications that are to be deleted, and whose they are.
func old(ctx context.Context, tx *postgres.Tx, before time.Time, limit int) (list postgres.UUIDs, users []uuid.UUID, err error) {
	rows, err := tx.Rows(ctx, findOld, before, limit)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, user uuid.UUID
		if err := rows.Scan(&id, &user); err != nil {
			return nil, nil, err
		}
		list, users = append(list, id), append(users, user)
	}
	return list, users, rows.Err()
}
