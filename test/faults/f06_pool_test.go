package faults_test

import (
	"testing"
	"time"
)

// F6: two hundred clients share a pool of five, and a row that all their writes need is locked.
//
// Red when nothing limits how long a lock, a statement or a connection is waited for: nobody is told.
func TestF6LockedRow(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{args: []string{"--db-max-conns", "5"}, hands: 50})
	opened := map[*reader]int{}
	for _, r := range s.readers {
		r.mu.Lock()
		opened[r] = r.opened
		r.mu.Unlock()
	}
	tx, err := s.database().Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`SELECT FROM topics FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	s.write()
	time.Sleep(time.Duration(often(12, 30)) * time.Second) // longer than anybody waits
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.healed("the lock")
	s.finish()
	refused := 0
	for _, p := range s.people {
		for _, w := range p.writes {
			refused += w.lost
		}
	}
	if refused == 0 {
		t.Error("nobody was told that the service is busy")
	}
	for r, before := range opened {
		if r.opened != before {
			t.Errorf("%s had %d sockets, and %d before", r, r.opened, before)
		}
	}
}
