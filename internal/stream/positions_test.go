package stream

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

// Both sockets of a device that was copied acknowledge within one second: the device is shared, whichever of
// the two is written last.
func TestTwoSocketsOfADeviceInOneFlush(t *testing.T) {
	t.Parallel()
	db := openDB(t, postgrestest.New(t))
	user := uuid.New()
	if _, err := db.ExecContext(t.Context(), `INSERT INTO users (id, username, display_name, created_at) VALUES ($1, 'mina', 'mina', now())`, user); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO topics (id, seq) VALUES ($1, 9)`, user); err != nil {
		t.Fatal(err)
	}
	all := NewPositions(db, slog.New(slog.DiscardHandler))
	key := PositionKey{User: user, Device: "copied", Subscription: "events"}
	var l Log
	older, start, known, err := all.Open(t.Context(), &l, key, 0)
	if err != nil || start != 0 || known {
		t.Fatal(start, known, err)
	}
	newer, _, known, err := all.Open(t.Context(), &l, key, 0)
	if err != nil || !known {
		t.Fatal(known, err)
	}
	older.Acknowledge(5)
	newer.Acknowledge(9)
	all.flush(t.Context())
	_, start, known, err = all.Open(t.Context(), &l, key, 2)
	if err != nil || start != 2 || known {
		t.Errorf("a shared device is believed: %d %t %v", start, known, err)
	}
}

// TestOpenFindsWhatIsBeingWritten has a flush that another transaction keeps waiting: a position that is opened
// meanwhile starts behind what was acknowledged.
func TestOpenFindsWhatIsBeingWritten(t *testing.T) {
	t.Parallel()
	for _, kept := range []string{"events", "noteReceived"} { // the flush may write either first
		t.Run(kept, func(t *testing.T) {
			t.Parallel()
			db := openDB(t, postgrestest.New(t))
			user := uuid.New()
			if _, err := db.ExecContext(t.Context(), `INSERT INTO users (id, username, display_name, created_at) VALUES ($1, 'mina', 'mina', now())`, user); err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), `INSERT INTO topics (id, seq) VALUES ($1, 9)`, user); err != nil {
				t.Fatal(err)
			}
			all := NewPositions(db, slog.New(slog.DiscardHandler))
			var l Log
			var list []*Position
			for _, name := range []string{"events", "noteReceived"} {
				pos, _, _, err := all.Open(t.Context(), &l, PositionKey{User: user, Device: "laptop", Subscription: name}, 0)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, pos)
			}
			for _, pos := range list {
				pos.Acknowledge(7)
			}
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			if _, err := tx.ExecContext(t.Context(), `SELECT FROM positions WHERE subscription = $1 FOR UPDATE`, kept); err != nil {
				t.Fatal(err)
			}
			flushed := make(chan struct{})
			go func() { all.flush(t.Context()); close(flushed) }()
			eventually(t, "the flush waits", func() bool {
				var waiting int
				err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
				return err == nil && waiting == 1
			})
			other := map[string]string{"events": "noteReceived", "noteReceived": "events"}[kept]
			opened := make(chan int64, 1)
			go func() {
				_, start, _, err := all.Open(t.Context(), &l, PositionKey{User: user, Device: "laptop", Subscription: other}, 0)
				if err != nil {
					t.Error(err)
				}
				opened <- start
			}()
			select {
			case start := <-opened:
				t.Errorf("started after %d while 7 was being written", start)
				opened <- start
			case <-time.After(300 * time.Millisecond): // far more than an Open takes
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			<-flushed
			if start := <-opened; start != 7 {
				t.Errorf("started after %d", start)
			}
		})
	}
}

// TestAcknowledgementsOutliveAFailedFlush has a flush wait for a lock until it gives up: what was acknowledged is
// written by the next one. Red when what a flush has taken is forgotten where it fails.
func TestAcknowledgementsOutliveAFailedFlush(t *testing.T) {
	t.Parallel()
	db := openDB(t, postgrestest.New(t))
	user := uuid.New()
	if _, err := db.ExecContext(t.Context(), `INSERT INTO users (id, username, display_name, created_at) VALUES ($1, 'mina', 'mina', now())`, user); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO topics (id, seq) VALUES ($1, 9)`, user); err != nil {
		t.Fatal(err)
	}
	all := NewPositions(db, slog.New(slog.DiscardHandler))
	var l Log
	laptop := PositionKey{User: user, Device: "laptop", Subscription: "events"}
	pos, _, _, err := all.Open(t.Context(), &l, laptop, 0)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `SELECT FROM positions FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	pos.Acknowledge(5)
	all.flush(t.Context())
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	_, start, known, err := all.Open(t.Context(), &l, laptop, 0)
	if err != nil || start != 5 || !known {
		t.Errorf("started after %d (%t, %v) where 5 was acknowledged", start, known, err)
	}
}
