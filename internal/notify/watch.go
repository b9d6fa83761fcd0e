package notify

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
)

const (
	// Who has muted the subject stays so.
	watch = `INSERT INTO watchers (subject_id, user_id, since) VALUES ($1, $2, $3) ON CONFLICT (subject_id, user_id) DO NOTHING`

	setWatching = `
INSERT INTO watchers (subject_id, user_id, since, is_muted) VALUES ($1, $2, (SELECT seq FROM topics WHERE id = $1), $3)
ON CONFLICT (subject_id, user_id) DO UPDATE SET is_muted = $3, since = excluded.since WHERE watchers.is_muted <> $3`

	readWatching = `SELECT subject_id FROM watchers WHERE user_id = $1 AND subject_id = ANY($2) AND NOT is_muted`

	// In the order of their ids, so that a batch says where the next one begins.
	readWatchers = `
SELECT user_id FROM watchers
WHERE subject_id = $1 AND user_id > $2 AND NOT is_muted AND since < $3 AND user_id <> $4 AND user_id <> ALL($5::uuid[])
ORDER BY user_id LIMIT $6`
)

// Watch has a user be notified of what happens to a subject from now on, that is, after a position of the
// subject's log, unless the user has muted it. It joins tx.
func (b *Bell) Watch(ctx context.Context, tx *postgres.Tx, subject, user uuid.UUID, since int64) error {
	_, err := tx.Exec(ctx, watch, subject, user, since)
	return err
}

// SetWatching has the viewer be notified of what happens to a subject from now on, or not any more. The
// subject has a log of its own. It joins tx, which keeps the subject from being deleted.
func (b *Bell) SetWatching(ctx context.Context, tx *postgres.Tx, v access.Viewer, subject uuid.UUID, watching bool) error {
	// Under the lock of the mailbox: whoever notifies holds it and looks again then.
	if err := b.log.Begin(tx, b.log.Clock.Now()).Lock(ctx, v.UserID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, setWatching, subject, v.UserID, !watching)
	return err
}

// Watching says which of the subjects the viewer is notified of.
func (b *Bell) Watching(ctx context.Context, v access.Viewer, subjects []uuid.UUID) (map[uuid.UUID]bool, error) {
	watching := map[uuid.UUID]bool{}
	if v.IsAnonymous() {
		return watching, nil
	}
	list, err := postgres.Column[uuid.UUID](b.db.Rows(ctx, readWatching, v.UserID, postgres.UUIDs(subjects)))
	for _, id := range list {
		watching[id] = true
	}
	return watching, postgres.Explain(err)
}
