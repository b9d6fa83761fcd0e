package transport_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

// Clients open, complete, acknowledge, leave and lose their sessions while events come, all at a time. The
// events of each subscription must be in order and without a gap, and the sources be treated by their rules
// (service.close checks that).
func TestChurn(t *testing.T) {
	s := newService(t, &transport.Websocket{AckDelay: time.Millisecond, PingInterval: 5 * time.Millisecond, MaxSocketsPerUser: -1})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	const clients, lives, steps = 16, 6, 60
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for n := range clients {
		random := rand.New(rand.NewPCG(seed, uint64(n)))
		wg.Go(func() {
			for range lives {
				c, err := testserver.Dial(s.url, nil, "graphql-transport-ws")
				if err != nil {
					t.Error(err)
					return
				}
				if err := churn(c, random, steps, fmt.Sprint(random.IntN(8))); err != nil {
					t.Error(err)
				}
				c.Close()
			}
		})
	}
	var world sync.WaitGroup
	world.Go(func() {
		random := rand.New(rand.NewPCG(seed, clients))
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(random.IntN(1000)) * time.Microsecond): // the pace of the world
			}
			s.Log.Publish(fmt.Sprint(random.IntN(3)), "x", 1+random.IntN(40))
			if random.IntN(20) == 0 {
				s.door.Registry.CloseSession(fmt.Sprint(random.IntN(8)))
			}
		}
	})
	wg.Wait()
	close(stop)
	world.Wait()
}

// churn is one connection; it ends after some steps or when the server closes it.
func churn(c *testserver.Client, random *rand.Rand, steps int, session string) error {
	_ = c.Send(`{"type":"connection_init","payload":{"session":%q}}`, session)
	next := map[string]int{} // by operation, the event that must come
	for serial := 0; ; {
		m, err := c.Read()
		if err != nil || m.Type == "close" {
			if m.Type == "close" && m.CloseCode != 4403 {
				return fmt.Errorf("closed with %d %s", m.CloseCode, m.CloseReason)
			}
			return nil // a write may have met the end of the connection first
		}
		switch m.Type {
		case "ping":
			_ = c.Send(`{"type":"pong","payload":%s}`, orNull(m.Payload))
		case "next":
			want, open := next[m.ID]
			if got := string(m.Payload); open && got != fmt.Sprintf(`{"data":{"events":{"cursor":"%d"}}}`, want) {
				return fmt.Errorf("%s got %s, want event %d", m.ID, got, want)
			}
			if open {
				next[m.ID]++
			}
		case "connection_ack":
		default:
			return fmt.Errorf("got %s", m.Raw)
		}
		if steps--; steps == 0 {
			return nil
		}
		switch {
		case len(next) < 2 || random.IntN(3) == 0 && len(next) < 20:
			// An id of its own for each, so that what crosses a complete on the way is not taken for the next one's.
			id := fmt.Sprint(serial)
			serial++
			next[id] = 1
			_ = c.Send(`{"id":%q,"type":"subscribe","payload":{"query":"subscription { events(topic: \"%d\", after: \"0\") { cursor } }"}}`, id, random.IntN(3))
		case random.IntN(3) == 0:
			for id := range next {
				delete(next, id)
				_ = c.Send(`{"id":%q,"type":"complete"}`, id)
				break
			}
		}
	}
}
