package notes

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/search"
)

// Indexer keeps the index of words: it follows the logs of those who write. How far it came stands in the
// database, in the transaction that indexes, so a crash costs nothing, and any number of processes may run
// one.
type Indexer struct {
	db      *postgres.DB
	log     *slog.Logger
	seen    seen
	at      time.Time // when the logs were looked at last
	Indexed int       // notes, by this Indexer
}

// seen says which transactions were looked at.
type seen struct {
	since string // all before this one are over
	net   string // the row of the net that is there as long as no crash has emptied it
}

// NewIndexer makes an indexer of the notes of db. It is not for concurrent use.
func NewIndexer(db *postgres.DB, log *slog.Logger) *Indexer { return &Indexer{db: db, log: log} }

const (
	indexInterval = time.Second   // a new note is to be found within five
	indexTrusted  = time.Minute   // after so long without a look all logs are looked at: what changed is kept for five
	indexWhole    = 6 * time.Hour // and now and then all the same
	// usersAtOnce times notesAtOnce texts are held in memory at most, and written in one transaction.
	usersAtOnce = 100
	notesAtOnce = 20
	// markSlack is how far a mark may stay behind when there was nothing to index: readers' logs move, too.
	markSlack = 200
)

// Run indexes what is written until ctx ends. What fails is tried again.
func (x *Indexer) Run(ctx context.Context) {
	tick := time.NewTicker(indexInterval)
	defer tick.Stop()
	var whole time.Time
	for {
		var err error
		if time.Since(whole) > indexWhole || time.Since(x.at) > indexTrusted {
			if err = x.CatchUp(ctx); err == nil {
				whole = time.Now()
			}
		} else {
			err = x.follow(ctx)
		}
		if err != nil {
			whole = time.Time{} // what changed may have been forgotten with the connection
			if ctx.Err() == nil {
				x.log.Warn("indexing notes failed: trying again", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

const (
	findSeen = `
SELECT pg_snapshot_xmin(pg_current_snapshot())::text, coalesce((SELECT min(xmin::text) FROM wakes WHERE xid = '0'::xid8), '')`
	findBehind = `
SELECT u.id FROM users u JOIN topics t ON t.id = u.id LEFT JOIN search_marks m ON m.user_id = u.id AND m.version >= $2
WHERE u.id > $1 AND t.seq > coalesce(m.seq, 0) ORDER BY u.id LIMIT $3`
	findChanged = `
SELECT DISTINCT u.id FROM wakes w CROSS JOIN unnest(w.topics) AS t(id) JOIN users u ON u.id = t.id
WHERE w.xid >= $1::text::xid8 AND u.id > $2 ORDER BY u.id LIMIT $3`
)

// look reads what to go on from the next time. It comes before what it is about is read.
func (x *Indexer) look(ctx context.Context) (s seen, err error) {
	rows, err := x.db.Rows(ctx, findSeen)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&s.since, &s.net); err != nil {
			return s, err
		}
	}
	return s, rows.Err()
}

// CatchUp looks at the logs of all users.
func (x *Indexer) CatchUp(ctx context.Context) error {
	at := time.Now()
	next, err := x.look(ctx)
	if err != nil {
		return err
	}
	err = x.all(ctx, func(last uuid.UUID) ([]uuid.UUID, error) {
		return postgres.Column[uuid.UUID](x.db.Rows(ctx, findBehind, last, search.Version, usersAtOnce))
	})
	if err == nil {
		x.seen, x.at = next, at
	}
	return err
}

// follow looks at the logs in which something was written since the last time. It reads the net under the
// broker.
func (x *Indexer) follow(ctx context.Context) error {
	at := time.Now()
	next, err := x.look(ctx)
	if err != nil {
		return err
	}
	if next.net != x.seen.net {
		return x.CatchUp(ctx) // the database has crashed, and has forgotten what changed
	}
	err = x.all(ctx, func(last uuid.UUID) ([]uuid.UUID, error) {
		return postgres.Column[uuid.UUID](x.db.Rows(ctx, findChanged, x.seen.since, last, usersAtOnce))
	})
	if err == nil {
		x.seen, x.at = next, at
	}
	return err
}

// all indexes what users have written, some of the users after the other.
func (x *Indexer) all(ctx context.Context, after func(last uuid.UUID) ([]uuid.UUID, error)) error {
	for last := uuid.Nil; ; {
		users, err := after(last)
		if err != nil || len(users) == 0 {
			return err
		}
		last = users[len(users)-1]
		for more := true; more; {
			if more, err = x.index(ctx, users); err != nil {
				return err
			}
		}
	}
}

const (
	openMarks = `
INSERT INTO search_marks AS m (user_id, version, seq)
SELECT u.id, $2, 0 FROM unnest($1::uuid[]) AS u(id) WHERE NOT EXISTS (SELECT FROM search_marks o WHERE o.user_id = u.id AND o.version >= $2) ORDER BY u.id
ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, seq = 0 WHERE m.version < excluded.version`
	lockMarks = `
SELECT m.user_id, m.seq, t.seq FROM search_marks m JOIN topics t ON t.id = m.user_id
WHERE m.user_id = ANY($1) AND m.version = $2 AND t.seq > m.seq ORDER BY m.user_id FOR UPDATE OF m`
	// What the users have written, and what they have changed since.
	readUnindexed = `
SELECT w.i, n.at, n.conversation_id, n.seq, n.body, ARRAY(SELECT e.user_id FROM inbox_entries e WHERE e.note_id = n.id)
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[]) AS w(user_id, after, upto, i)
CROSS JOIN LATERAL (
  (SELECT position AS at, id, conversation_id, seq, body FROM notes
   WHERE sender_id = w.user_id AND position > w.after AND position <= w.upto ORDER BY position LIMIT $5)
  UNION ALL
  (SELECT e.seq, n.id, n.conversation_id, n.seq, n.body FROM events e JOIN notes n ON n.id = e.subject_id AND n.sender_id = w.user_id
   WHERE e.topic_id = w.user_id AND e.seq > w.after AND e.seq <= w.upto AND e.kind = 3 AND e.author_id = w.user_id ORDER BY e.seq LIMIT $5)
  ORDER BY at LIMIT $5
) AS n ORDER BY w.i, n.at`
	writeTerms = `
WITH gone AS (
  DELETE FROM note_terms t USING unnest($4::uuid[], $5::bigint[]) AS g(conversation, seq) WHERE t.conversation_id = g.conversation AND t.seq = g.seq
)
INSERT INTO note_terms (conversation_id, seq, terms)
SELECT t.conversation, t.seq, t.terms::int[] FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS t(conversation, seq, terms)
ON CONFLICT (conversation_id, seq) DO UPDATE SET terms = excluded.terms WHERE note_terms.terms <> excluded.terms`
	writeMarks = `UPDATE search_marks AS m SET seq = n.seq FROM unnest($1::uuid[], $2::bigint[]) AS n(user_id, seq) WHERE m.user_id = n.user_id`
)

// follower is a user whose log is followed.
type follower struct {
	user        uuid.UUID
	after, upTo int64
	count       int   // of notes that were read
	last        int64 // the position of the last of them
}

// mark is how far the log is done now, and whether that has to be written.
func (f *follower) mark() (seq int64, moved bool) {
	if f.count == notesAtOnce {
		return f.last, true
	}
	return f.upTo, f.count > 0 || f.upTo-f.after > markSlack
}

// index indexes some of what users have written and changed. more says that there is more.
func (x *Indexer) index(ctx context.Context, users []uuid.UUID) (more bool, err error) {
	indexed := 0
	err = x.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		more, indexed = false, 0
		if _, err := tx.Exec(ctx, openMarks, postgres.UUIDs(users), search.Version); err != nil {
			return err
		}
		followers, err := lockFollowers(ctx, tx, users)
		if err != nil || len(followers) == 0 {
			return err
		}
		w, err := readTerms(ctx, tx, followers)
		if err != nil {
			return err
		}
		if indexed = len(w.notes) + len(w.gone); indexed > 0 {
			if err := w.write(ctx, tx); err != nil {
				return err
			}
		}
		var moved postgres.UUIDs
		var seqs []int64
		for _, f := range followers {
			if seq, ok := f.mark(); ok {
				moved, seqs = append(moved, f.user), append(seqs, seq)
			}
			more = more || f.count == notesAtOnce
		}
		if len(moved) == 0 {
			return nil
		}
		_, err = tx.Exec(ctx, writeMarks, moved, seqs)
		return err
	})
	if err == nil {
		x.Indexed += indexed
	}
	return more, err
}

func lockFollowers(ctx context.Context, tx *postgres.Tx, users []uuid.UUID) (list []*follower, err error) {
	rows, err := tx.Rows(ctx, lockMarks, postgres.UUIDs(users), search.Version)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		f := &follower{}
		if err := rows.Scan(&f.user, &f.after, &f.upTo); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// termRows are the rows of the index that a transaction writes.
type termRows struct {
	notes map[Place]search.Terms
	gone  map[Place]struct{} // unsent
}

// readTerms reads what the followed users have written and changed. The texts are at least as new as the
// positions: what changes meanwhile comes again.
func readTerms(ctx context.Context, tx *postgres.Tx, followers []*follower) (*termRows, error) {
	var users postgres.UUIDs
	var after, upTo, order []int64
	for i, f := range followers {
		users, after, upTo, order = append(users, f.user), append(after, f.after), append(upTo, f.upTo), append(order, int64(i))
	}
	rows, err := tx.Rows(ctx, readUnindexed, users, after, upTo, order, notesAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	w := &termRows{notes: map[Place]search.Terms{}, gone: map[Place]struct{}{}}
	for rows.Next() {
		var i int
		var position int64
		var p Place
		var body string
		var owners postgres.UUIDs
		if err := rows.Scan(&i, &position, &p.Conversation, &p.Seq, &body, &owners); err != nil {
			return nil, err
		}
		f := followers[i]
		f.count++
		f.last = position
		if body == "" {
			w.gone[p] = struct{}{}
			continue
		}
		w.notes[p] = noteTerms(body, append(owners, f.user))
	}
	return w, rows.Err()
}

func (w *termRows) write(ctx context.Context, tx *postgres.Tx) error {
	var conversations, goneConversations postgres.UUIDs
	var seqs, goneSeqs []int64
	var terms search.Lists
	for p, list := range w.notes {
		conversations, seqs, terms = append(conversations, p.Conversation), append(seqs, p.Seq), append(terms, list)
	}
	for p := range w.gone {
		goneConversations, goneSeqs = append(goneConversations, p.Conversation), append(goneSeqs, p.Seq)
	}
	_, err := tx.Exec(ctx, writeTerms, conversations, seqs, terms, goneConversations, goneSeqs)
	return err
}

// noteTerms are the terms of a note in the boxes of users.
func noteTerms(body string, users []uuid.UUID) search.Terms {
	owners := make([]int32, len(users))
	for i, user := range users {
		owners[i] = search.UserTerm(user)
	}
	return search.TermsOf(body, owners...)
}
