package stream

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

// deaf is a broker that loses everything, in silence.
func deaf(*postgres.DB) Broker { return &lossy{network: &network{}, loss: 1} }

// network connects lossy brokers.
type network struct {
	mu      sync.Mutex
	members map[*lossy]ears
}

// ears are what a broker calls.
type ears struct {
	woken     func([]Wake)
	signalled func([]Signal)
}

// lossy is a broker that drops, repeats and reorders, as every broker may.
type lossy struct {
	*network
	loss float64
	mu   sync.Mutex
	rand *rand.Rand
	// What comes after what is published next, once more.
	heldWakes   []Wake
	heldSignals []Signal
}

func (b *lossy) Publish(_ context.Context, wakes []Wake, signals []Signal) error {
	b.mu.Lock()
	wakes, b.heldWakes = lose(b, wakes, b.heldWakes)
	signals, b.heldSignals = lose(b, signals, b.heldSignals)
	b.mu.Unlock()
	b.network.mu.Lock()
	defer b.network.mu.Unlock()
	for _, m := range b.members {
		m.woken(wakes)
		m.signalled(signals)
	}
	return nil
}

// lose says what comes out of what goes in, and what is held back for later.
func lose[T any](b *lossy, in, held []T) (out, holding []T) {
	for _, x := range in {
		switch {
		case b.loss == 1 || b.rand.Float64() < b.loss:
		case b.rand.Float64() < 0.3:
			held = append(held, x)
		default:
			out = append(out, x, x)
		}
	}
	if b.rand != nil && b.rand.Float64() < 0.5 {
		return append(out, held...), nil
	}
	return out, held
}

func (b *lossy) Receive(ctx context.Context, woken func([]Wake), signalled func([]Signal), _ func()) {
	b.network.mu.Lock()
	if b.members == nil {
		b.members = map[*lossy]ears{}
	}
	b.members[b] = ears{woken, signalled}
	b.network.mu.Unlock()
	<-ctx.Done()
	b.network.mu.Lock()
	defer b.network.mu.Unlock()
	delete(b.members, b)
}

func (b *lossy) Follow(_, _ []uuid.UUID) {}

func (b *lossy) Connected() bool { return true }

// TestALossyBrokerLosesNoEvent writes on two processes and reads all topics on both, while the broker drops
// half of all wakes and repeats and reorders the rest, and says nothing of it.
func TestALossyBrokerLosesNoEvent(t *testing.T) {
	t.Parallel()
	const writers, each = 4, 50
	dsn := postgrestest.New(t)
	net := &network{}
	seed := uint64(0)
	broker := func(*postgres.DB) Broker {
		seed++
		return &lossy{network: net, loss: 0.5, rand: rand.New(rand.NewPCG(2, seed))}
	}
	processes := []*process{start(t, dsn, often, broker), start(t, dsn, often, broker)}
	topics := processes[0].topics(3)
	var readers []*reader
	for _, p := range processes {
		for _, id := range topics {
			readers = append(readers, p.reader(id, Now))
		}
	}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				processes[w%2].write(nil, topics[i%3], topics[(i+1)%3])
			}
		})
	}
	all.Wait()
	for i, r := range readers {
		h, _, err := processes[0].log.Head(t.Context(), topics[i%3])
		if err != nil {
			t.Fatal(err)
		}
		for n, e := range r.until(int(h.Seq)) {
			if e.Seq != int64(n+1) {
				t.Fatalf("event %d is %+v", n, e)
			}
		}
	}
}
