package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/notewire/notewire/internal/ids"
)

// words are a vocabulary, the most frequent first, of which texts are made as people do: the n-th word comes
// about 1/n as often as the first.
type words struct {
	list []string
	zipf *rand.Zipf
	rng  *rand.Rand
}

func newWords() *words {
	w := &words{rng: rand.New(rand.NewPCG(1, 2))}
	syllables := []rune("가나다라마바사아자차카타파하고노도로모보소오조초코토포호기니디리미비시이지치키티피히는은를을에서의와과한할했합입있없요죠까네군")
	seen := map[string]bool{}
	for len(w.list) < 20_000 {
		var b strings.Builder
		if w.rng.IntN(5) == 0 {
			for range 3 + w.rng.IntN(6) {
				b.WriteByte("etaoinshrdlucmfwypvbgk"[min(w.rng.IntN(22), w.rng.IntN(22))])
			}
		} else {
			for range 2 + w.rng.IntN(3) {
				b.WriteRune(syllables[min(w.rng.IntN(len(syllables)), w.rng.IntN(len(syllables)))])
			}
		}
		if !seen[b.String()] {
			seen[b.String()] = true
			w.list = append(w.list, b.String())
		}
	}
	w.zipf = rand.NewZipf(w.rng, 1.05, 4, uint64(len(w.list)-1))
	return w
}

// text is 3 to 22 words.
func (w *words) text() string {
	var b strings.Builder
	for i := range 3 + w.rng.IntN(20) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.list[w.zipf.Uint64()])
	}
	return b.String()
}

// talk is a direct conversation to be made.
type talk struct {
	id      uuid.UUID
	a, b    int // users
	notes   int
	seq     int
	oneSide bool // only b writes
}

// perTalk is how many notes a conversation has.
const perTalk = 100

// fill writes users, conversations and notes as if they had been sent, but without notifications and events.
// The first of the registered users has received c.Heavy notes, and each other has some hundred.
func (c *search) fill(ctx context.Context, db *sql.DB, w *words, registered []string) error {
	users := make([]uuid.UUID, c.Users)
	for i := range users {
		users[i] = ids.New()
		if i < len(registered) {
			users[i] = ids.Of(ids.User, registered[i])
		}
	}
	var talks []*talk
	left := c.Notes
	for i := range c.Heavy / (2 * perTalk) {
		talks = append(talks, &talk{id: ids.New(), a: 0, b: 10 + i, notes: 2 * perTalk, oneSide: true})
		left -= 2 * perTalk
	}
	for ring := 1; left > 0; ring++ {
		for a := 1; a < c.Users && left > 0; a++ {
			if b := a + ring; b < c.Users {
				talks = append(talks, &talk{id: ids.New(), a: a, b: b, notes: perTalk})
				left -= perTalk
			}
		}
	}
	positions := make([]int64, c.Users)
	if _, err := db.ExecContext(ctx, `INSERT INTO conversations (id, kind, created_at, updated_at) SELECT unnest($1::uuid[]), 'DIRECT', now(), now()`, pq.Array(talkIDs(talks))); err != nil {
		return err
	}
	err := copyRows(ctx, db, "users", []string{"id", "username", "display_name", "created_at"}, func(row func(...any) error) error {
		for i := len(registered); i < len(users); i++ {
			if err := row(users[i], fmt.Sprint("made_", i), "made", time.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.fillNotes(ctx, db, w, users, talks, positions); err != nil {
		return err
	}
	err = copyRows(ctx, db, "participants", []string{"id", "conversation_id", "user_id", "role", "joined_at", "last_read_seq", "position"}, func(row func(...any) error) error {
		for _, t := range talks {
			for _, user := range []int{t.a, t.b} {
				if err := row(ids.New(), t.id, users[user], "MEMBER", time.Now(), t.seq, positions[user]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO topics (id, seq) SELECT * FROM unnest($1::uuid[], $2::bigint[]) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq`, pq.Array(users), pq.Array(positions))
	if err == nil {
		_, err = db.ExecContext(ctx, `UPDATE conversations c SET seq = n.seq, last_note_id = n.id FROM notes n WHERE n.conversation_id = c.id
AND n.seq = (SELECT max(seq) FROM notes m WHERE m.conversation_id = c.id)`)
	}
	if err == nil {
		_, err = db.ExecContext(ctx, `VACUUM ANALYZE`)
	}
	return err
}

func talkIDs(talks []*talk) []uuid.UUID {
	list := make([]uuid.UUID, len(talks))
	for i, t := range talks {
		list[i] = t.id
	}
	return list
}

// fillNotes writes a note to each conversation, and then the next: so those of one user lie far apart.
func (c *search) fillNotes(ctx context.Context, db *sql.DB, w *words, users []uuid.UUID, talks []*talk, positions []int64) error {
	type entry struct {
		user, note, conversation uuid.UUID
		position, seq            int64
	}
	var entries []entry // written when all notes are there, as the foreign key wants it
	err := copyRows(ctx, db, "notes", []string{"id", "conversation_id", "seq", "sender_id", "position", "body", "created_at"}, func(row func(...any) error) error {
		for more := true; more; {
			more = false
			for _, t := range talks {
				if t.seq == t.notes {
					continue
				}
				more = true
				t.seq++
				from, to := t.b, t.a
				if !t.oneSide && t.seq%2 == 0 {
					from, to = to, from
				}
				positions[from]++
				positions[to]++
				id := ids.New()
				if err := row(id, t.id, t.seq, users[from], positions[from], w.text(), time.Now()); err != nil {
					return err
				}
				entries = append(entries, entry{users[to], id, t.id, positions[to], int64(t.seq)})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return copyRows(ctx, db, "inbox_entries", []string{"user_id", "note_id", "conversation_id", "position", "seq"}, func(row func(...any) error) error {
		for _, e := range entries {
			if err := row(e.user, e.note, e.conversation, e.position, e.seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// copyRows writes the rows that fill gives to a table by COPY.
func copyRows(ctx context.Context, db *sql.DB, table string, columns []string, fill func(row func(...any) error) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	statement, err := tx.PrepareContext(ctx, fmt.Sprintf("COPY %s (%s) FROM STDIN", table, strings.Join(columns, ", "))) //nolint:sqlclosecheck // closed below: it says what went wrong
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	err = fill(func(values ...any) error {
		for i, v := range values {
			if id, ok := v.(uuid.UUID); ok {
				values[i] = id.String()
			}
		}
		_, err := statement.ExecContext(ctx, values...)
		return err
	})
	if err == nil {
		_, err = statement.ExecContext(ctx)
	}
	if err = errors.Join(err, statement.Close()); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
