package faults_test

import (
	"bytes"
	"sync"
	"testing"
)

// F4: the connection to Postgres is cut at a commit, before it arrives or when it was done, and nobody has
// a key to try again with: each is answered, and is there once.
//
// Red (I1) when a commit that was aborted is taken for done.
func TestF4LostCommits(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{lines: true, people: 8})
	commits, cut := 0, 0
	s.servers[0].postgres.judged(func(request []byte) verdict {
		if !bytes.HasPrefix(request, []byte("Q\x00\x00\x00\x0bCOMMIT\x00")) { // lib/pq sends it alone
			return let
		}
		if commits++; commits%3 > 0 {
			return let
		}
		cut++
		return []verdict{cutBefore, cutAfter}[cut%2]
	})
	var all sync.WaitGroup
	for _, p := range s.people {
		all.Go(func() {
			p := &hand{p, choices(t, p.name+" without a key")}
			for range often(200, 4000) / len(s.people) {
				s.sendWithoutKey(p)
			}
		})
	}
	all.Wait()
	s.servers[0].postgres.judged(nil)
	if least := often(200, 4000) / 3; cut < least {
		t.Errorf("%d commits were cut, not %d", cut, least)
	}
	t.Logf("%d of %d commits were cut", cut, commits)
	s.finish()
}

// sendWithoutKey sends a note once.
func (s *site) sendWithoutKey(p *hand) {
	w := s.next(p, note)
	p.mu.Lock()
	p.writes = append(p.writes, w)
	p.mu.Unlock()
	document, vars := w.input(w.body)
	delete(vars["in"].(map[string]any), "idempotencyKey")
	var got struct {
		W struct {
			O      *struct{ ID string }
			Cursor string
		}
	}
	if err := s.ask(s.t.Context(), 0, p.token, document, vars, &got); err != nil || got.W.O == nil {
		w.state, w.left = unknown, true
		s.violated("F4", "%s: %v", w.body, err)
		return
	}
	w.state, w.id, w.cursor = acked, got.W.O.ID, got.W.Cursor
}
