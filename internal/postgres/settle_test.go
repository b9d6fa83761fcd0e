package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/internal/problem"
)

// add puts one number into the table, in a transaction that would add another one each time it became true.
func add(db *postgres.DB, n int, told *atomic.Int64) error {
	return db.InTx(context.Background(), func(ctx context.Context, tx *postgres.Tx) error {
		tx.AfterCommit(func() { told.Add(1) })
		_, err := tx.Exec(ctx, `INSERT INTO numbers VALUES ($1)`, n)
		return err
	})
}

// numbers is a database with a table that takes the same number any number of times.
func numbers(t *testing.T) (dsn string, direct *postgres.DB) {
	t.Helper()
	dsn = postgrestest.New(t) + " synchronous_commit=on" // what was acknowledged outlives a crash
	direct = open(t, dsn, 4)
	if _, err := direct.Exec(`CREATE TABLE numbers (n int NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	return dsn, direct
}

// counted is how often a number is there.
func counted(t *testing.T, db *postgres.DB) map[int]int {
	t.Helper()
	rows, err := db.Query(`SELECT n, count(*) FROM numbers GROUP BY n`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	list := map[int]int{}
	for rows.Next() {
		var n, times int
		if err := rows.Scan(&n, &times); err != nil {
			t.Fatal(err)
		}
		list[n] = times
	}
	return list
}

// TestLostCommits loses every third commit before it arrives, after it was done, or half way: all calls
// succeed, and each has happened once.
//
// Red when an unanswered commit runs again without a look, and when it is taken for done.
func TestLostCommits(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 25
	for name, what := range map[string]fate{"before it arrives": lost, "after it was done": unheard, "with its connection left open": stuck} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn, direct := numbers(t)
			w := newWire(t, dsn)
			db := open(t, w.dsn, 10)
			var commits, cut, told atomic.Int64
			w.obey(func(request []byte) fate {
				if isCommit(request) && commits.Add(1)%3 == 0 {
					cut.Add(1)
					return what
				}
				return passes
			})
			var all sync.WaitGroup
			for i := range writers {
				all.Go(func() {
					for j := range each {
						if err := add(db, i*each+j, &told); err != nil {
							t.Errorf("%d: %v", i*each+j, err)
						}
					}
				})
			}
			all.Wait()
			for n, times := range counted(t, direct) {
				if times != 1 {
					t.Errorf("%d is there %d times", n, times)
				}
			}
			if n := len(counted(t, direct)); n != writers*each || told.Load() != writers*each {
				t.Errorf("%d of %d have happened, and %d were told", n, writers*each, told.Load())
			}
			if cut.Load() < writers*each/3 {
				t.Errorf("only %d commits were cut", cut.Load())
			}
		})
	}
}

// TestACommitThatNobodyKnowsOf has Postgres crash between a commit and the look at what became of it, so
// that the transaction's row is gone and its id may be another's: nobody may be told that it happened. What
// never came to its commit runs again.
//
// Red without the look at the row: the id alone says "committed".
func TestACommitThatNobodyKnowsOf(t *testing.T) {
	dsn, direct := numbers(t)
	for _, test := range []struct {
		name string
		what fate
		done bool
	}{{"after it was done", unheard, false}, {"before it arrives", lost, true}} {
		t.Run(test.name, func(t *testing.T) {
			w := newWire(t, dsn)
			db := open(t, w.dsn, 2)
			var told atomic.Int64
			var once atomic.Bool
			w.obey(func(request []byte) fate {
				if !isCommit(request) || once.Swap(true) {
					return passes
				}
				if test.what == lost {
					crash(t)
					return lost
				}
				return unheard
			})
			if test.what == unheard { // the crash comes after the answer, before the look
				w.beforeConnect(func() {
					if once.Load() {
						w.beforeConnect(nil)
						crash(t)
					}
				})
			}
			n := rand.IntN(1 << 30)
			err := add(db, n, &told)
			_ = direct.Ping() // its connections are gone
			times := counted(t, direct)[n]
			var p *problem.Error
			switch {
			case test.done && (err != nil || times != 1 || told.Load() != 1):
				t.Errorf("%v; it is there %d times", err, times)
			case !test.done && (!errors.As(err, &p) || p.Code != problem.Unavailable || times != 1 || told.Load() != 0):
				t.Errorf("%v; it is there %d times, and %d were told", err, times, told.Load())
			}
		})
	}
}

// crash ends all processes of Postgres as kill -9 does, and starts it again.
func crash(t *testing.T) {
	server := postgrestest.Server()
	if err := syscall.Kill(server.PID(), syscall.SIGQUIT); err != nil {
		t.Error(err)
	}
	<-server.Done()
	postgrestest.Restart(t)
}

// TestATransactionThatWroteNothing needs no look.
func TestATransactionThatWroteNothing(t *testing.T) {
	t.Parallel()
	w := newWire(t, postgrestest.New(t))
	db := open(t, w.dsn, 2)
	w.obey(func(request []byte) fate {
		if isCommit(request) {
			return lost
		}
		return passes
	})
	var id uuid.UUID
	err := db.InTx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Row(ctx, `SELECT gen_random_uuid()`, nil, &id)
		return err
	})
	if err != nil || id == uuid.Nil {
		t.Errorf("%v %v", id, err)
	}
}

// TestARefusedCommit is refused by a constraint that is checked at the end: that is an answer.
func TestARefusedCommit(t *testing.T) {
	t.Parallel()
	db := open(t, postgrestest.New(t), 2)
	if _, err := db.Exec(`CREATE TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)`); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := db.InTx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error {
		runs++
		_, err := tx.Exec(ctx, `INSERT INTO once VALUES (1), (1)`)
		return err
	})
	if runs != 1 || postgres.ViolatedConstraint(err) != "once_n_key" {
		t.Errorf("%d runs: %v", runs, err)
	}
}

// TestAnUnansweredCommitWithoutADatabase is answered in time all the same.
func TestAnUnansweredCommitWithoutADatabase(t *testing.T) {
	t.Parallel()
	dsn, _ := numbers(t)
	w := newWire(t, dsn)
	db := open(t, w.dsn, 4)
	var gone atomic.Bool
	w.obey(func(request []byte) fate {
		if gone.Load() || isCommit(request) {
			gone.Store(true)
			return lost
		}
		return passes
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	err := db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO numbers VALUES (1)`)
		return err
	})
	if took := time.Since(began); took > 3*time.Second || err == nil || !strings.HasPrefix(fmt.Sprint(err), string(problem.Unavailable)) {
		t.Errorf("after %s: %v", took, err)
	}
}
