package stream

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

// ear is what a process hears of a broker.
type ear struct {
	t      *testing.T
	broker Broker
	mu     sync.Mutex
	heard  map[Wake]int
	caught map[Signal]int
	lost   int
	stop   func()
}

// hear follows some topics until the test ends, and returns once wakes come in.
func hear(t *testing.T, b Broker, topics ...uuid.UUID) *ear {
	t.Helper()
	e := &ear{t: t, broker: b, heard: map[Wake]int{}, caught: map[Signal]int{}}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	b.Follow(topics, nil)
	running.Go(func() {
		b.Receive(ctx, func(wakes []Wake) {
			e.mu.Lock()
			defer e.mu.Unlock()
			for _, w := range wakes {
				e.heard[w]++
			}
		}, func(signals []Signal) {
			e.mu.Lock()
			defer e.mu.Unlock()
			for _, s := range signals {
				e.caught[s]++
			}
		}, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.lost++
		})
	})
	e.stop = func() { cancel(); running.Wait() }
	t.Cleanup(e.stop)
	eventually(t, "the broker connects", func() bool { return b.Connected() && e.losses() > 0 })
	return e
}

func (e *ear) losses() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lost
}

func (e *ear) wait(wakes ...Wake) {
	e.t.Helper()
	eventually(e.t, fmt.Sprintf("%d wakes", len(wakes)), func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, w := range wakes {
			if e.heard[w] == 0 {
				return false
			}
		}
		return true
	})
}

func (e *ear) catch(signals ...Signal) {
	e.t.Helper()
	eventually(e.t, fmt.Sprintf("%d signals", len(signals)), func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, s := range signals {
			if e.caught[s] == 0 {
				return false
			}
		}
		return true
	})
}

// brokerSuite is what every broker must do. open connects one more process to the same site.
func brokerSuite(t *testing.T, open func(t *testing.T) Broker) {
	t.Run("tells every process, its own too", func(t *testing.T) {
		t.Parallel()
		topic := ids.New()
		a, b := hear(t, open(t), topic), hear(t, open(t), topic)
		for i, from := range []*ear{a, b} {
			w := Wake{topic, int64(1<<62 + i)}
			if err := from.broker.Publish(t.Context(), []Wake{w}, nil); err != nil {
				t.Fatal(err)
			}
			a.wait(w)
			b.wait(w)
		}
	})
	t.Run("carries many topics at once", func(t *testing.T) {
		t.Parallel()
		var wakes []Wake
		var topics []uuid.UUID
		for i := range 1000 {
			topics = append(topics, ids.New())
			wakes = append(wakes, Wake{topics[i], int64(i)})
		}
		a, b := open(t), hear(t, open(t), topics...)
		if err := a.Publish(t.Context(), wakes, nil); err != nil {
			t.Fatal(err)
		}
		b.wait(wakes...)
		b.mu.Lock()
		defer b.mu.Unlock()
		for w := range b.heard {
			if w.Seq < 0 || w.Seq >= 1000 || w.Topic != topics[w.Seq] {
				t.Errorf("heard of %v, which nobody published", w)
			}
		}
	})
	t.Run("carries signals to every process, its own too, with wakes beside them", func(t *testing.T) {
		t.Parallel()
		one, two := ids.New(), ids.New()
		a, b := hear(t, open(t), one, two), hear(t, open(t), one, two)
		wakes := []Wake{{one, 1}, {two, 2}}
		signals := []Signal{{one, ""}, {one, "12"}, {two, "!\x00\xff\n쪽지"}, {two, strings.Repeat("\xff", MaxSignal)}}
		if err := a.broker.Publish(t.Context(), wakes, signals); err != nil {
			t.Fatal(err)
		}
		for _, e := range []*ear{a, b} {
			e.wait(wakes...)
			e.catch(signals...)
			e.mu.Lock()
			if len(e.heard) != len(wakes) || len(e.caught) != len(signals) {
				t.Errorf("heard %v and %v", e.heard, e.caught)
			}
			e.mu.Unlock()
		}
	})
	t.Run("carries many signals at once", func(t *testing.T) {
		t.Parallel()
		var signals []Signal
		var topics []uuid.UUID
		for i := range 1000 {
			topics = append(topics, ids.New())
			signals = append(signals, Signal{topics[i], fmt.Sprint(i) + strings.Repeat("x", i%(MaxSignal-3))})
		}
		a, b := open(t), hear(t, open(t), topics...)
		if err := a.Publish(t.Context(), nil, signals); err != nil {
			t.Fatal(err)
		}
		b.catch(signals...)
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.caught) != len(signals) {
			t.Errorf("%d signals came of %d", len(b.caught), len(signals))
		}
	})
	t.Run("publishes nothing as nothing", func(t *testing.T) {
		t.Parallel()
		if err := open(t).Publish(t.Context(), nil, nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("ends when it is told to", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		e := hear(t, b)
		e.stop() // returns when Receive has
		if b.Connected() {
			t.Error("connected after the end")
		}
	})
	t.Run("refuses what is cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := open(t).Publish(ctx, []Wake{{ids.New(), 1}}, nil); err == nil {
			t.Error("published though nobody waits for it")
		}
	})
}

func openDB(t *testing.T, dsn string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestPostgresBroker(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.New(t)
	brokerSuite(t, func(t *testing.T) Broker { return postgresBroker(t)(openDB(t, dsn)) })
}

func TestPostgresBrokerConnectsAgain(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.New(t)
	db := openDB(t, dsn)
	e := hear(t, postgresBroker(t)(db))
	for i := range 3 {
		lost := e.losses()
		var killed int
		if err := db.QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`).Scan(&killed); err != nil || killed != 1 {
			t.Fatal(killed, err)
		}
		eventually(t, "lost is called", func() bool { return e.losses() > lost && e.broker.Connected() })
		w := Wake{ids.New(), int64(i)}
		if err := e.broker.Publish(t.Context(), []Wake{w}, nil); err != nil {
			t.Fatal(err)
		}
		e.wait(w)
	}
}

func TestPostgresBrokerIgnoresWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	db := openDB(t, postgrestest.New(t))
	e := hear(t, postgresBroker(t)(db))
	for _, junk := range []string{"", "x", "a text of thirty-two characters!", "안녕하세요 안녕하세요 안녕하세요", "!", "!쪽지", "!AAAA", "!AAAAAAAAAAAAAAAAAAAAAGQ"} {
		if _, err := db.ExecContext(t.Context(), `SELECT pg_notify('notewire', $1)`, junk); err != nil {
			t.Fatal(err)
		}
	}
	w := Wake{ids.New(), 7}
	if err := e.broker.Publish(t.Context(), []Wake{w}, nil); err != nil {
		t.Fatal(err)
	}
	e.wait(w) // notifications come in the order of their commits
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.heard) != 1 || len(e.caught) > 0 {
		t.Errorf("heard of %v and %v", e.heard, e.caught)
	}
}
