package faults_test

import (
	"net/http"
	"testing"
	"time"
)

// F2: SIGTERM while many write and many listen. A balancer watches readiness and sends nobody any more once
// it fails; what was sent before is answered, also what waits for a lock while the server goes down.
//
// Planted, and seen red: requests cut instead of awaited; readiness that fails after the sockets are closed; sockets closed all at
// once.
func TestF2Terminate(t *testing.T) {
	t.Parallel()
	// In the long set 20 people write with 500 hands, and listen with 200 sockets and 20 for comments.
	people, hands := often(5, 20), often(10, 25)
	s := begin(t, setup{people: people, hands: hands, sockets: 10, pause: time.Duration(people*hands) * 10 * time.Millisecond,
		args: []string{"--drain-delay", "2s"}, dsn: "lock_timeout=15s statement_timeout=15s", noFootprint: true})
	s.write()
	s.healed("all is well")

	// Some of the writes are under way until after the sockets are told to come back.
	lock, err := s.database().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(`SELECT FROM posts FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	s.await("nobody waits for the lock", answerTime, func() bool {
		var n int
		err := s.database().QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		return err == nil && n >= 3
	})
	began := time.Now()
	process := s.process(0)
	process.Terminate()
	s.await("readiness does not fail", answerTime, func() bool {
		status, _ := process.Readiness()
		return status == http.StatusServiceUnavailable
	})
	unready := time.Now()
	paused := make(chan struct{})
	go func() {
		s.pauseLoad()
		close(paused)
	}()
	s.await("no socket is closed", answerTime, func() bool { return s.closedSockets() > 0 })
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	<-paused
	if code := process.ExitCode(); code != 0 { // it waits for no more than 20 s
		t.Errorf("exit code %d", code)
	}
	took := time.Since(began)
	for _, p := range s.people {
		for _, w := range p.writes {
			if w.lost > 0 {
				s.violated("F2", "%q has had no answer", w.body)
			}
		}
	}
	var first, last time.Time
	for _, r := range s.readers {
		r.mu.Lock()
		if len(r.closed) == 0 || r.closed[0].code != 1012 {
			s.violated("F2", "%s: ended with %+v, not with 1012", r, r.closed)
		} else if at := r.closed[0].at; first.IsZero() {
			first, last = at, at
		} else if at.Before(first) {
			first = at
		} else if at.After(last) {
			last = at
		}
		r.mu.Unlock()
	}
	if first.Before(unready) {
		s.violated("F2", "sockets were closed before readiness failed")
	}
	// They are spread over a millisecond each; a busy machine only makes it longer.
	if spread := last.Sub(first); spread < time.Duration(len(s.readers))*time.Millisecond/2 {
		s.violated("F2", "%d sockets were closed within %s", len(s.readers), spread)
	}
	t.Logf("not ready %s after SIGTERM, the first of %d sockets closed %s later, the last %s after that; ended after %s", unready.Sub(began).Round(time.Millisecond),
		len(s.readers), first.Sub(unready).Round(time.Millisecond), last.Sub(first).Round(time.Millisecond), took.Round(time.Millisecond))
	s.again(0)
	s.write()
	s.healed("it is started again")
	s.finish()
}

// closedSockets is how many sockets have ended so far.
func (s *site) closedSockets() (n int) {
	for _, r := range s.readers {
		r.mu.Lock()
		n += len(r.closed)
		r.mu.Unlock()
	}
	return n
}
