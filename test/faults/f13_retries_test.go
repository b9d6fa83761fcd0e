package faults_test

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// retries is how many send the same at the same time.
const retries = 50

// F13: one key is sent many times at once over two servers. There is one object and one notification, and
// everybody is told the same id; another input under the key is CONFLICT, whoever comes first. Also a day
// later, and nobody meets a deadlock.
//
// Planted, and seen red: no unique index on the key: many were made; no lookup of the key: nobody was told the first; every note visible
// to everybody (I6).
func TestF13Retries(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2, noFootprint: true})
	faults, db := choices(t, "faults"), s.database()
	var all []*write
	for i := range often(6, 100) {
		for _, k := range []kind{note, comment} {
			from := s.people[faults.IntN(len(s.people))]
			to := s.people[(from.number+1+faults.IntN(len(s.people)-1))%len(s.people)]
			w := s.draft(from, to, k)
			other := *w
			switch i % 3 {
			case 1: // another body
				other.body = "another " + w.body
			case 2: // also elsewhere: a conversation, a post and a mailbox that the first does not touch
				other.to = s.people[(to.number+1)%len(s.people)]
				if other.to == from {
					other.to = s.people[(to.number+2)%len(s.people)]
				}
				other.body = fmt.Sprintf("another %s %s to %s", k, w.key, other.to.name)
			}
			w = s.atOnce(w, &other)
			from.writes = append(from.writes, w)
			all = append(all, w)
		}
	}
	for _, table := range []string{"notes", "comments", "notifications"} {
		if _, err := db.Exec(fmt.Sprintf(`UPDATE %s SET created_at = created_at - interval '25 hours'`, table)); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range all {
		id := w.id
		if s.atOnce(w, w); w.id != id {
			s.violated("F13", "%q is %s a day later, and was %s", w.body, w.id, id)
		}
	}
	s.finish()
	var deadlocks int
	if err := db.QueryRow(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks); err != nil || deadlocks > 0 {
		s.violated("F13", "%d deadlocks, %v", deadlocks, err)
	}
}

// atOnce sends w from many clients at once, and half of them send another under the same key. It returns
// the one that was made.
func (s *site) atOnce(w, other *write) *write {
	s.t.Helper()
	type answer struct {
		sent     *write
		state    state
		id, code string
	}
	answers := make([]answer, retries)
	var sending sync.WaitGroup
	start := make(chan struct{})
	for i := range answers {
		sending.Go(func() {
			a := &answers[i]
			a.sent = w
			if i%4 >= 2 { // at both servers
				a.sent = other
			}
			<-start
			for end := time.Now().Add(answerTime); time.Now().Before(end); {
				if a.state, a.id, _, a.code = s.try(s.t.Context(), i%2, a.sent, a.sent.body); a.state != unknown {
					return
				}
			}
		})
	}
	close(start)
	sending.Wait()
	made := answer{}
	for _, a := range answers {
		if a.state == acked {
			made = a
		}
	}
	if made.id == "" {
		s.t.Fatalf("%q was never acknowledged: %+v", w.body, answers)
	}
	for _, a := range answers {
		switch {
		case a.sent.body == made.sent.body && (a.state != acked || a.id != made.id):
			s.violated("F13", "%q was made as %s, and another was told %s %s %s", made.sent.body, made.id, a.state, a.id, a.code)
		case a.sent.body != made.sent.body && (a.state != rejected || a.code != "CONFLICT"):
			s.violated("F13", "%q was made under the key, and %q was told %s %s %s", made.sent.body, a.sent.body, a.state, a.id, a.code)
		}
	}
	w = made.sent
	st, id, cursor, code := s.try(s.t.Context(), 0, w, w.body)
	if st != acked || id != made.id {
		s.violated("F13", "%q was made as %s, and later: %s %s %s", w.body, made.id, st, id, code)
	}
	w.state, w.id, w.cursor = acked, made.id, cursor
	return w
}
