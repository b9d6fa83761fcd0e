// Command notewire serves private notes and notifications for a community site, live, over GraphQL, on
// Postgres. See README.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/lmittmann/tint"

	"github.com/notewire/notewire/graph"
	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/config"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
	"github.com/notewire/notewire/web"
)

//go:embed schema.graphqls
var schema []byte

func main() {
	if os.Getenv("GOGC") == "" {
		// Most of the memory is sockets that do nothing. At Go's usual 100 as much again lies fallow between
		// collections; at 40, less than half of that, for a few per cent more of the processor under full load.
		debug.SetGCPercent(40)
	}
	var c config.Command
	command := kong.Parse(&c, kong.Name("notewire"),
		kong.Description("Notes (쪽지) and notifications (알림) for a community site, live, over GraphQL."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Help(help), kong.ShortUsageOnError())
	// The first signal ends the program in good order, the second at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	var err error
	switch command.Command() {
	case "serve":
		err = serve(ctx, c.Serve)
	case "migrate":
		err = migrate(ctx, c.Migrate)
	case "check":
		err = check(ctx, c.Check, os.Stdout)
	case "seed":
		err = seed(ctx, c.Seed, os.Stdout)
	case "tail":
		err = tail(ctx, c.Tail, os.Stdout)
	case "rotate-epoch":
		err = rotateEpoch(ctx, c.RotateEpoch)
	case "version":
		fmt.Println("notewire", version())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notewire:", err)
		os.Exit(1)
	}
}

// help shows the settings of serve below the commands: it is what happens without one.
func help(options kong.HelpOptions, c *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, c); err != nil || c.Selected() != nil {
		return err
	}
	trace, err := kong.Trace(c.Kong, []string{"serve"})
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Stdout)
	return kong.DefaultHelpPrinter(options, trace)
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func newLog(level slog.Level) *slog.Logger {
	if config.OnTerminal() {
		return slog.New(tint.NewTextHandler(os.Stderr, &tint.Options{Level: level, TimeFormat: time.TimeOnly}))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// openDatabase connects to the database, sees that it can be worked with, and brings it to this version.
// The function it returns closes what it opened.
func openDatabase(ctx context.Context, d config.Database, log *slog.Logger, o postgres.Options) (*postgres.DB, func(), error) {
	db, closeDB, err := connect(ctx, d, log, o)
	if err != nil {
		return nil, nil, err
	}
	if err = db.Fit(ctx); err == nil {
		err = db.Migrate(ctx, log)
	}
	if err != nil {
		closeDB()
		return nil, nil, err
	}
	return db, closeDB, nil
}

// beside is where the data is for what may run while a server does: that server's Postgres, where it has one of
// its own.
func beside(ctx context.Context, d config.Database) config.Database {
	if d.DatabaseURL == "" {
		d.DatabaseURL = postgres.RunningLocal(ctx, d.DataDir)
	}
	return d
}

// connect opens the database that was named, or starts one of our own.
func connect(ctx context.Context, d config.Database, log *slog.Logger, o postgres.Options) (*postgres.DB, func(), error) {
	dsn, stop := d.DatabaseURL, func() {}
	if dsn == "" {
		var progress io.Writer
		if config.OnTerminal() {
			progress = os.Stderr
		}
		local, err := postgres.StartLocal(ctx, postgres.LocalConfig{Dir: d.DataDir, Log: log, Progress: progress})
		if err != nil {
			return nil, nil, err
		}
		dsn = local.DSN()
		stop = func() {
			limited, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := local.Stop(limited); err != nil {
				log.Error("the local Postgres did not stop", "error", err)
			}
		}
	}
	o.MaxConns = d.MaxConns
	db, err := postgres.Open(ctx, dsn, o)
	if err != nil {
		stop()
		return nil, nil, err
	}
	return db, func() {
		_ = db.Close()
		stop()
	}, nil
}

func migrate(ctx context.Context, c config.Migrate) error {
	_, closeDB, err := openDatabase(ctx, beside(ctx, c.Database), newLog(c.Level()), postgres.Options{})
	if err != nil {
		return err
	}
	closeDB()
	return nil
}

func rotateEpoch(ctx context.Context, c config.RotateEpoch) error {
	db, closeDB, err := openDatabase(ctx, beside(ctx, c.Database), newLog(c.Level()), postgres.Options{})
	if err != nil {
		return err
	}
	defer closeDB()
	if err := stream.RotateEpoch(ctx, db); err != nil {
		return err
	}
	fmt.Println("All cursors are invalid now: clients fetch afresh. Running servers notice within their poll interval.")
	return nil
}

func serve(ctx context.Context, c config.Serve) error {
	log := newLog(c.Level())
	origins, err := transport.NewOrigins(c.AllowedOrigins...)
	if err != nil {
		return fmt.Errorf("--allowed-origins: %w", err)
	}
	documents, err := readDocuments(c)
	if err != nil {
		return err
	}
	// The address is taken first: a second start fails before it touches the database.
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w: choose another with --addr", c.Addr, err)
	}
	defer listener.Close()
	db, closeDB, err := openDatabase(ctx, c.Database, log, postgres.Options{})
	if err != nil {
		return err
	}
	defer closeDB()

	broker, err := openBroker(ctx, db, c.NATSURL, log)
	if err != nil {
		return err
	}
	events, hub, err := stream.New(ctx, db, broker, c.PollInterval, log)
	if err != nil {
		return err
	}
	positions := stream.NewPositions(db, log)
	resolver := graph.NewResolver(db, events, hub, positions, c.SessionTTL)
	api := graph.NewAPI(resolver, graph.Options{Origins: origins, Documents: documents, Introspection: c.Introspection == "on", Log: log,
		RefuseStreams: !c.Streams(), RefusePlain: !c.Plain()})

	// What serves goes on until everything that needs it has ended.
	background, stopBackground := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { hub.Run(background) })
	running.Go(func() { api.Run(background) })
	running.Go(func() { positions.Run(background) })
	if c.Works() {
		keeper := &housekeeper{db: db, events: events, positions: positions, users: resolver.Accounts, bell: resolver.Bell,
			retention: c.Retention, read: c.NotificationRetention, log: log}
		running.Go(func() { keeper.run(background) })
		indexer := notes.NewIndexer(db, log)
		running.Go(func() { indexer.Run(background) })
		running.Go(func() { resolver.Board.Index(background, log) })
		running.Go(func() { resolver.Bell.FanOut(background, hub, log) })
	}
	defer running.Wait()
	defer stopBackground()

	defer serveAdmin(c.AdminAddr, log, newMetrics(db, api, hub, resolver.Bell))()
	health := &health{db: db, hub: hub, role: c.Role}
	server := &http.Server{
		Handler:           routes(api, health, c),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	health.await(ctx, readyPatience)
	announce(listener.Addr(), c.Introspection == "on", log)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	return drain(c.Drain(), health, api, server, log)
}

func readDocuments(c config.Serve) (*transport.PersistedDocuments, error) {
	manifest := map[string]string{}
	if c.TrustedManifest != "" {
		f, err := os.Open(c.TrustedManifest)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if manifest, err = transport.ReadManifest(f); err != nil {
			return nil, fmt.Errorf("%s: %w", c.TrustedManifest, err)
		}
	}
	return transport.NewPersistedDocuments(transport.TrustedMode(c.TrustedDocuments), manifest)
}

// readyPatience is how long the program waits for its broker before it says that it is ready all the same:
// what others commit is then late, as the broker's warning says.
const readyPatience = 3 * time.Second

const (
	drainSpread = 5 * time.Second  // sockets are closed over this time, so that their clients do not all come back at once
	drainLimit  = 12 * time.Second // and after this one whatever is left is cut
)

// drain ends the server in good order: readiness fails first, so that a balancer sends nobody any more,
// then what is under way is answered, and clients are told to come back.
func drain(delay time.Duration, health *health, api *graph.API, server *http.Server, log *slog.Logger) error {
	log.Info("going down: a second signal stops at once", "socketsCloseIn", delay.String())
	health.draining.Store(true)
	time.Sleep(delay)
	ctx, cancel := context.WithTimeout(context.Background(), drainLimit)
	defer cancel()
	spread := min(drainSpread, time.Duration(api.Open())*time.Millisecond)
	err := errors.Join(api.Drain(ctx, spread), server.Shutdown(ctx))
	log.Info("stopped")
	return err
}

// openBroker takes NATS where there is one: nothing of LISTEN and NOTIFY is used then.
func openBroker(ctx context.Context, db *postgres.DB, natsURL string, log *slog.Logger) (stream.Broker, error) {
	if natsURL == "" {
		return stream.NewPostgresBroker(db, log), nil
	}
	return stream.NewNATSBroker(ctx, db, natsURL, log)
}

// routes are the program's doors. The API stands twice, so that a balancer can send streams to servers of
// their own by path. A worker has no pages, and its API refuses everything.
func routes(api http.Handler, health *health, c config.Serve) http.Handler {
	introspection := c.Introspection == "on"
	mux := http.NewServeMux()
	mux.Handle("/graphql", api)
	mux.Handle("/stream", api)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /readyz", health)
	if !c.Streams() && !c.Plain() {
		return mux
	}
	if introspection {
		mux.HandleFunc("GET /schema.graphqls", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = w.Write(schema)
		})
	}
	mux.Handle("/", web.Handler(web.Options{NoPlayground: !introspection}))
	return mux
}

// announce says where everything is: to a person in words, to a machine as a log entry.
func announce(addr net.Addr, introspection bool, log *slog.Logger) {
	host := addr.String()
	if h, port, err := net.SplitHostPort(host); err == nil && net.ParseIP(h).IsUnspecified() {
		host = net.JoinHostPort("localhost", port)
	}
	url := "http://" + host
	if !config.OnTerminal() {
		log.Info("ready", "page", url+"/", "api", url+"/graphql", "playground", introspection)
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n  Notewire is ready.\n\n    page        %s/\n", url)
	if introspection {
		fmt.Fprintf(&b, "    playground  %s/playground\n", url)
	}
	fmt.Fprintf(&b, "    API         %s/graphql\n\n  Ctrl-C stops it.\n\n", url)
	fmt.Fprint(os.Stderr, b.String())
}
