//go:build clients

package clients

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

// told is an event as the client's application got it.
type told struct {
	Connection   int
	Name, Cursor string
	Notes        int
	Failed       string
}

// TestGraphQLWSIsCutFiftyTimes cuts the line of a stock graphql-ws client at random, while notes come: by FIN,
// by RST, and by a stall of which the server is not told. For each subscription, over all connections:
//
//   - none is lost: a connection begins at or before the event behind the furthest one that was told;
//   - the order is that of the log, without a gap, within each connection;
//   - only what was not acknowledged is repeated: a connection begins behind the last event that the server
//     had been told of by a pong when the connection was accepted. Of the pongs that the cutter knows the
//     server has read, a moment before the cut, that is; of the others the server may know or not.
//
// Seen red: with the position moved when an event is sent, not with its pong (loss); with a position opened
// while what was acknowledged is still being written (repeats).
func TestGraphQLWSIsCutFiftyTimes(t *testing.T) {
	t.Parallel()
	const cuts, senders, each = 50, 4, 500
	if err := installed(); err != nil {
		t.Fatal(err)
	}
	random := seeded(t)

	s := newSite(t)
	c := newCutter(t, s.server.Addr)
	reader := s.user()
	start := reader.Cursor()
	var from []*binary.Client
	for range senders {
		u := s.user()
		reader.Send(u.ID, "write to me") // or they are strangers, whose notes wait
		from = append(from, u)
	}
	events, ended := followCut(t, "cut.mjs", "ws://"+c.addr+"/graphql", reader.Token, "a device of its own")

	// All are open once each has got something. The first cut comes before anything is acknowledged.
	sent := 0
	for !events.allHave() {
		if sent++; sent > 200 {
			t.Fatal("nothing arrives")
		}
		from[0].Send(reader.ID, "knock")
	}
	var allowed atomic.Int64
	var writing sync.WaitGroup
	stop := make(chan struct{})
	for _, u := range from {
		writing.Go(func() {
			for i := range int64(each) {
				for i > allowed.Load() {
					select {
					case <-stop:
						return
					case <-time.After(5 * time.Millisecond): // the next cut allows more
					}
				}
				u.Send(reader.ID, fmt.Sprint(i))
			}
		})
	}
	defer writing.Wait()
	defer close(stop)
	current := <-c.subscribed
	for i := range cuts {
		allowed.Store(int64(each * (i + 1) / cuts))
		current.cut(random)
		select {
		case current = <-c.subscribed:
		case <-time.After(binary.Patience):
			t.Fatalf("the client did not come back after cut %d", i)
		}
		// Half of the connections live for less than the second after which the server asks for an
		// acknowledgement, half for longer.
		life := time.Duration(random.IntN(250)) * time.Millisecond
		if random.IntN(2) == 0 {
			life += 1050 * time.Millisecond
		}
		time.Sleep(life)
	}
	allowed.Store(each)
	writing.Wait()

	log := history(t, reader, start)
	last := log["events"][len(log["events"])-1]
	eventually(t, "the last event", func() bool {
		select {
		case <-ended:
			t.Fatal("the client has ended")
		default:
		}
		return events.has("events", last) && events.notes() == senders*each+sent && events.has("noteReceived", log["noteReceived"][len(log["noteReceived"])-1]) &&
			events.has("notificationReceived", log["notificationReceived"][len(log["notificationReceived"])-1])
	})
	if n := len(log["noteReceived"]); n != senders*each+sent {
		t.Errorf("%d notes in the log, not %d", n, senders*each+sent)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	events.mu.Lock()
	defer events.mu.Unlock()
	for _, e := range events.list {
		if e.Failed != "" {
			t.Errorf("connection %d, %s: %s", e.Connection, e.Name, e.Failed)
		}
	}
	repeats := 0
	for _, name := range []string{"events", "noteReceived", "notificationReceived"} {
		repeats += check(t, name, log[name], events.list, c)
	}
	if c.pongs < cuts/10 || len(c.acked) == 0 {
		t.Errorf("only %d pongs", c.pongs)
	}
	t.Logf("%d connections, %d pongs, %d cursors known to be acknowledged, %d events repeated", len(c.accepted), c.pongs, len(c.acked), repeats)
}

// seeded draws from SEED, or from one that it logs.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// check holds what one subscription was told against the log.
func check(t *testing.T, name string, log []string, list []told, c *cutter) (repeats int) {
	t.Helper()
	at := map[string]int{}
	for i, cursor := range log {
		at[cursor] = i
	}
	// A cursor acknowledges everything up to it, also what this subscription is not about.
	last, furthest, connection := -1, -1, 0
	for _, e := range list {
		if e.Name != name || e.Failed != "" {
			continue
		}
		i, known := at[e.Cursor]
		switch {
		case !known:
			t.Errorf("%s: %s is not in the log", name, e.Cursor)
			return repeats
		case last < 0: // the subscription began here
		case e.Connection == connection && i != last+1:
			t.Errorf("%s: event %d follows event %d on connection %d", name, i, last, connection)
		case e.Connection != connection && i > furthest+1:
			t.Errorf("%s: events %d to %d are lost before connection %d", name, furthest+1, i-1, e.Connection)
		case e.Connection != connection:
			floor := -1
			for _, a := range c.known(e.Connection) {
				if j, ok := at[a.cursor]; ok && a.name == name {
					floor = max(floor, j)
				}
			}
			if i <= floor {
				t.Errorf("%s: connection %d begins with event %d, and %d was acknowledged", name, e.Connection, i, floor)
			}
		}
		if i <= furthest {
			repeats++
		}
		last, furthest, connection = i, max(furthest, i), e.Connection
	}
	if last != len(log)-1 {
		t.Errorf("%s: ended with event %d of %d", name, last, len(log)-1)
	}
	return repeats
}

// history reads the log by polling: the cursors that each subscription should be told.
func history(t *testing.T, u *binary.Client, after string) map[string][]string {
	t.Helper()
	log := map[string][]string{}
	for more := true; more; {
		page := u.Do(`query($after: Cursor!) { events(after: $after, first: 100) { cursor hasMore events { __typename cursor } } }`, binary.Vars{"after": after})
		for _, e := range binary.Get(t, page, "events.events").([]any) {
			cursor := binary.Text(t, e, "cursor")
			log["events"] = append(log["events"], cursor)
			switch binary.Text(t, e, "__typename") {
			case "NoteReceived":
				log["noteReceived"] = append(log["noteReceived"], cursor)
			case "NotificationReceived", "NotificationChanged": // it grows: nothing else changes one here
				log["notificationReceived"] = append(log["notificationReceived"], cursor)
			}
		}
		after, more = binary.Text(t, page, "events.cursor"), binary.Get(t, page, "events.hasMore") == true
	}
	return log
}

// followed is what a client was told so far.
type followed struct {
	mu    sync.Mutex
	list  []told
	names map[string]map[string]bool // cursors
}

func (f *followed) has(name, cursor string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.names[name][cursor]
}

// notes is what the counters said last.
func (f *followed) notes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range slices.Backward(f.list) {
		if e.Name == "unreadChanged" {
			return e.Notes
		}
	}
	return 0
}

func (f *followed) allHave() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.names) == 4
}

// followCut runs the script until the test ends.
func followCut(t *testing.T, script string, args ...string) (events *followed, ended chan struct{}) {
	t.Helper()
	node := exec.Command(cmp.Or(os.Getenv("NODE"), "node"), append([]string{script}, args...)...)
	node.Stderr = os.Stderr
	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	events, ended = &followed{names: map[string]map[string]bool{}}, make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			e := told{}
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				e.Failed = lines.Text()
			}
			events.mu.Lock()
			events.list = append(events.list, e)
			if events.names[e.Name] == nil {
				events.names[e.Name] = map[string]bool{}
			}
			events.names[e.Name][e.Cursor] = true
			events.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = node.Process.Kill()
		<-ended
		_ = node.Wait()
	})
	return events, ended
}

// eventually waits until a condition holds that nothing signals.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * binary.Patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not in time", what)
		}
	}
}
