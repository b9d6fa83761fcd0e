package stream

import (
	"context"
	"time"

	"github.com/notewire/notewire/internal/postgres"
)

// retainBatch is how many events one transaction deletes: few enough that nobody waits for it.
const retainBatch = 1000

const deleteOld = `
DELETE FROM events WHERE (topic_id, seq) IN (
  SELECT topic_id, seq FROM events WHERE at < $1 LIMIT $2)`

// Retain deletes the events that are older than the log is kept, in small transactions, and returns how
// many there were. A reader that still needed them is told CURSOR_EXPIRED.
func (l *Log) Retain(ctx context.Context, keep time.Duration) (deleted int64, err error) {
	before := time.Now().Add(-keep)
	for ctx.Err() == nil {
		var n int64
		err := l.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
			n, err = tx.Exec(ctx, deleteOld, before, retainBatch)
			return err
		})
		deleted += n
		if err != nil || n < retainBatch {
			return deleted, err
		}
	}
	return deleted, ctx.Err()
}
