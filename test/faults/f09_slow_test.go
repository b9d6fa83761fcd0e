package faults_test

import (
	"testing"
	"time"
)

// F9: some readers do not read, though their sockets stay open. They are dropped within 30 s (three times
// that are allowed), which the others do not notice, and go on without a gap when they read again.
//
// Planted, and seen red: no limit on how long a client says and takes nothing.
func TestF9SlowReaders(t *testing.T) {
	t.Parallel()
	// In the long set 100 of 1,000 sockets.
	people := often(6, 100)
	s := begin(t, setup{people: people, sockets: 10, pause: time.Duration(people) * 100 * time.Millisecond})
	began := time.Now()
	s.write()
	stuck := map[*reader]bool{}
	var goOn []func()
	for _, p := range s.people {
		for _, r := range s.readers {
			if r.who == p && r.post == "" { // one of ten
				stuck[r] = true
				goOn = append(goOn, r.stick())
				break
			}
		}
	}
	want := float64(len(s.readers) - len(stuck))
	s.await("those that do not read are not dropped", allBackTime, func() bool { return s.gauge(0, "notewire_sockets") <= want })
	t.Logf("%d of %d sockets were dropped %s after they had stopped reading", len(stuck), len(s.readers), time.Since(began).Round(time.Millisecond))
	for _, r := range s.readers {
		r.mu.Lock()
		if !stuck[r] && r.opened > 1 {
			s.violated("F9", "%s: was dropped, and has read", r)
		}
		r.mu.Unlock()
	}
	for _, f := range goOn {
		f()
	}
	s.healed("they read again")
	s.finish()
	for r := range stuck {
		if r.opened < 2 {
			s.violated("F9", "%s: was not dropped", r)
		}
	}
	d := &durations{}
	s.readersDelays(d, began, func(r *reader) bool { return !stuck[r] })
	n, median, longest := d.summary()
	t.Logf("%d deliveries to those who read, the median %s after the acknowledgement, the last %s", n, median, longest)
	if longest > 5*time.Second { // no one else's silence is worth a second
		s.violated("F9", "one who read waited %s", longest)
	}
}
