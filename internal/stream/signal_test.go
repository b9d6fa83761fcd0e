package stream

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

// hearing is what somebody heard of a topic.
type hearing struct {
	mu    sync.Mutex
	heard map[string]int
	stop  func()
}

func (p *process) hearing(topic uuid.UUID) *hearing {
	l := &hearing{heard: map[string]int{}}
	l.stop = p.hub.OnSignal(topic, func(data string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.heard[data]++
	})
	p.t.Cleanup(l.stop)
	return l
}

func (l *hearing) has(data string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard[data] > 0
}

func TestSignalsReachAllWhoListen(t *testing.T) {
	t.Parallel()
	for name, meet := range venues {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t)
			a, b := start(t, v.dsn, never, v.over(t, v.line(t))), start(t, v.dsn, never, v.over(t, v.line(t)))
			topic, other := ids.New(), ids.New()
			here, there, elsewhere := a.hearing(topic), b.hearing(topic), b.hearing(other)
			for i, p := range []*process{a, b} {
				eventually(t, "the broker is connected", p.hub.Connected)
				data := fmt.Sprint("signal ", i)
				// A subscription may be on its way still when the first signal comes: it is lost then.
				eventually(t, "all hear", func() bool {
					p.hub.Signal(topic, "key", data)
					return here.has(data) && there.has(data)
				})
			}
			there.stop()
			a.hub.Signal(topic, "last", "for the first only")
			eventually(t, "the first hears", func() bool { return here.has("for the first only") })
			a.hub.Signal(other, "last", "after it")
			eventually(t, "the other topic", func() bool { return elsewhere.has("after it") })
			if there.has("for the first only") || len(elsewhere.heard) != 1 {
				t.Errorf("heard %v after the end, %v of another topic", there.heard, elsewhere.heard)
			}
		})
	}
}

// busy is a broker that takes nothing until it is released.
type busy struct {
	lossy
	began   chan struct{} // one for each Publish
	release chan struct{}
	taken   chan []Signal
}

func (b *busy) Publish(ctx context.Context, _ []Wake, signals []Signal) error {
	b.began <- struct{}{}
	select {
	case <-b.release:
	case <-ctx.Done():
	}
	b.taken <- signals
	return nil
}

func TestSignalsAreCoalescedWhileTheBrokerIsBusy(t *testing.T) {
	t.Parallel()
	b := &busy{lossy: lossy{network: &network{}}, began: make(chan struct{}, 100), release: make(chan struct{}), taken: make(chan []Signal, 100)}
	p := start(t, postgrestest.New(t), never, func(*postgres.DB) Broker { return b })
	topic := ids.New()
	p.hub.Signal(topic, "first", "x")
	<-b.began
	for i := range 50 {
		p.hub.Signal(topic, "a", fmt.Sprint("a", i))
		p.hub.Signal(topic, "b", fmt.Sprint("b", i))
	}
	p.hub.Signal(topic, "long", strings.Repeat("x", MaxSignal+1)) // is not sent
	b.release <- struct{}{}
	<-b.taken
	<-b.began
	b.release <- struct{}{}
	got := map[Signal]bool{}
	for _, s := range <-b.taken {
		got[s] = true
	}
	if len(got) != 2 || !got[Signal{topic, "a49"}] || !got[Signal{topic, "b49"}] {
		t.Errorf("sent %v", got)
	}
	p.hub.Signal(topic, "first", "x")
	<-b.began
	for i := range maxSignals + 100 {
		p.hub.Signal(topic, fmt.Sprint(i), "old")
	}
	p.hub.Signal(topic, "0", "new") // has its place already
	b.release <- struct{}{}
	<-b.taken
	<-b.began
	b.release <- struct{}{}
	last := <-b.taken
	fresh := 0
	for _, s := range last {
		if s.Data == "new" {
			fresh++
		}
	}
	if len(last) != maxSignals || fresh != 1 {
		t.Errorf("%d signals were kept, %d of them the newest of their key", len(last), fresh)
	}
}

func TestSignalsFillPayloads(t *testing.T) {
	t.Parallel()
	var signals []Signal
	for i := range 2000 {
		signals = append(signals, Signal{ids.New(), strings.Repeat("x", i%(MaxSignal+1))})
	}
	var back []Signal
	payloads := signalPayloads(signals)
	for i, p := range payloads {
		if len(p) > maxPayload || i < len(payloads)-1 && len(p) < maxPayload*9/10 {
			t.Errorf("payload %d of %d has %d bytes", i, len(payloads), len(p))
		}
		back = append(back, parseSignals(strings.TrimPrefix(p, signalMark))...)
	}
	for i, s := range signals {
		if i >= len(back) || back[i] != s {
			t.Fatalf("signal %d did not come back", i)
		}
	}
}

// TestASubjectIsLeftWithItsLastListener has a reader and a listener of one topic.
func TestASubjectIsLeftWithItsLastListener(t *testing.T) {
	t.Parallel()
	s := startNATS(t, natsd.Options{})
	p := start(t, postgrestest.New(t), often, natsBroker(t, s.ClientURL()))
	eventually(t, "the broker is connected", p.hub.Connected)
	topics := p.topics(2)
	r := p.reader(topics[0], Now)
	first, second := p.hearing(topics[0]), p.hearing(topics[1])
	subscribed(t, s, 2)
	r.sub.Close()
	second.stop()
	subscribed(t, s, 1)
	p.hub.Signal(topics[0], "", "still heard")
	eventually(t, "the listener hears", func() bool { return first.has("still heard") })
	first.stop()
	subscribed(t, s, 0)
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	if len(p.hub.listeners) > 0 {
		t.Error("listeners are left")
	}
}
