package stream

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/lib/pq" // the driver
	"go.uber.org/goleak"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
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

const (
	never    = time.Hour             // a poll that plays no part
	often    = 20 * time.Millisecond // a poll that a test waits for
	patience = 20 * time.Second      // until what must come counts as lost
)

// process is one process of a site, as good as.
type process struct {
	t     *testing.T
	db    *postgres.DB
	log   *Log
	hub   *Hub
	reads atomic.Int64 // statements that read events
	polls atomic.Int64
}

type brokerOf func(*postgres.DB) Broker

func postgresBroker(t *testing.T) brokerOf {
	return func(db *postgres.DB) Broker { return NewPostgresBroker(db, testLog(t)) }
}

// testLog shows errors only: brokers lose connections on purpose here.
func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
}

// start runs a process on a database until the test ends.
func start(t *testing.T, dsn string, poll time.Duration, broker brokerOf) *process {
	t.Helper()
	p := &process{t: t}
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{Observe: p.observe})
	if err != nil {
		t.Fatal(err)
	}
	p.db = db
	if p.log, p.hub, err = New(t.Context(), db, broker(db), poll, testLog(t)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.hub.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		_ = db.Close()
	})
	return p
}

func (p *process) observe(statement string) {
	switch {
	case strings.Contains(statement, "AS w(topic, after)"):
		p.reads.Add(1)
	case statement == changedSince:
		p.polls.Add(1)
	}
}

// topics makes empty logs.
func (p *process) topics(n int) (list []uuid.UUID) {
	p.t.Helper()
	for range n {
		list = append(list, ids.New())
	}
	if err := p.db.InTx(p.t.Context(), func(ctx context.Context, tx *postgres.Tx) error { return Topics(ctx, tx, list...) }); err != nil {
		p.t.Fatal(err)
	}
	return list
}

// write appends one event to each of some topics in one transaction. before, if any, runs before the commit.
func (p *process) write(before func(), topics ...uuid.UUID) {
	err := p.db.InTx(context.Background(), func(ctx context.Context, tx *postgres.Tx) error {
		b := p.log.Begin(tx, time.Now())
		if err := b.Lock(ctx, topics...); err != nil {
			return err
		}
		for _, id := range topics {
			b.Append(id, NoteReceived, ids.New(), uuid.Nil)
			b.Count(id, Unread{Notes: 1})
		}
		_, err := b.Write(ctx)
		if before != nil {
			before()
		}
		return err
	})
	if err != nil {
		p.t.Error(err)
	}
}

// reader follows a topic and keeps what it has read.
type reader struct {
	t    *testing.T
	sub  *Subscription
	bell chan struct{} // size 1: there may be more
	got  []Event
}

func (p *process) reader(topic uuid.UUID, after int64) *reader {
	p.t.Helper()
	r := &reader{t: p.t, bell: make(chan struct{}, 1)}
	var err error
	if r.sub, err = p.hub.Subscribe(p.t.Context(), topic, after, func() { ring(r.bell) }); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(r.sub.Close)
	return r
}

// until reads until there are n events in all.
func (r *reader) until(n int) []Event {
	r.t.Helper()
	late := time.After(patience)
	for {
		events, err := r.sub.Read(context.Background(), 10)
		if err != nil {
			r.t.Fatal(err)
		}
		r.got = append(r.got, events...)
		if len(r.got) >= n {
			return r.got
		}
		if len(events) > 0 {
			continue
		}
		select {
		case <-r.bell:
		case <-late:
			r.t.Fatalf("%d of %d events came", len(r.got), n)
		}
	}
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
