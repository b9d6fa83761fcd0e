package faults_test

import "time"

// delays says how long after its acknowledgement each note and comment came, at every server.
func (s *site) delays(since time.Time) *durations {
	d := &durations{}
	s.readersDelays(d, since, func(*reader) bool { return true })
	return d
}

// readersDelays does so for some readers. What was not acknowledged at once is left out: nobody knows when
// it was written.
func (s *site) readersDelays(d *durations, since time.Time, which func(*reader) bool) {
	for _, p := range s.everyone() {
		acknowledged := map[string]time.Time{}
		p.mu.Lock()
		for _, w := range p.writes {
			if w.state == acked && w.lost == 0 && w.at.After(since) {
				acknowledged[w.id] = w.at
			}
		}
		p.mu.Unlock()
		for _, r := range s.readers {
			if !which(r) {
				continue
			}
			r.mu.Lock()
			for _, e := range r.events {
				var id string
				switch {
				case e.Comment != nil:
					id = e.Comment.ID
				case e.Note != nil:
					id = e.Note.ID
				}
				if at, ok := acknowledged[id]; ok {
					d.add(max(0, e.at.Sub(at)))
				}
			}
			r.mu.Unlock()
		}
	}
}
