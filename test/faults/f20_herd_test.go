package faults_test

import (
	"context"
	"sync"
	"testing"
	"time"
)

// F20: a server with many sockets is restarted, and all of them resume at once. All are back in time (I9),
// and the server has asked no more of the database than its pool and the connection that listens.
//
// Planted, and seen red: a pool of twice the size.
func TestF20Herd(t *testing.T) {
	t.Parallel()
	people := often(30, 200) // with ten sockets each
	s := begin(t, setup{people: people, sockets: 10, pause: time.Duration(people) * 50 * time.Millisecond, mayHangUp: true})
	db := s.database()
	s.write()
	s.healed("all is well")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	most := 0
	var counting sync.WaitGroup
	counting.Go(func() {
		for ; ctx.Err() == nil; wait(ctx, 5*time.Millisecond) {
			var n int
			if err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'faults'`).Scan(&n); err != nil {
				t.Error(err)
				return
			}
			most = max(most, n)
		}
	})
	s.kill(0)
	s.await("the connections of the dead server stay", answerTime, func() bool {
		var n int
		err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'faults'`).Scan(&n)
		return err == nil && n == 0
	})
	s.again(0)
	s.healed("the server is back")
	stop()
	counting.Wait()
	t.Logf("at most %d connections to the database", most)
	if most > 21 {
		s.violated("F20", "%d connections to the database", most)
	}
	s.finish()
}
