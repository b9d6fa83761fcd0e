package graph_test

import (
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
