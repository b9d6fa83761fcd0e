package presence

import (
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A page that is loaded again comes at one socket while it leaves the other: whichever is first, the other processes
// are told last what holds. Red when who was first to change is not the first to say so.
func TestLeavingAndComingAtOnce(t *testing.T) {
	t.Parallel()
	at := postgresPlace(t)
	here, there := at.start(t, time.Hour), at.start(t, time.Hour) // nothing is repeated meanwhile
	users, conversation := people(20), people(1)[0]
	watcher, marker := people(1)[0], people(1)[0]
	o := there.join(conversation, watcher)
	sockets := map[uuid.UUID]*onlooker{}
	for _, u := range users {
		sockets[u] = here.join(conversation, u)
	}
	for _, u := range users {
		o.sees("it has come", present(u))
	}
	for range 40 {
		var mu sync.Mutex
		var all sync.WaitGroup
		were := maps.Clone(sockets)
		for _, u := range users {
			all.Go(were[u].Leave)
			all.Go(func() {
				l := here.join(conversation, u)
				mu.Lock()
				defer mu.Unlock()
				sockets[u] = l
			})
		}
		all.Wait()
		for _, typing := range []bool{true, false} { // each is published after what was said before it
			here.SetTyping(conversation, marker, typing)
			o.sees("the marker", Activity{User: marker, IsTyping: typing})
		}
		for o.read(7) > 0 {
		}
		for _, u := range users {
			if !o.knows[u].IsPresent {
				t.Fatalf("%s is here, and gone elsewhere", u)
			}
		}
	}
}
