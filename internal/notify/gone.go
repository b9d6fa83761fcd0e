package notify

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// Gone is what is no more, such as a post and its comments. Notifications about it are taken back, read or
// not. What is about something else stays where it was read.
type Gone struct {
	IDs []uuid.UUID
	// AreCauses has what they have caused in notifications about other things taken back, too.
	AreCauses bool
}

func (g *Gone) causes() postgres.UUIDs {
	if g.AreCauses {
		return g.IDs
	}
	return nil
}

const (
	// A batch that is being told ends first.
	dropFanouts = `DELETE FROM fanouts WHERE subject_id = ANY($1) OR cause_id = ANY($1)`

	findConcerned = `
SELECT n.user_id FROM unnest($1::uuid[]) AS g(id) JOIN notifications n ON n.subject_id = g.id
UNION
SELECT n.user_id FROM unnest($2::uuid[]) AS g(id) JOIN notification_causes c ON c.cause_id = g.id JOIN notifications n ON n.id = c.notification_id
WHERE NOT n.is_read
ORDER BY user_id LIMIT $3`

	forgetSubjects = `
WITH gone AS (
  DELETE FROM notifications AS n USING unnest($1::uuid[]) AS g(id) WHERE n.subject_id = g.id AND n.user_id = ANY($2)
  RETURNING n.user_id, n.id, n.position, n.is_seen, n.is_read
)
SELECT user_id, id, is_seen, is_read FROM gone ORDER BY user_id, position`

	unwatch = `DELETE FROM watchers WHERE subject_id = $1`
)

// Concerned ends what Later has left of what is gone, and finds the users whose notifications have to change,
// so that their mailboxes can be locked for Forget. When there are more than AtOnce it finds none, and what is
// gone is to be handed to ForgetLater. The caller makes sure that nothing more is raised about it.
func (b *Bell) Concerned(ctx context.Context, tx *postgres.Tx, gone Gone) (users []uuid.UUID, later bool, err error) {
	if _, err := tx.Exec(ctx, dropFanouts, postgres.UUIDs(gone.IDs)); err != nil {
		return nil, false, err
	}
	users, err = concerned(ctx, tx, gone.IDs, gone.causes(), b.AtOnce+1)
	if err != nil || len(users) > b.AtOnce {
		return nil, err == nil, err
	}
	return users, false, nil
}

func concerned(ctx context.Context, tx *postgres.Tx, subjects, causes postgres.UUIDs, limit int) ([]uuid.UUID, error) {
	return postgres.Column[uuid.UUID](tx.Rows(ctx, findConcerned, subjects, causes, limit))
}

// Forget takes back from users what they were told of what is gone. The batch must hold the locks of their
// mailboxes.
func (b *Bell) Forget(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, gone Gone, users []uuid.UUID) error {
	return b.forget(ctx, tx, batch, gone.IDs, gone.causes(), users)
}

func (b *Bell) forget(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, subjects, causes postgres.UUIDs, users []uuid.UUID) error {
	if len(users) == 0 {
		return nil
	}
	rows, err := tx.Rows(ctx, forgetSubjects, subjects, postgres.UUIDs(users))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var user, id uuid.UUID
		var isSeen, isRead bool
		if err := rows.Scan(&user, &id, &isSeen, &isRead); err != nil {
			return err
		}
		tellRetracted(batch, user, id, isSeen, isRead)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, cause := range causes {
		if err := b.Retract(ctx, tx, batch, cause, users...); err != nil {
			return err
		}
	}
	return nil
}

// tellRetracted counts a notification no more, and says that it is gone.
func tellRetracted(batch *stream.Batch, user, id uuid.UUID, isSeen, isRead bool) {
	var change stream.Unread
	if !isSeen {
		change.Unseen = -1
	}
	if !isRead {
		change.Notifications = -1
	}
	batch.Count(user, change)
	batch.Append(user, stream.NotificationRetracted, id, uuid.Nil)
}

// Unwatch has nobody watch a subject that is gone. It joins tx, which keeps others from watching it.
func (b *Bell) Unwatch(ctx context.Context, tx *postgres.Tx, subject uuid.UUID) error {
	_, err := tx.Exec(ctx, unwatch, subject)
	return err
}
