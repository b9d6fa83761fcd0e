package faults_test

import "time"

// delays says how long after its acknowledgement each note and comment came, at every server: those that
// were acknowledged at once, since somebody's time was taken.
func (s *site) delays(since time.Time) *durations {
	d := &durations{}
	for _, r := range s.readers {
		came := map[string]time.Time{}
		r.mu.Lock()
		for _, e := range r.events {
			switch {
			case e.Comment != nil:
				came[e.Comment.ID] = e.at
			case e.Note != nil:
				came[e.Note.ID] = e.at
			}
		}
		r.mu.Unlock()
		for _, p := range s.everyone() {
			p.mu.Lock()
			for _, w := range p.writes {
				if at, ok := came[w.id]; ok && w.state == acked && w.lost == 0 && w.at.After(since) {
					d.add(max(0, at.Sub(w.at)))
				}
			}
			p.mu.Unlock()
		}
	}
	return d
}
