package stream

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
)

// Log writes and reads the event logs.
type Log struct {
	// Clock is when what is written happens, and what identifiers are made of: nil, the system's, but where
	// a past is invented. It is set before the first use.
	Clock *ids.Clock

	db     *postgres.DB
	hub    *Hub // told of what this process commits; nil where nobody listens
	epochs epochs
}

// NewLog makes the log of a database for a process in which nobody listens: readers in others find what it
// writes by their polls.
func NewLog(ctx context.Context, db *postgres.DB) (*Log, error) {
	l := &Log{db: db}
	_, err := l.epochs.read(ctx, db)
	return l, err
}

// Topics makes the heads of new topics: a user's mailbox, a post's comments. It joins tx.
func Topics(ctx context.Context, tx *postgres.Tx, ids ...uuid.UUID) error {
	_, err := tx.Exec(ctx, `INSERT INTO topics (id) SELECT unnest($1::uuid[])`, postgres.UUIDs(ids))
	return err
}

// Batch collects what one transaction adds to the logs. Lock comes first, and after every lock on posts
// and conversations, because all writers take their locks in that order; then Append and Count, any number
// of times; then Write, once, as the last statement before the commit. A batch serves one run of a
// transaction and is not for concurrent use.
type Batch struct {
	log    *Log
	tx     *postgres.Tx
	heads  map[uuid.UUID]*Head
	at     time.Time
	events []Event
	rung   postgres.UUIDs
}

// Begin starts a batch in tx. All its events get the time at.
func (l *Log) Begin(tx *postgres.Tx, at time.Time) *Batch {
	return &Batch{log: l, tx: tx, heads: map[uuid.UUID]*Head{}, at: at}
}

// At is the time of the batch's events.
func (b *Batch) At() time.Time { return b.at }

// New makes the identifier of something that the batch is about.
func (b *Batch) New() uuid.UUID { return b.log.Clock.New() }

const lockHeads = `SELECT id, seq, unread_notes, unread_conversations, unread_notifications, unseen_notifications
FROM topics WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`

// Lock locks the heads of topics, in the order of their ids. Until the transaction ends nobody else can
// append to them, which is what makes the order of seq the order of commits. A topic that does not exist is
// an error. It may be called once.
func (b *Batch) Lock(ctx context.Context, topics ...uuid.UUID) error {
	topics = slices.Clone(topics)
	slices.SortFunc(topics, func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	topics = slices.Compact(topics)
	rows, err := b.tx.Rows(ctx, lockHeads, postgres.UUIDs(topics))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		h := &Head{}
		if err := rows.Scan(&id, &h.Seq, &h.Unread.Notes, &h.Unread.Conversations, &h.Unread.Notifications, &h.Unread.Unseen); err != nil {
			return err
		}
		b.heads[id] = h
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(b.heads) != len(topics) {
		return fmt.Errorf("stream: %d of %d topics have a head", len(b.heads), len(topics))
	}
	return nil
}

// Append adds an event to a locked topic and returns its seq.
func (b *Batch) Append(topic uuid.UUID, kind Kind, subject, author uuid.UUID) int64 {
	h := b.heads[topic]
	h.Seq++
	b.events = append(b.events, Event{Topic: topic, Seq: h.Seq, Kind: kind, Subject: subject, Author: author, At: b.at})
	return h.Seq
}

// Count moves the counters of a locked mailbox. What moves counters also appends an event, or nobody
// would hear of it.
func (b *Batch) Count(mailbox uuid.UUID, change Unread) { b.heads[mailbox].Unread.add(change) }

// Ring has those who wait for a topic called when the batch is written, as Log.Ring does, at no further cost.
func (b *Batch) Ring(topic uuid.UUID) { b.rung = append(b.rung, topic) }

// Head is the state of a locked topic, with what this batch has added so far.
func (b *Batch) Head(topic uuid.UUID) Head { return *b.heads[topic] }

const writeBatch = `
WITH raised AS (
  UPDATE topics SET seq = h.seq, unread_notes = h.n, unread_conversations = h.c, unread_notifications = h.f, unseen_notifications = h.u
  FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[]) AS h(id, seq, n, c, f, u)
  WHERE topics.id = h.id
), written AS (
  INSERT INTO events (topic_id, seq, kind, subject_id, author_id, at, unread_notes, unread_conversations, unread_notifications, unseen_notifications)
  SELECT e.topic, e.seq, e.kind, e.subject, e.author, $12, h.n, h.c, h.f, h.u
  FROM unnest($7::uuid[], $8::bigint[], $9::smallint[], $10::uuid[], $11::uuid[]) AS e(topic, seq, kind, subject, author)
  JOIN unnest($1::uuid[], $3::int[], $4::int[], $5::int[], $6::int[]) AS h(id, n, c, f, u) ON h.id = e.topic
)
INSERT INTO wakes (topics) VALUES ($1::uuid[] || $13::uuid[]) RETURNING ` + postgres.Receipt

// Write puts the batch into the log, in one statement, and has the topics' readers woken once the
// transaction has committed. It returns the events; without any, nothing is written.
func (b *Batch) Write(ctx context.Context) ([]Event, error) {
	if len(b.events) == 0 {
		return nil, nil
	}
	var topics, eventTopics, subjects, authors postgres.UUIDs
	var seqs, eventSeqs []int64
	var n, c, f, u []int64
	var kinds []int64
	for i := range b.events {
		e := &b.events[i]
		h := b.heads[e.Topic]
		e.Unread = h.Unread
		if e.Seq == h.Seq { // the topic's last: one row for each topic
			topics, seqs = append(topics, e.Topic), append(seqs, h.Seq)
			n, c = append(n, int64(h.Unread.Notes)), append(c, int64(h.Unread.Conversations))
			f, u = append(f, int64(h.Unread.Notifications)), append(u, int64(h.Unread.Unseen))
		}
		eventTopics, eventSeqs = append(eventTopics, e.Topic), append(eventSeqs, e.Seq)
		kinds = append(kinds, int64(e.Kind))
		subjects, authors = append(subjects, e.Subject), append(authors, e.Author)
	}
	if err := b.tx.Sign(ctx, writeBatch, topics, seqs, n, c, f, u, eventTopics, eventSeqs, kinds, subjects, authors, b.at, b.rung); err != nil {
		return nil, err
	}
	if b.log.hub != nil {
		wakes := make([]Wake, 0, len(topics)+len(b.rung))
		for i := range topics {
			wakes = append(wakes, Wake{Topic: topics[i], Seq: seqs[i]})
		}
		for _, topic := range b.rung {
			wakes = append(wakes, Wake{Topic: topic})
		}
		b.tx.AfterCommit(func() { b.log.hub.Committed(wakes) })
	}
	return b.events, nil
}

// Head reads the end of a topic's log. ok is false when there is no such topic.
func (l *Log) Head(ctx context.Context, topic uuid.UUID) (h Head, ok bool, err error) {
	rows, err := l.db.Rows(ctx, `SELECT seq, unread_notes, unread_conversations, unread_notifications, unseen_notifications FROM topics WHERE id = $1`, topic)
	if err != nil {
		return h, false, postgres.Explain(err)
	}
	defer rows.Close()
	if rows.Next() {
		ok = true
		err = rows.Scan(&h.Seq, &h.Unread.Notes, &h.Unread.Conversations, &h.Unread.Notifications, &h.Unread.Unseen)
	}
	if err == nil {
		err = rows.Err()
	}
	return h, ok, postgres.Explain(err)
}

// readTime is how long a read of a log may take, waiting for a connection included. Who is not answered
// asks again, and holds nothing meanwhile.
const readTime = 8 * time.Second

const readEvents = `
SELECT e.topic_id, e.seq, e.kind, e.subject_id, e.author_id, e.at, e.unread_notes, e.unread_conversations, e.unread_notifications, e.unseen_notifications
FROM unnest($1::uuid[], $2::bigint[]) AS w(topic, after)
CROSS JOIN LATERAL (SELECT * FROM events WHERE topic_id = w.topic AND seq > w.after ORDER BY seq LIMIT $3) AS e
ORDER BY e.topic_id, e.seq`

// read returns up to limit events after a position, for each topic; those of one topic are together and in
// order.
func (l *Log) read(ctx context.Context, topics []uuid.UUID, after []int64, limit int) ([]Event, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	rows, err := l.db.Rows(ctx, readEvents, postgres.UUIDs(topics), after, limit)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	var events []Event
	for rows.Next() {
		e, err := scanEvent(rows)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, postgres.Explain(rows.Err())
}

func scanEvent(rows *sql.Rows) (e Event, err error) {
	var author uuid.NullUUID
	err = rows.Scan(&e.Topic, &e.Seq, &e.Kind, &e.Subject, &author, &e.At, &e.Unread.Notes, &e.Unread.Conversations, &e.Unread.Notifications, &e.Unread.Unseen)
	e.Author, e.At = author.UUID, e.At.UTC()
	return e, err
}
