package notify

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// Between is a user, and an actor of whom the user is not to be told any more.
type Between struct{ User, Actor uuid.UUID }

const retractActors = `
WITH gone AS (
  DELETE FROM notification_causes AS c
  USING unnest($1::uuid[], $2::uuid[]) AS b(user_id, actor) JOIN notifications n ON n.user_id = b.user_id
  WHERE c.notification_id = n.id AND c.actor_id = b.actor
  RETURNING c.notification_id, c.actor_id
), sums AS (
  SELECT notification_id, count(*) AS causes, count(DISTINCT actor_id) AS actors FROM gone GROUP BY notification_id
), shrunk AS (
  UPDATE notifications AS n SET count = n.count - s.causes, actor_count = n.actor_count - s.actors
  FROM sums s WHERE n.id = s.notification_id AND n.count > s.causes
  RETURNING n.id, n.user_id, n.position, n.is_seen, n.is_read, false AS retracted
), retracted AS (
  DELETE FROM notifications AS n USING sums s WHERE n.id = s.notification_id AND n.count <= s.causes
  RETURNING n.id, n.user_id, n.position, n.is_seen, n.is_read, true AS retracted
)
SELECT * FROM (SELECT * FROM shrunk UNION ALL SELECT * FROM retracted) AS changed ORDER BY user_id, position`

// RetractActors takes back what users were told of actors, read or not: notifications by these actors alone
// are gone, and those by others too are smaller. The batch must hold the lock of each user's mailbox.
func (b *Bell) RetractActors(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, list []Between) error {
	var users, actors postgres.UUIDs
	for _, p := range list {
		users, actors = append(users, p.User), append(actors, p.Actor)
	}
	rows, err := tx.Rows(ctx, retractActors, users, actors)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, user uuid.UUID
		var position int64
		var isSeen, isRead, retracted bool
		if err := rows.Scan(&id, &user, &position, &isSeen, &isRead, &retracted); err != nil {
			return err
		}
		if !retracted {
			batch.Append(user, stream.NotificationChanged, id, uuid.Nil)
			continue
		}
		tellRetracted(batch, user, id, isSeen, isRead)
	}
	return rows.Err()
}
