package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/internal/problem"
)

func isUnavailable(err error) bool {
	p, ok := errors.AsType[*problem.Error](postgres.Explain(err))
	return ok && p.Code == problem.Unavailable
}

func read(ctx context.Context, db *postgres.DB, text string) (n int, err error) {
	rows, err := db.Rows(ctx, text)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}

// TestASilentServer answers nothing any more while many read and write: all are told so in time, and when it
// speaks again all goes on.
//
// Red without the deadline of the line: it hangs.
func TestASilentServer(t *testing.T) {
	t.Parallel()
	dsn, _ := numbers(t)
	w := newWire(t, dsn)
	db := open(t, w.dsn, 5)
	if _, err := read(t.Context(), db, `SELECT 1`); err != nil {
		t.Fatal(err)
	}
	w.obey(func([]byte) fate { return silent })
	began := time.Now()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			ctx := context.Background() // whoever has a connection, and waits for the server alone
			if i > 0 {
				limited, cancel := context.WithTimeout(ctx, 9*time.Second)
				defer cancel()
				ctx = limited
			}
			if _, err := read(ctx, db, `SELECT 1`); !isUnavailable(err) {
				t.Errorf("a read: %v", err)
			}
		})
	}
	for range 20 {
		all.Go(func() {
			err := db.InTx(context.Background(), func(ctx context.Context, tx *postgres.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO numbers VALUES (1)`)
				return err
			})
			if !isUnavailable(err) {
				t.Errorf("a write: %v", err)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); took > 30*time.Second { // three times what is promised
		t.Errorf("the last answer came after %s", took)
	}
	w.obey(func([]byte) fate { return passes })
	// One that was being opened meanwhile may still have to be given up.
	n, err := read(t.Context(), db, `SELECT 1`)
	for again := 0; err != nil && again < 5; again++ {
		n, err = read(t.Context(), db, `SELECT 1`)
	}
	if n != 1 || err != nil {
		t.Errorf("afterwards: %d, %v", n, err)
	}
	if list := counted(t, db); len(list) > 0 {
		t.Errorf("%v was written", list)
	}
}

// TestADeadlineOfTheCaller ends the wait for a server that is silent in the middle of a transaction, and of a
// read; and one that is over takes no connection with it.
//
// Red when a statement does not hear of the deadline: it takes seven seconds.
func TestADeadlineOfTheCaller(t *testing.T) {
	t.Parallel()
	dsn, _ := numbers(t)
	w := newWire(t, dsn)
	db := open(t, w.dsn, 2)
	for _, what := range []string{"write", "read"} {
		if _, err := read(t.Context(), db, `SELECT 2`); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		var err error
		if what == "write" {
			err = db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
				w.obey(func([]byte) fate { return silent })
				_, err := tx.Exec(ctx, `INSERT INTO numbers VALUES (1)`)
				return err
			})
		} else {
			w.obey(func([]byte) fate { return silent })
			_, err = read(ctx, db, `SELECT 2`)
		}
		cancel()
		w.obey(func([]byte) fate { return passes })
		if took := time.Since(began); !isUnavailable(err) || took > 4*time.Second {
			t.Errorf("a %s after %s: %v", what, took, err)
		}
	}
}

// TestAnIdleConnection lives on, longer than a server may be silent.
//
// Red when a deadline that has passed counts before the next request brings another.
func TestAnIdleConnection(t *testing.T) {
	t.Parallel()
	db := open(t, postgrestest.New(t), 1)
	const who = `SELECT pg_backend_pid()`
	before, err := read(t.Context(), db, who)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(7500 * time.Millisecond) // half a second more than a server may be silent
	if after, err := read(t.Context(), db, who); after != before || err != nil {
		t.Errorf("%d is %d now: %v", before, after, err)
	}
}

// TestAnIdleConnectionIsClosed in good order, also when the deadline of whoever had it last has passed.
//
// Red when that deadline still counts: the good-bye cannot be written.
func TestAnIdleConnectionIsClosed(t *testing.T) {
	t.Parallel()
	db, err := postgres.Open(t.Context(), postgrestest.New(t), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := read(ctx, db, `SELECT 1`); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
