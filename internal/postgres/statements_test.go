package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/postgres"
)

// TestAMigrationUnderTraffic changes, again and again, what prepared statements return, while others run
// them: nobody notices.
//
// Red without isStale in Rows, in runAgain, and when only the one statement is prepared afresh.
func TestAMigrationUnderTraffic(t *testing.T) {
	t.Parallel()
	dsn, direct := numbers(t)
	db := open(t, dsn, 6)
	if _, err := direct.Exec(`INSERT INTO numbers VALUES (1); CREATE TABLE others (n int); INSERT INTO others VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	texts := []string{`SELECT * FROM numbers WHERE n = 1`, `SELECT * FROM numbers, others WHERE others.n = 1`, `SELECT * FROM others`,
		`UPDATE others SET n = 1 RETURNING *`, `SELECT o.* FROM others o`, `SELECT numbers.* FROM numbers`, `SELECT n.* FROM numbers n`}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	done := make(chan struct{}, 1000)
	for i := range 6 {
		running.Go(func() {
			for ctx.Err() == nil {
				var err error
				if i%2 == 0 {
					for _, text := range texts {
						rows, failed := db.Rows(context.Background(), text)
						if failed != nil {
							err = failed
							break
						}
						for rows.Next() {
						}
						err = rows.Err()
						rows.Close()
					}
				} else {
					err = db.InTx(context.Background(), func(ctx context.Context, tx *postgres.Tx) error {
						for _, text := range texts {
							if _, err := tx.Exec(ctx, text); err != nil {
								return err
							}
						}
						return nil
					})
				}
				if err != nil {
					t.Errorf("%v", err)
					return
				}
				select {
				case done <- struct{}{}:
				default:
				}
			}
		})
	}
	wait := func() {
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatal("nothing is answered any more")
		}
	}
	for _, change := range []string{`ALTER TABLE numbers ADD COLUMN a text`, `ALTER TABLE others ADD COLUMN b int`, `ALTER TABLE numbers ALTER COLUMN n TYPE bigint`,
		`ALTER TABLE numbers DROP COLUMN a; ALTER TABLE others ADD COLUMN c int`} {
		for range 40 { // every connection has prepared every statement
			wait()
		}
		if _, err := direct.Exec(change); err != nil {
			t.Error(err)
		}
	}
	for range 40 {
		wait()
	}
}
