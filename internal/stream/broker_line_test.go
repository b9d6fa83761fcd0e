package stream

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

// line carries the connections of one process to a server, until it is cut.
type line struct {
	addr            string // where it is reached
	network, target string // where it leads

	mu      sync.Mutex
	closed  bool
	held    chan struct{}         // closed when bytes may pass; nil: they may
	open    map[net.Conn]struct{} // both ends
	running sync.WaitGroup
}

func newLine(t *testing.T, network, addr, target string) *line {
	t.Helper()
	listener, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{addr: listener.Addr().String(), network: network, target: target, open: map[net.Conn]struct{}{}}
	l.running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			l.running.Go(func() { l.carry(near) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		l.cut()
		l.running.Wait()
	})
	return l
}

func (l *line) carry(near net.Conn) {
	defer near.Close()
	far, err := net.Dial(l.network, l.target)
	if err != nil {
		return
	}
	defer far.Close()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.open[near], l.open[far] = struct{}{}, struct{}{}
	l.mu.Unlock()
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(near, passing{far, l})
		_ = near.Close()
	})
	_, _ = io.Copy(far, passing{near, l})
	_ = far.Close()
	back.Wait()
	l.mu.Lock()
	delete(l.open, near)
	delete(l.open, far)
	l.mu.Unlock()
}

// passing is what comes from one end; it waits while the line is held.
type passing struct {
	net.Conn
	line *line
}

func (p passing) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	p.line.mu.Lock()
	held := p.line.held
	p.line.mu.Unlock()
	if held != nil {
		<-held
	}
	return n, err
}

// hold lets nothing pass, and closes nothing, until the function it returns is called.
func (l *line) hold(t *testing.T) (release func()) {
	held := make(chan struct{})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = held
	release = sync.OnceFunc(func() {
		l.mu.Lock()
		l.held = nil
		l.mu.Unlock()
		close(held)
	})
	t.Cleanup(release) // before the line's own
	return release
}

// cut ends what goes over the line, and lets nothing over it until it is mended.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for c := range l.open {
		_ = c.Close()
	}
}

func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = false
}

// meanwhile does something for which the line must be whole, whether it is or not.
func (l *line) meanwhile(do func()) {
	l.mu.Lock()
	was := l.closed
	l.closed = false
	l.mu.Unlock()
	do()
	if was {
		l.cut()
	}
}

// venue is a database with a broker, which each process reaches over a line of its own.
type venue struct {
	dsn  string
	line func(t *testing.T) *line
	over func(t *testing.T, l *line) brokerOf
}

// venues are the brokers that there are.
var venues = map[string]func(t *testing.T) venue{"postgres": postgresVenue, "nats": natsVenue}

func postgresVenue(t *testing.T) venue {
	dsn := postgrestest.New(t)
	cfg, err := pq.NewConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	return venue{
		dsn: dsn,
		line: func(t *testing.T) *line {
			return newLine(t, "unix", filepath.Join(t.TempDir(), socket), filepath.Join(cfg.Host, socket))
		},
		over: func(t *testing.T, l *line) brokerOf {
			return func(*postgres.DB) Broker {
				var db *postgres.DB
				l.meanwhile(func() { db = openDB(t, strings.Replace(dsn, cfg.Host, filepath.Dir(l.addr), 1)) })
				return NewPostgresBroker(db, testLog(t))
			}
		},
	}
}

func TestBrokersConnectAgain(t *testing.T) {
	t.Parallel()
	for name, meet := range venues {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t)
			topic := ids.New()
			l := v.line(t)
			b := v.over(t, l)(openDB(t, v.dsn))
			e := hear(t, b, topic)
			other := hear(t, v.over(t, v.line(t))(openDB(t, v.dsn)), topic)
			for i := range 3 {
				l.cut()
				eventually(t, "the loss is noticed", func() bool { return !b.Connected() })
				lost := e.losses()
				l.mend()
				eventually(t, "lost is called", func() bool { return b.Connected() && e.losses() > lost })
				for j, from := range []*ear{e, other} {
					w := Wake{topic, int64(10*i + j + 1)}
					if err := from.broker.Publish(t.Context(), []Wake{w}, nil); err != nil {
						t.Fatal(err)
					}
					e.wait(w)
					other.wait(w)
				}
			}
		})
	}
}

// TestABrokerEndsPromptly ends Receive while its connection is whole, while it is cut, and before there was one.
func TestABrokerEndsPromptly(t *testing.T) {
	t.Parallel()
	const promptly = 3 * time.Second // far below every timeout of the drivers' own, above a busy machine's pauses
	for name, meet := range venues {
		for _, state := range []string{"connected", "cut", "absent"} {
			t.Run(name+" "+state, func(t *testing.T) {
				t.Parallel()
				v := meet(t)
				l := v.line(t)
				db := openDB(t, v.dsn)
				if state == "absent" {
					l.cut()
				}
				b := v.over(t, l)(db)
				ctx, cancel := context.WithCancel(context.Background())
				ended := make(chan struct{})
				go func() { b.Receive(ctx, func([]Wake) {}, func([]Signal) {}, func() {}); close(ended) }()
				if state != "absent" {
					eventually(t, "it connects", b.Connected)
				}
				if state == "cut" {
					l.cut()
					eventually(t, "the loss is noticed", func() bool { return !b.Connected() })
				}
				cancel()
				select {
				case <-ended:
				case <-time.After(promptly):
					t.Errorf("Receive goes on")
				}
				if b.Connected() {
					t.Error("connected after the end")
				}
				if n, ok := b.(*NATSBroker); ok && !n.conn.IsClosed() {
					t.Error("the connection is left open")
				}
				b.Follow([]uuid.UUID{ids.New()}, nil) // the hub may be a moment later: no harm
			})
		}
	}
}
