package graph_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/sitetest"
	"github.com/notewire/notewire/internal/stream"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func TestStreamReadyHasTheSnapshot(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	write(joon, "before", mina)
	sub := mina.Subscribe(byDevice, nil)
	ready := sub.Next()["events"].(map[string]any)
	equal(t, "resumed", false, ready["resumed"])
	equal(t, "snapshot", "before", sitetest.Get(t, ready, "viewer.notes.nodes.0.body"))
	equal(t, "unread", counts{1, 1, 1, 1}, asCounts(t, ready["unread"]))
	cursor := ready["cursor"].(string)
	write(joon, "after", mina)
	expectNotes(t, sub, "after")
	// Its cursor is a position like any other.
	resumed := mina.Subscribe(byDevice, vars{"after": cursor})
	expectNotes(t, resumed, "after", "ready, resumed")
	equal(t, "no snapshot", nil, mina.Subscribe(byDevice, vars{"after": mina.Cursor()}).Next()["events"].(map[string]any)["viewer"])
}

func TestAPositionThatIsNoLongerKept(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	sub := mina.Subscribe(byDevice, vars{"device": "phone"})
	expectNotes(t, sub, "ready")
	sub.Close()
	old := mina.Cursor()
	write(joon, "1", mina)
	write(joon, "2", mina)
	deleted, err := site.Resolver.Log.Retain(context.Background(), -time.Minute) // older than in a minute: all
	if err != nil || deleted != 6 {
		t.Fatalf("deleted %d: %v", deleted, err)
	}
	equal(t, "by cursor", "CURSOR_EXPIRED", mina.Subscribe(byDevice, vars{"after": old}).Refused())
	equal(t, "by device", "CURSOR_EXPIRED", mina.Subscribe(byDevice, vars{"device": "phone"}).Refused())
	// It was told once; the next subscription with the same variables starts afresh.
	expectNotes(t, mina.Subscribe(byDevice, vars{"device": "phone"}), "ready")
	reset := mina.Subscribe(byDevice, vars{"after": old, "device": "tablet", "onExpired": "RESET"})
	ready := reset.Next()["events"].(map[string]any)
	equal(t, "resumed", false, ready["resumed"])
	equal(t, "snapshot", "2", sitetest.Get(t, ready, "viewer.notes.nodes.0.body"))
	// The head is valid at any age.
	sub = mina.Subscribe(byDevice, vars{"after": mina.Cursor()})
	expectNotes(t, sub, "ready, resumed")
	write(joon, "3", mina)
	expectNotes(t, sub, "3")
	expectNotes(t, reset, "3")
}

func TestANewEpochEndsEverythingOld(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	sub := mina.Subscribe(byDevice, vars{"device": "phone"})
	expectNotes(t, sub, "ready")
	old := mina.Cursor()
	if err := stream.RotateEpoch(context.Background(), site.DB); err != nil {
		t.Fatal(err)
	}
	equal(t, "open", "CURSOR_EXPIRED", sub.Refused())
	equal(t, "by cursor", "CURSOR_EXPIRED", mina.Subscribe(byDevice, vars{"after": old}).Refused())
	// The device's position was of the old epoch: it is not believed.
	sub = mina.Subscribe(byDevice, vars{"device": "phone"})
	expectNotes(t, sub, "ready")
	write(joon, "1", mina)
	expectNotes(t, sub, "1")
}

func TestTheLogForThosePolling(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	const poll = `query($after: Cursor, $first: Int, $waitMs: Int) { events(after: $after, first: $first, waitMs: $waitMs) { events { __typename cursor } cursor hasMore } }`
	start := mina.Do(poll, nil).NoErrors()
	equal(t, "start", 0, len(start.List("events.events")))
	for range 3 {
		write(joon, "x", mina) // two events each
	}
	cursor, pages := start.Text("events.cursor"), [][]any{}
	for more := true; more; {
		r := mina.Do(poll, vars{"after": cursor, "first": 4}).NoErrors()
		pages = append(pages, r.List("events.events"))
		cursor, more = r.Text("events.cursor"), r.Get("events.hasMore").(bool)
	}
	equal(t, "pages", []int{4, 2}, []int{len(pages[0]), len(pages[1])})
	equal(t, "last cursor", cursor, pages[1][1].(map[string]any)["cursor"])

	waited := make(chan *sitetest.Result)
	before := site.Resolver.Hub.Subscriptions()
	go func() { waited <- mina.Do(poll, vars{"after": cursor, "waitMs": 30000}) }()
	for site.Resolver.Hub.Subscriptions() == before {
		time.Sleep(time.Millisecond)
	}
	write(joon, "awaited", mina)
	if n := len((<-waited).NoErrors().List("events.events")); n == 0 {
		t.Error("waited for nothing")
	}
	none := mina.Do(poll, vars{"after": mina.Cursor(), "waitMs": 1}).NoErrors()
	equal(t, "none", 0, len(none.List("events.events")))
	equal(t, "too long a wait", "BAD_USER_INPUT", mina.Do(poll, vars{"waitMs": 30001}).Code())
	equal(t, "too many", "BAD_USER_INPUT", mina.Do(poll, vars{"first": 101}).Code())
	equal(t, "another's", "BAD_USER_INPUT", mina.Do(poll, vars{"after": joon.Cursor()}).Code())
	equal(t, "nobody", "UNAUTHENTICATED", site.Anonymous(t).Do(poll, nil).Code())
}

func TestTheCountersAlone(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	in := write(joon, "1", mina)
	sub := mina.Subscribe(`subscription { unreadChanged(device: "phone") { cursor unread `+countFields+` } }`, nil)
	next := func() counts { return asCounts(t, sitetest.Get(t, sub.Next(), "unreadChanged.unread")) }
	equal(t, "at once", counts{1, 1, 1, 1}, next())
	write(mina, "nothing to count", joon)
	answer(joon, in.conversation, "2")
	equal(t, "after a change", counts{2, 1, 1, 1}, next())
	mina.Do(markRead, vars{"in": vars{"conversationId": in.conversation}}).NoErrors()
	equal(t, "after reading", counts{}, next())
}
