package graph_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/sitetest"
)

const byDevice = `subscription($after: Cursor, $device: ID, $onExpired: OnExpired! = ERROR) { events(after: $after, device: $device, onExpired: $onExpired) {
  __typename cursor ... on NoteReceived { note { body } } ... on StreamReady { resumed unread ` + countFields + ` viewer { cursor notes { nodes { body } } } } } }`

// came waits for the next note or StreamReady and returns the note's body, or "ready" or "ready, resumed".
func came(t testing.TB, s *sitetest.Subscription) string {
	t.Helper()
	for {
		e := s.Next()["events"].(map[string]any)
		switch e["__typename"] {
		case "NoteReceived":
			return sitetest.Get(t, e, "note.body").(string)
		case "StreamReady":
			if e["resumed"] == true {
				return "ready, resumed"
			}
			return "ready"
		}
	}
}

func expectNotes(t testing.TB, s *sitetest.Subscription, want ...string) {
	t.Helper()
	var got []string
	for range want {
		got = append(got, came(t, s))
	}
	equal(t, "what came", want, got)
}

// waitFor waits until a statement gives true.
func waitFor(t testing.TB, s *sitetest.Server, what, statement string, args ...any) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var ok bool
		if err := s.DB.QueryRowContext(context.Background(), "SELECT coalesce(("+statement+"), false)", args...).Scan(&ok); err != nil {
			t.Fatal(err)
		}
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// acknowledged waits until the device has acknowledged everything, and reads its socket meanwhile.
func acknowledged(t testing.TB, s *sitetest.Server, sub *sitetest.Subscription, device string) {
	t.Helper()
	go sub.Drain()
	waitFor(t, s, "the acknowledgement of "+device, `SELECT p.seq = t.seq FROM positions p JOIN topics t ON t.id = p.user_id WHERE device = $1`, device)
}

func TestADeviceResumesWithItsOldVariables(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon := one.User(t, "mina"), one.User(t, "joon")
	one.Acquaint(mina, joon)
	variables := vars{"device": "phone"}
	sub := mina.Subscribe(byDevice, variables)
	expectNotes(t, sub, "ready")
	write(joon, "1", mina)
	write(joon, "2", mina)
	expectNotes(t, sub, "1", "2")
	acknowledged(t, one, sub, "phone")
	sub.Close()
	write(joon, "3", mina)
	write(joon, "4", mina)

	sub = mina.At(two).Subscribe(byDevice, variables) // another server
	sub.Deaf = true
	expectNotes(t, sub, "3", "4", "ready, resumed")
	write(joon, "5", mina)
	expectNotes(t, sub, "5")
	sub.Close()

	// Nothing of that was acknowledged, so it comes again: a repeat, never a loss.
	sub = mina.Subscribe(byDevice, variables)
	sub.Deaf = true
	expectNotes(t, sub, "3", "4", "5", "ready, resumed")
	sub.Close()

	// The later of the two counts: here the cursor.
	sub = mina.Subscribe(byDevice, vars{"device": "phone", "after": mina.Cursor()})
	expectNotes(t, sub, "ready, resumed")
	write(joon, "6", mina)
	expectNotes(t, sub, "6")

	// Another device, and another subscription of the same one, have positions of their own.
	other := mina.Subscribe(byDevice, vars{"device": "tablet"})
	expectNotes(t, other, "ready")
}

// Two live sockets that use one device would each take the other's position. Then it says nothing, and the
// cursor alone counts: that costs repeats, never a loss.
func TestASharedDeviceIsNotBelieved(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	start := mina.Cursor()
	variables := vars{"device": "copied", "after": start}
	older := mina.Subscribe(byDevice, variables)
	expectNotes(t, older, "ready, resumed")
	newer := mina.Subscribe(byDevice, variables)
	newer.Deaf = true // it lags behind
	expectNotes(t, newer, "ready, resumed")
	write(joon, "1", mina)
	expectNotes(t, older, "1")
	go older.Drain()
	waitFor(t, site, "the mark of a shared device", `SELECT shared FROM positions WHERE device = 'copied'`)
	newer.Close()
	again := mina.Subscribe(byDevice, variables)
	expectNotes(t, again, "1", "ready, resumed")
}

func TestWhereThereIsNoDevice(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	equal(t, "empty", "BAD_USER_INPUT", mina.Subscribe(byDevice, vars{"device": ""}).Refused())
	equal(t, "too long", "BAD_USER_INPUT", mina.Subscribe(byDevice, vars{"device": fmt.Sprintf("%065d", 1)}).Refused())
	status, body := mina.Stream(byDevice, vars{"device": "phone"})
	if status != 200 || !contains(body, "BAD_USER_INPUT") {
		t.Errorf("an event stream with a device: %d %s", status, body)
	}
}

func TestAtMostFiftyDevices(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	for i := range 55 {
		sub := mina.Subscribe(byDevice, vars{"device": fmt.Sprint("d", i)})
		expectNotes(t, sub, "ready")
		sub.Close()
	}
	waitFor(t, site, "50 devices", `SELECT count(*) = 50 AND bool_and(device NOT IN ('d0', 'd4')) FROM positions`)
}
