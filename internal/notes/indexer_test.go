package notes

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
)

// index is all of the index of words, as text.
func (f *fixture) index() (rows []string) {
	f.t.Helper()
	found, err := f.db.QueryContext(f.t.Context(), `SELECT conversation_id::text || ' ' || seq || ' ' || terms::text FROM note_terms ORDER BY conversation_id, seq`)
	if err != nil {
		f.t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var row string
		if err := found.Scan(&row); err != nil {
			f.t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := found.Err(); err != nil {
		f.t.Fatal(err)
	}
	return rows
}

// indexIsWhole holds the index against that which one worker makes of all that is there.
func (f *fixture) indexIsWhole() {
	f.t.Helper()
	found := f.index()
	if _, err := f.db.ExecContext(f.t.Context(), `TRUNCATE note_terms, search_marks`); err != nil {
		f.t.Fatal(err)
	}
	f.indexer(nil)
	want := f.index()
	if !slices.Equal(found, want) {
		f.t.Errorf("the index has %d rows, and should have %d:\n%.2000s\n%.2000s", len(found), len(want), found, want)
	}
}

// indexer is that of one more worker, which has caught up. observe is told of its statements from then on.
func (f *fixture) indexer(observe func(statement string)) *Indexer {
	f.t.Helper()
	var caughtUp atomic.Bool
	db, err := postgres.Open(f.t.Context(), f.dsn, postgres.Options{Observe: func(statement string) {
		if observe != nil && caughtUp.Load() {
			observe(statement)
		}
	}})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = db.Close() })
	x := NewIndexer(db, slog.New(slog.DiscardHandler))
	if err := x.CatchUp(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	caughtUp.Store(true)
	return x
}

// One worker has read a text and not yet written what it makes of it, when that changes: the other one, which looks
// then, waits, and has the last word.
//
// Red when nobody waits: the old text is found and the new one is not; and when the other passes over what is locked:
// the new one is not found.
func TestAnIndexerWaitsForTheOther(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "mina", "joon")
	f.acquaint()
	mina := access.Viewer{UserID: f.users[0]}
	sent, err := f.Send(t.Context(), mina, Outgoing{To: f.users[1:], Body: "바늘"})
	if err != nil {
		t.Fatal(err)
	}
	edit := func(body string) {
		t.Helper()
		if _, err := f.Edit(t.Context(), mina, sent.Note.ID, body); err != nil {
			t.Fatal(err)
		}
	}
	reached, free := make(chan struct{}), make(chan struct{})
	slow := f.indexer(func(statement string) {
		if statement == writeTerms {
			close(reached)
			<-free
		}
	})
	other := f.indexer(nil)
	release := sync.OnceFunc(func() { close(free) })
	t.Cleanup(release)
	edit("은실")
	var indexing sync.WaitGroup
	indexing.Go(func() {
		if err := slow.follow(t.Context()); err != nil {
			t.Error(err)
		}
	})
	<-reached
	edit("가는실")
	done := make(chan struct{})
	indexing.Go(func() {
		defer close(done)
		if err := other.follow(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for waiting := 0; waiting == 0; time.Sleep(time.Millisecond) {
		select {
		case <-done:
			t.Error("nobody has waited")
			waiting = 1
		default:
			if err := f.db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
				t.Fatal(err)
			}
		}
	}
	release()
	indexing.Wait()
	f.indexIsWhole()
}
