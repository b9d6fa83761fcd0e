//go:build clients

package clients

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

// TestPackageIsCutThirtyTimes cuts the line of Apollo Client and urql, which subscribe with the client package, while notes
// come. What they are told is the log, each event once, none left out and in its order.
//
// Nor are they sent twice: each subscription continues behind what it had.
//
// Seen red: with the cursor not moved, and with neither the cursor nor what was handled remembered.
func TestPackageIsCutThirtyTimes(t *testing.T) {
	t.Parallel()
	const cuts = 30
	if err := packageBuilt(); err != nil {
		t.Fatal(err)
	}
	random := seeded(t)
	s := newSite(t)
	c := newCutter(t, s.server.Addr)
	reader := s.user()
	writer := s.user()
	reader.Send(writer.ID, "write to me") // or the writer is a stranger, whose notes wait
	start := reader.Cursor()
	events, _ := followCut(t, packageTests+"cut.mjs", "ws://"+c.addr+"/graphql", reader.Token, start)
	names := []string{"Apollo events", "urql events", "Apollo noteReceived", "urql noteReceived"}

	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond): // some come while there is no line
				writer.Send(reader.ID, "one more")
			}
		}
	})
	stopped := sync.OnceFunc(func() { close(stop); writing.Wait() })
	defer stopped()
	for i := range cuts {
		var current *line
		select {
		case current = <-c.subscribed:
		case <-time.After(binary.Patience):
			t.Fatalf("the client did not come back after cut %d", i)
		}
		time.Sleep(time.Duration(random.IntN(250)) * time.Millisecond) // the life of a connection
		current.cut(random)
	}
	stopped()

	log := history(t, reader, start)
	for _, name := range names {
		want := log[strings.Fields(name)[1]]
		eventually(t, name, func() bool { return events.has(name, want[len(want)-1]) })
		var got []string
		events.mu.Lock()
		for _, e := range events.list {
			if e.Failed != "" {
				t.Errorf("connection %d, %s: %s", e.Connection, e.Name, e.Failed)
			}
			if e.Name == name {
				got = append(got, e.Cursor)
			}
		}
		events.mu.Unlock()
		if !slices.Equal(got, want) {
			t.Errorf("%s: told of %d events, the log has %d: they differ", name, len(got), len(want))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if late := c.afters[len(c.afters)/2:]; slices.Contains(late, start) || slices.Contains(late, "") {
		t.Error("half of the cuts later, a subscription begins where the first did")
	}
	t.Logf("%d events over %d cuts", len(log["events"]), cuts)
}
