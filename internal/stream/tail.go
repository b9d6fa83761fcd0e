package stream

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
)

// Tail reads what is written to the logs of a whole site, or to one of them, for somebody who watches it. It
// holds nothing of the logs but a snapshot of Postgres, which says what was read: all that committed since is
// new, each event once. It is not for concurrent use.
type Tail struct {
	log      *Log
	topic    uuid.UUID // nil: all
	snapshot string
	net      bool // the row of the net was there: no crash has emptied it since
}

// Tailed is how many events a Tail reads at once. Of more it reads the newest, and says how many are left out:
// whoever watches cannot read that fast.
const Tailed = 1000

// Tail is a reader of a topic, or of all of them when it is nil. Begin comes first.
func (l *Log) Tail(topic uuid.UUID) *Tail { return &Tail{log: l, topic: topic} }

// What was read before is known from the transaction of a row: those below the snapshot's xmin, and those above
// that it saw. A row has 32 bits of the 64 of its transaction's number: the rest is that of the newest, or one less.
// Behind the newest event of a topic those that are new stand without a gap, as locks have them commit in their
// order: each is looked at once, and one more.
const readTail = `
WITH RECURSIVE now AS MATERIALIZED (
  SELECT pg_current_snapshot() AS snapshot, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS upto,
    EXISTS (SELECT FROM wakes WHERE xid = '0'::xid8) AS net
), fresh AS (
  SELECT t.id FROM topics t WHERE t.id = $2::uuid AND t.id <> $3::uuid
  UNION SELECT t.id FROM wakes w CROSS JOIN unnest(w.topics) AS t(id)
    WHERE $2::uuid = $3::uuid AND NOT $4::bool AND w.xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(w.xid, $1::text::pg_snapshot)
  UNION SELECT id FROM topics WHERE $2::uuid = $3::uuid AND $4::bool
), behind AS (
  SELECT e.*, 1 AS n FROM fresh f JOIN topics t ON t.id = f.id CROSS JOIN now
  JOIN LATERAL (SELECT *, xmin AS x FROM events WHERE topic_id = t.id AND seq = t.seq) AS e ON true
  WHERE NOT pg_visible_in_snapshot((now.upto - ((now.upto - e.x::text::bigint) & 4294967295))::text::xid8, $1::text::pg_snapshot)
  UNION ALL
  SELECT e.*, b.n + 1 FROM behind b CROSS JOIN now
  JOIN LATERAL (SELECT *, xmin AS x FROM events WHERE topic_id = b.topic_id AND seq = b.seq - 1) AS e ON true
  WHERE NOT pg_visible_in_snapshot((now.upto - ((now.upto - e.x::text::bigint) & 4294967295))::text::xid8, $1::text::pg_snapshot)
), newest AS (
  SELECT * FROM behind ORDER BY at DESC, topic_id, seq DESC LIMIT $5
)
SELECT now.snapshot::text, now.net, (SELECT count(*) FROM behind), e.topic_id, e.seq, e.kind, e.subject_id, e.author_id, e.at,
  e.unread_notes, e.unread_conversations, e.unread_notifications, e.unseen_notifications
FROM now LEFT JOIN newest e ON true ORDER BY e.at, e.topic_id, e.seq`

// The snapshot comes with what is read, so that nothing is between the two.
const beginTail = `
WITH history AS (
  SELECT * FROM events WHERE ($1::uuid = $2::uuid OR topic_id = $1::uuid) AND at >= $3 AND seq > $4 ORDER BY at DESC, topic_id, seq DESC LIMIT $5
)
SELECT pg_current_snapshot()::text, EXISTS (SELECT FROM wakes WHERE xid = '0'::xid8), 0, e.topic_id, e.seq, e.kind, e.subject_id, e.author_id, e.at,
  e.unread_notes, e.unread_conversations, e.unread_notifications, e.unseen_notifications
FROM (SELECT) AS always LEFT JOIN history e ON true ORDER BY e.at, e.topic_id, e.seq`

// Begin returns what there is already: events that are not older than since, and in one topic come after a seq;
// of more than Tailed the newest. What is committed later is for Read.
func (t *Tail) Begin(ctx context.Context, since time.Time, after int64) ([]Event, error) {
	if _, err := t.log.epochs.read(ctx, t.log.db); err != nil {
		return nil, err
	}
	events, _, err := t.read(ctx, beginTail, t.topic, uuid.Nil, since, after, Tailed)
	return events, err
}

// Read returns what was committed since the last Read, in the order of time; those of one topic are in their
// order. leftOut is how many older ones there were beyond Tailed. It does not wait. After a restore, whose
// history is another, it goes on from where that is.
func (t *Tail) Read(ctx context.Context) (events []Event, leftOut int, err error) {
	changed, err := t.log.epochs.read(ctx, t.log.db)
	if err != nil {
		return nil, 0, err
	}
	if changed {
		_, err := t.Begin(ctx, endOfTime, 0)
		return nil, 0, err
	}
	events, all, err := t.read(ctx, readTail, t.snapshot, t.topic, uuid.Nil, !t.net, Tailed)
	return events, all - len(events), err
}

// endOfTime is later than all that happens.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func (t *Tail) read(ctx context.Context, statement string, args ...any) (events []Event, all int, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	rows, err := t.log.db.Rows(ctx, statement, args...)
	if err != nil {
		return nil, 0, postgres.Explain(err)
	}
	defer rows.Close()
	var snapshot string
	var net bool
	for rows.Next() {
		var topic, subject, author uuid.NullUUID
		var seq, kind sql.NullInt64
		var at sql.NullTime
		var n, c, f, u sql.NullInt32
		if err := rows.Scan(&snapshot, &net, &all, &topic, &seq, &kind, &subject, &author, &at, &n, &c, &f, &u); err != nil {
			return nil, 0, err
		}
		if topic.Valid {
			events = append(events, Event{Topic: topic.UUID, Seq: seq.Int64, Kind: Kind(kind.Int64), Subject: subject.UUID, Author: author.UUID,
				At: at.Time.UTC(), Unread: Unread{Notes: int(n.Int32), Conversations: int(c.Int32), Notifications: int(f.Int32), Unseen: int(u.Int32)}})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, 0, postgres.Explain(err)
	}
	t.snapshot, t.net = snapshot, net
	return events, all, nil
}
