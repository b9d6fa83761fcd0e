package binary_test

import (
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

// A session that ends at one server has ended at all of them: sockets elsewhere are closed, and nothing more
// is told to them.
func TestSessionEndsAtTheOtherServer(t *testing.T) {
	t.Parallel()
	one := binary.Start(t, binary.Options{Folder: binary.Folder(t)})
	two := binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: []string{"DATABASE_URL=" + one.DSN()}})
	alice, bob := binary.Register(t, one.URL, "alice"), binary.Register(t, one.URL, "bob")
	elsewhere := *alice
	elsewhere.URL = two.URL
	socket := elsewhere.Subscribe(`subscription($after: Cursor!) { noteReceived(after: $after) { note { body } } }`, binary.Vars{"after": alice.Cursor()})
	bob.Send(alice.ID, "before")
	if got := binary.Get(t, socket.Next(), "noteReceived.note.body"); got != "before" {
		t.Fatalf("%v came", got)
	}

	began := time.Now()
	alice.Logout()
	code, events := socket.End()
	if code != 4403 || len(events) > 0 {
		t.Errorf("the socket got %s and was closed with %d, not 4403", events, code)
	}
	t.Logf("the socket was closed %s after the logout", time.Since(began).Round(time.Millisecond))
	if a, err := elsewhere.Try(`{ viewer { id } }`, nil); err != nil || a.Status != 401 {
		t.Errorf("a query was answered by %+v, %v", a, err)
	}
}
