package presence

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/lib/pq" // the driver
	natsd "github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/internal/stream"
)

func TestMain(m *testing.M) {
	postgrestest.Main(leakless{m}, func(dsn string) error {
		db, err := postgres.Open(context.Background(), dsn, postgres.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		return postgres.Migrate(context.Background(), db.DB, slog.New(slog.DiscardHandler))
	})
}

// leakless fails when a goroutine that a test started is left.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	before := goleak.IgnoreCurrent()
	code := l.m.Run()
	if err := goleak.Find(before); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// patience is how long a test waits for what must come. It is never the time that something takes.
const patience = 20 * time.Second

// place is where the processes of a site meet: a database and a broker.
type place struct {
	dsn    string
	broker func(*testing.T, *postgres.DB) stream.Broker
}

// places are the brokers that there are.
var places = map[string]func(*testing.T) place{"postgres": postgresPlace, "nats": natsPlace}

func quiet(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
}

func postgresPlace(t *testing.T) place {
	return place{postgrestest.New(t), func(t *testing.T, db *postgres.DB) stream.Broker { return stream.NewPostgresBroker(db, quiet(t)) }}
}

func natsPlace(t *testing.T) place {
	s, err := natsd.NewServer(&natsd.Options{Host: "127.0.0.1", Port: natsd.RANDOM_PORT, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(patience) {
		t.Fatal("the NATS server does not start")
	}
	return place{postgrestest.New(t), func(t *testing.T, db *postgres.DB) stream.Broker {
		b, err := stream.NewNATSBroker(t.Context(), db, s.ClientURL(), quiet(t))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}}
}

// cut is a broker that loses what it is given while it is told to.
type cut struct {
	stream.Broker
	lossy  atomic.Bool
	mu     sync.Mutex
	counts map[string]int // of the kinds of messages that were published
}

func (c *cut) Publish(ctx context.Context, wakes []stream.Wake, signals []stream.Signal) error {
	c.mu.Lock()
	for _, s := range signals {
		c.counts[s.Data[:1]]++
	}
	c.mu.Unlock()
	if c.lossy.Load() {
		return nil
	}
	return c.Broker.Publish(ctx, wakes, signals)
}

func (c *cut) count(k kind) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[string(k)]
}

// site is one process of a site, as good as.
type site struct {
	*Presence
	t      *testing.T
	broker *cut
	kill   func() // as kill -9 does: nothing is said any more
	ring   func(conversation uuid.UUID)
	looks  atomic.Int64 // of admission
	// Where it is not the usual one.
	standing sync.Map // of uuid.UUID, Standing
}

// start runs a process with times that a test can wait for: announcing every quarter of gone.
func (at place) start(t *testing.T, gone time.Duration) *site {
	t.Helper()
	db, err := postgres.Open(t.Context(), at.dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, broker: &cut{Broker: at.broker(t, db), counts: map[string]int{}}}
	log, hub, err := stream.New(t.Context(), db, s.broker, time.Hour, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	s.ring = func(conversation uuid.UUID) {
		if err := db.InTx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error { return log.Ring(ctx, tx, conversation) }); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { hub.Run(ctx) })
	s.kill = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(func() {
		s.kill()
		_ = db.Close()
	})
	eventually(t, "the broker is connected", hub.Connected)
	s.Presence = New(hub, func(_ context.Context, _ uuid.UUID, users []uuid.UUID) (map[uuid.UUID]Standing, error) {
		s.looks.Add(1)
		found := map[uuid.UUID]Standing{}
		for _, u := range users {
			found[u] = Standing{MayListen: true, SharesReadMarks: true}
			if other, ok := s.standing.Load(u); ok {
				found[u] = other.(Standing)
			}
		}
		return found, nil
	})
	s.repeatEvery, s.goneAfter = gone/4, gone
	return s
}

// onlooker is a listener and what it was told.
type onlooker struct {
	*Listener
	t     *testing.T
	bell  chan struct{} // size 1
	knows map[uuid.UUID]Activity
	times map[uuid.UUID]int
}

func (s *site) join(conversation, user uuid.UUID) *onlooker {
	o := &onlooker{t: s.t, bell: make(chan struct{}, 1), knows: map[uuid.UUID]Activity{}, times: map[uuid.UUID]int{}}
	o.Listener = s.Join(conversation, user, func() {
		select {
		case o.bell <- struct{}{}:
		default:
		}
	})
	s.t.Cleanup(o.Leave)
	return o
}

// read takes all that there is now.
func (o *onlooker) read(limit int) (told int) {
	o.t.Helper()
	for {
		list, err := o.Next(context.Background(), limit)
		if err != nil {
			o.t.Fatal(err)
		}
		if len(list) > limit {
			o.t.Fatalf("%d were told, not %d", len(list), limit)
		}
		for _, a := range list {
			o.knows[a.User] = a
			o.times[a.User]++
			told++
		}
		if len(list) == 0 {
			return told
		}
	}
}

// until reads until something is known.
func (o *onlooker) until(what string, holds func() bool) {
	o.t.Helper()
	late := time.After(patience)
	for o.read(7); !holds(); o.read(7) {
		select {
		case <-o.bell:
		case <-late:
			o.t.Fatalf("%s: not within %s; known is %+v", what, patience, o.knows)
		}
	}
}

// sees waits until a user is known to be as was said.
func (o *onlooker) sees(what string, a Activity) {
	o.t.Helper()
	o.until(what, func() bool { return o.knows[a.User] == a })
}

// present is a user who is there and does nothing.
func present(user uuid.UUID) Activity { return Activity{User: user, IsPresent: true} }

// people makes users.
func people(n int) (list []uuid.UUID) {
	for range n {
		list = append(list, ids.New())
	}
	return list
}

// eventually waits until a condition holds that nothing signals.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}
