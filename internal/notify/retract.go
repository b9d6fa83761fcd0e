package notify

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

const findCause = `
SELECT n.user_id, n.id, n.is_seen, n.count,
  (SELECT count(*) FROM notification_causes o WHERE o.notification_id = n.id AND o.actor_id = c.actor_id)
FROM notification_causes c JOIN notifications n ON n.id = c.notification_id
WHERE c.cause_id = $2 AND n.user_id = ANY($1) AND NOT n.is_read`

const forgetCause = `
WITH gone AS (DELETE FROM notification_causes WHERE notification_id = ANY($1::uuid[]) AND cause_id = $3)
UPDATE notifications AS n SET count = n.count - 1, actor_count = n.actor_count - g.actors
FROM unnest($1::uuid[], $2::int[]) AS g(id, actors) WHERE n.id = g.id`

const forgetNotifications = `DELETE FROM notifications WHERE id = ANY($1)`

// Retract takes back what users were told of a cause that is gone. A notification that was read stays as it
// was. The batch must hold the locks of the mailboxes.
func (b *Bell) Retract(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, cause uuid.UUID, users ...uuid.UUID) error {
	rows, err := tx.Rows(ctx, findCause, postgres.UUIDs(users), cause)
	if err != nil {
		return err
	}
	defer rows.Close()
	var gone, shrunk postgres.UUIDs
	var lastOfActor []int64 // 1, where the actor has no other cause in the notification
	for rows.Next() {
		var user, id uuid.UUID
		var isSeen bool
		var count, byActor int
		if err := rows.Scan(&user, &id, &isSeen, &count, &byActor); err != nil {
			return err
		}
		if count > 1 {
			shrunk, lastOfActor = append(shrunk, id), append(lastOfActor, 0)
			if byActor == 1 {
				lastOfActor[len(lastOfActor)-1] = 1
			}
			batch.Append(user, stream.NotificationChanged, id, uuid.Nil)
			continue
		}
		tellRetracted(batch, user, id, isSeen, false)
		gone = append(gone, id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(gone) > 0 {
		if _, err := tx.Exec(ctx, forgetNotifications, gone); err != nil {
			return err
		}
	}
	if len(shrunk) > 0 {
		if _, err := tx.Exec(ctx, forgetCause, shrunk, lastOfActor, cause); err != nil {
			return err
		}
	}
	return nil
}
