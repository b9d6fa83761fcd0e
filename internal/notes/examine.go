package notes

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
)

const (
	countedAtOnce = 1000 // mailboxes of one statement, which then takes milliseconds
	namedDrifts   = 3    // mailboxes that a finding names
)

// One snapshot sees a mailbox and what it counts, so that traffic makes no difference.
const countMailboxes = `
WITH page AS (SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT $2), counted AS (
  SELECT t.id, t.unread_notes, t.unread_conversations, t.unread_notifications, t.unseen_notifications, p.notes, p.conversations, n.unread, n.unseen
  FROM page JOIN topics t ON t.id = page.id
  CROSS JOIN LATERAL (SELECT coalesce(sum(unread_count), 0) AS notes, count(*) FILTER (WHERE unread_count > 0) AS conversations FROM participants WHERE user_id = t.id) AS p
  CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM notifications WHERE user_id = t.id AND NOT is_read) AS unread,
    (SELECT count(*) FROM notifications WHERE user_id = t.id AND NOT is_seen) AS unseen) AS n
)
SELECT (SELECT count(*) FROM page), (SELECT id FROM page ORDER BY id DESC LIMIT 1), c.*
FROM (SELECT) AS always LEFT JOIN counted c
  ON (c.unread_notes, c.unread_conversations, c.unread_notifications, c.unseen_notifications) IS DISTINCT FROM (c.notes, c.conversations, c.unread, c.unseen)`

// ExamineCounters compares the counters of all mailboxes with what a count gives.
func ExamineCounters(ctx context.Context, db *postgres.DB) postgres.Finding {
	f := postgres.Finding{What: "counters", Bearable: true}
	looked, drifted := 0, 0
	var named []string
	for after, more := uuid.Nil, true; more; {
		n, last, drifts, err := countSome(ctx, db, after)
		if err != nil {
			f.Err = fmt.Errorf("they cannot be counted: %w", err)
			return f
		}
		looked, drifted, after, more = looked+n, drifted+len(drifts), last, n == countedAtOnce
		named = append(named, drifts[:min(len(drifts), namedDrifts-len(named))]...)
	}
	f.Says = fmt.Sprintf("those of %d mailboxes are right", looked)
	if drifted > 0 {
		f.Err = fmt.Errorf("those of %d in %d mailboxes are not what a count gives, which this program does not do by itself: was a table changed by hand? %s", drifted, looked, strings.Join(named, "; "))
	}
	return f
}

// countSome counts the mailboxes after one. n is how many there were, last the last of them.
func countSome(ctx context.Context, db *postgres.DB, after uuid.UUID) (n int, last uuid.UUID, drifts []string, err error) {
	rows, err := db.Rows(ctx, countMailboxes, after, countedAtOnce)
	if err != nil {
		return 0, last, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var end, user uuid.NullUUID
		var says, is [4]*int
		if err := rows.Scan(&n, &end, &user, &says[0], &says[1], &says[2], &says[3], &is[0], &is[1], &is[2], &is[3]); err != nil {
			return 0, last, nil, err
		}
		last = end.UUID
		if !user.Valid {
			continue
		}
		var parts []string
		for i, name := range []string{"notes", "conversations", "notifications", "unseen notifications"} {
			if *says[i] != *is[i] {
				parts = append(parts, fmt.Sprintf("%d %s, not %d", *is[i], name, *says[i]))
			}
		}
		drifts = append(drifts, fmt.Sprintf("%s has %s", ids.Encode(ids.User, user.UUID), strings.Join(parts, ", ")))
	}
	return n, last, drifts, rows.Err()
}
