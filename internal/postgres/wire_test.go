package postgres_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lib/pq"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	postgrestest.Main(m, func(dsn string) error {
		db, err := postgres.Open(context.Background(), dsn, postgres.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		return postgres.Migrate(context.Background(), db.DB, slog.New(slog.DiscardHandler))
	})
}

// open opens a pool until the test ends.
func open(t testing.TB, dsn string, conns int) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{MaxConns: conns})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// fate is what becomes of a request on the wire.
type fate int

const (
	passes  fate = iota
	lost         // it does not arrive, and both ends are closed
	unheard      // it arrives and is answered, and then both ends are closed
	stuck        // the client's end is closed; the server's stays open, and hears nothing
	silent       // nothing happens any more
)

const socket = ".s.PGSQL.5432"

// wire carries connections to the Postgres of the tests.
type wire struct {
	dsn  string // over the wire
	end  chan struct{}
	mu   sync.Mutex
	rule func(request []byte) fate
	dial func() // called before a connection is made; may be nil
	open []net.Conn
}

func newWire(t testing.TB, dsn string) *wire {
	t.Helper()
	cfg, err := pq.NewConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{dsn: strings.Replace(dsn, cfg.Host, dir, 1), end: make(chan struct{}), rule: func([]byte) fate { return passes }}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			dial := w.dial
			w.mu.Unlock()
			if dial != nil {
				dial()
			}
			far, err := net.Dial("unix", filepath.Join(cfg.Host, socket))
			if err != nil {
				_ = near.Close()
				continue
			}
			w.mu.Lock()
			w.open = append(w.open, near, far)
			w.mu.Unlock()
			c := &carried{wire: w, near: near, far: far}
			running.Go(c.requests)
			running.Go(c.answers)
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		close(w.end)
		w.mu.Lock()
		for _, c := range w.open {
			_ = c.Close()
		}
		w.mu.Unlock()
		running.Wait()
	})
	return w
}

// obey makes a rule that says what becomes of each request.
func (w *wire) obey(rule func(request []byte) fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rule = rule
}

// beforeConnect has something done before each new connection.
func (w *wire) beforeConnect(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dial = do
}

// isCommit recognizes the message, which lib/pq sends alone.
func isCommit(request []byte) bool {
	return bytes.HasPrefix(request, []byte("Q\x00\x00\x00\x0bCOMMIT\x00"))
}

type carried struct {
	wire      *wire
	near, far net.Conn
	mu        sync.Mutex
	cutNext   bool // the next answer does not arrive
	deaf      bool // nothing is answered any more
}

func (c *carried) close() {
	_ = c.near.Close()
	_ = c.far.Close()
}

func (c *carried) requests() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.near.Read(buffer)
		if err != nil {
			c.close()
			return
		}
		c.wire.mu.Lock()
		rule := c.wire.rule
		c.wire.mu.Unlock()
		switch rule(buffer[:n]) {
		case lost:
			c.close()
			return
		case unheard:
			c.mu.Lock()
			c.cutNext = true
			c.mu.Unlock()
		case stuck:
			_ = c.near.Close()
			<-c.wire.end
			return
		case silent:
			c.mu.Lock()
			c.deaf = true
			c.mu.Unlock()
			<-c.wire.end
			return
		}
		if _, err := c.far.Write(buffer[:n]); err != nil {
			c.close()
			return
		}
	}
}

func (c *carried) answers() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.far.Read(buffer)
		c.mu.Lock()
		cut, deaf := c.cutNext, c.deaf
		c.mu.Unlock()
		if deaf {
			<-c.wire.end
			return
		}
		if err != nil || cut {
			c.close()
			return
		}
		if _, err := c.near.Write(buffer[:n]); err != nil {
			c.close()
			return
		}
	}
}
