package faults_test

import (
	"fmt"
	"testing"
	"time"
)

// F3: Postgres is restarted at once, as by pg_ctl -m immediate, under load. The servers stay, so every
// request gets an answer, and their pools heal by themselves.
//
// Planted, and seen red: an answer before the commit (I1, I8); an administrator's shutdown taken for an
// internal error (I11); a hub that ends with its first failed read (I9).
func TestF3PostgresRestarts(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2, ownPostgres: true})
	faults := choices(t, "faults")
	s.write()
	for i := range often(2, 20) {
		time.Sleep(time.Duration(faults.Int64N(int64(500 * time.Millisecond)))) // when it strikes is a choice, not a wait
		s.own.crash()
		time.Sleep(time.Duration(faults.Int64N(int64(300 * time.Millisecond)))) // and how long it is away
		s.own.start()
		s.healed(fmt.Sprintf("restart %d", i+1))
	}
	s.finish()
}
