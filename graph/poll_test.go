package graph_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/sitetest"
)

// waitingPoll starts a poll that waits for half a minute, and returns once the server waits.
func waitingPoll(s *sitetest.Server, c *client) <-chan *sitetest.Result {
	after, before := c.Cursor(), s.Resolver.Hub.Subscriptions()
	answer := make(chan *sitetest.Result, 1)
	go func() {
		r, err := c.Try(`query($after: Cursor) { events(after: $after, waitMs: 30000) { cursor events { cursor } } }`, vars{"after": after})
		if err == nil {
			answer <- r
		}
		close(answer)
	}()
	for s.Resolver.Hub.Subscriptions() == before {
		time.Sleep(time.Millisecond)
	}
	return answer
}

func TestAWaitingPollEndsWithItsSession(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina := one.User(t, "mina")
	answer := waitingPoll(two, mina.At(two))
	mina.Do(`mutation { logout { userErrors { code } } }`, nil).NoErrors()
	if r := <-answer; r == nil || r.Code() != "UNAUTHENTICATED" {
		t.Errorf("answered %+v", r)
	}
}

func TestAWaitingPollIsAnsweredWhenTheServerGoesDown(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	answer := waitingPoll(site, site.User(t, "mina"))
	began := time.Now()
	site.Stop()
	if r := <-answer; r == nil || r.NoErrors().Text("events.cursor") == "" {
		t.Errorf("answered %+v", r)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the server took %s", took)
	}
}

// What a poll has waited for is told as it is by then, whatever other fields of the operation have read before. Red when
// they share what they remember.
func TestAPollRemembersNothingOfOtherFields(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	polled := site.Another()
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	write(joon, "first", mina)
	after, before := mina.Cursor(), polled.Resolver.Hub.Subscriptions()
	answer := make(chan *sitetest.Result, 1)
	read := polled.Statements(func() {
		go func() {
			defer close(answer)
			r, err := mina.At(polled).Try(`query($after: Cursor) { viewer { notes(first: 1) { nodes { sender { displayName } } } }
				events(after: $after, waitMs: 30000) { events { ... on NoteReceived { note { sender { displayName } } } } } }`, vars{"after": after})
			if err == nil {
				answer <- r
			}
		}()
		for polled.Resolver.Hub.Subscriptions() == before {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(500 * time.Millisecond) // the other field has no sign; whether it was read is looked at
	})
	if !slices.ContainsFunc(read, func(s string) bool { return strings.Contains(s, `FROM "users"`) }) {
		t.Fatalf("the sender was not read: %q", read)
	}
	joon.Do(`mutation { updateProfile(input: {displayName: "new"}) { userErrors { code } } }`, nil).NoErrors()
	write(joon, "second", mina)
	r := <-answer
	if r == nil {
		t.Fatal("no answer")
	}
	equal(t, "before and after", []string{"joon", "new"}, []string{r.NoErrors().Text("viewer.notes.nodes.0.sender.displayName"), r.Text("events.events.0.note.sender.displayName")})
}
