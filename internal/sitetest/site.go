// Package sitetest runs a whole site for tests: real servers on a real Postgres, reached as clients reach
// them, over HTTP and websockets.
package sitetest

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/notewire/notewire/graph"
	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/internal/stream"
)

// Main is the TestMain of a package whose tests call New.
func Main(m *testing.M, options ...postgrestest.Option) {
	postgrestest.Main(m, func(dsn string) error {
		db, err := sql.Open("postgres", dsn)
		if err != nil {
			return err
		}
		defer db.Close()
		return postgres.Migrate(context.Background(), db, slog.New(slog.DiscardHandler))
	}, options...)
}

// Site is a database with one or more servers on it.
type Site struct {
	t    testing.TB
	dsn  string
	Poll time.Duration // of the servers started from now on
	// Broker makes the broker of the servers started from now on; nil: the Postgres broker.
	Broker func(*postgres.DB, *slog.Logger) stream.Broker
	// LogTo gets everything that the servers started from now on log; nil: the test's output gets the warnings.
	LogTo io.Writer
	// NoIntrospection hides the schema of the servers started from now on.
	NoIntrospection bool
	// NoWorker leaves to others what workers do.
	NoWorker bool
	// ToldAtOnce is how many users one transaction of the servers started from now on notifies; 0: as many as usual.
	// More are left to the workers.
	ToldAtOnce int
}

// NewSite makes an empty site.
func NewSite(t testing.TB) *Site {
	return &Site{t: t, dsn: postgrestest.New(t), Poll: 100 * time.Millisecond}
}

// Server is one process of a site, as good as: it shares nothing with the others but the database.
type Server struct {
	URL      string // of the API, http
	DB       *postgres.DB
	Resolver *graph.Resolver
	API      *graph.API
	Stop     func() // ends it; the test's end does too

	site       *Site
	statements *statements
}

// New makes a site with one server.
func New(t testing.TB) *Server { return NewSite(t).Start() }

// Index puts all that was written into the index of words, as the worker of a site does within seconds.
func (s *Server) Index() {
	s.site.t.Helper()
	if err := notes.NewIndexer(s.DB, slog.New(slog.DiscardHandler)).CatchUp(context.Background()); err != nil {
		s.site.t.Fatal(err)
	}
	if err := s.Resolver.Board.IndexChanged(context.Background()); err != nil {
		s.site.t.Fatal(err)
	}
}

// Another starts one more server on the database of a server.
func (s *Server) Another() *Server { return s.site.Start() }

// Start starts one more server.
func (s *Site) Start() *Server {
	t := s.t
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	if s.LogTo != nil {
		log = slog.New(slog.NewJSONHandler(s.LogTo, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var seen statements
	db, err := postgres.Open(ctx, s.dsn, postgres.Options{MaxConns: 10, Observe: seen.add})
	if err != nil {
		t.Fatal(err)
	}
	var broker stream.Broker = stream.NewPostgresBroker(db, log)
	if s.Broker != nil {
		broker = s.Broker(db, log)
	}
	events, hub, err := stream.New(ctx, db, broker, s.Poll, log)
	if err != nil {
		t.Fatal(err)
	}
	origins, err := transport.NewOrigins()
	if err != nil {
		t.Fatal(err)
	}
	documents, err := transport.NewPersistedDocuments(transport.TrustedOff, nil)
	if err != nil {
		t.Fatal(err)
	}
	positions := stream.NewPositions(db, log)
	resolver := graph.NewResolver(db, events, hub, positions, time.Hour)
	if s.ToldAtOnce > 0 {
		resolver.Bell.AtOnce = s.ToldAtOnce
	}
	api := graph.NewAPI(resolver, graph.Options{Origins: origins, Documents: documents, Introspection: !s.NoIntrospection, Log: log})
	var running sync.WaitGroup
	running.Go(func() { hub.Run(ctx) })
	running.Go(func() { api.Run(ctx) })
	running.Go(func() { positions.Run(ctx) })
	if !s.NoWorker {
		running.Go(func() { resolver.Bell.FanOut(ctx, hub, log) })
	}
	server := httptest.NewServer(api)
	stop := sync.OnceFunc(func() {
		drained, cancelDrain := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancelDrain()
		if err := api.Drain(drained, 0); err != nil {
			t.Errorf("drain: %v", err)
		}
		server.Close()
		cancel()
		running.Wait()
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(stop)
	return &Server{URL: server.URL, DB: db, Resolver: resolver, API: api, Stop: stop, site: s, statements: &seen}
}
