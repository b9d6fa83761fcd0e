package notify

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
)

const (
	addRetractions = `
INSERT INTO retractions (gone_id, is_cause)
SELECT g.id, true FROM unnest($1::uuid[]) AS g(id) WHERE $2::bool
UNION SELECT g.id, $2 FROM unnest($1::uuid[]) AS g(id) JOIN notifications n ON n.subject_id = g.id
ON CONFLICT (gone_id) DO NOTHING`

	// $1 is fanoutFuture in seconds.
	dueRetractions = `FROM retractions WHERE (not_before <= now() OR not_before > now() + make_interval(secs => $1))`

	takeRetractions = `SELECT gone_id, is_cause, failures ` + dueRetractions + ` ORDER BY not_before, gone_id LIMIT $2 FOR UPDATE SKIP LOCKED`
	endRetractions  = `DELETE FROM retractions WHERE gone_id = ANY($1)`
	// As with failedFanout, what fails twice at once counts once.
	failedRetractions = `
UPDATE retractions SET failures = failures + 1, not_before = now() + make_interval(secs => $2 * 2 ^ least(failures, $3))
WHERE gone_id = ANY($1) AND failures <= $4`
)

// ForgetLater has the workers take back what users were told of what is gone, after tx has committed. Until
// then it is listed and counted, about nothing. It joins tx.
func (b *Bell) ForgetLater(ctx context.Context, tx *postgres.Tx, gone Gone) error {
	if _, err := tx.Exec(ctx, addRetractions, postgres.UUIDs(gone.IDs), gone.AreCauses); err != nil {
		return err
	}
	return b.log.Ring(ctx, tx, fanoutBell)
}

// forgetBatch takes back from the next users what they were told of what is gone. more is false when there is
// nothing to do now.
func (b *Bell) forgetBatch(ctx context.Context, log *slog.Logger) (more bool, err error) {
	var gone, causes postgres.UUIDs
	var failures int // of the one that has failed most
	at := b.log.Clock.Now()
	err = b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
		more = false
		if gone, causes, failures, err = takeGone(ctx, tx); err != nil || len(gone) == 0 {
			return err
		}
		more = true
		users, err := concerned(ctx, tx, gone, causes, b.AtOnce)
		if err != nil {
			return err
		}
		if len(users) < b.AtOnce {
			if _, err := tx.Exec(ctx, endRetractions, gone); err != nil || len(users) == 0 {
				return err
			}
		}
		batch := b.log.Begin(tx, at)
		if err := batch.Lock(ctx, users...); err != nil {
			return err
		}
		if err := b.forget(ctx, tx, batch, gone, causes, users); err != nil {
			return err
		}
		_, err = batch.Write(ctx)
		return err
	})
	if err == nil || len(gone) == 0 || ctx.Err() != nil {
		return more && err == nil, err
	}
	log.Error("notifications about what is gone not taken back: trying again later", "gone", len(gone), "error", err)
	err = b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, failedRetractions, gone, fanoutBackoff.Seconds(), fanoutLonger, failures)
		return err
	})
	return err == nil, err
}

func takeGone(ctx context.Context, tx *postgres.Tx) (gone, causes postgres.UUIDs, failures int, err error) {
	rows, err := tx.Rows(ctx, takeRetractions, fanoutFuture.Seconds(), MaxTold)
	if err != nil {
		return nil, nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var isCause bool
		var failed int
		if err := rows.Scan(&id, &isCause, &failed); err != nil {
			return nil, nil, 0, err
		}
		gone, failures = append(gone, id), max(failures, failed)
		if isCause {
			causes = append(causes, id)
		}
	}
	return gone, causes, failures, rows.Err()
}
