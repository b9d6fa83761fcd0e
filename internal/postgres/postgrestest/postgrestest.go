// Package postgrestest gives each test a fresh database on a private Postgres of its test binary.
//
// A package calls Main from TestMain, and its tests call New:
//
//	func TestMain(m *testing.M) { postgrestest.Main(m, migrate) }
//
//	func TestSomething(t *testing.T) {
//		dsn := postgrestest.New(t)
//		...
//
// There is no way around a real Postgres: if none can be started the tests fail.
package postgrestest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/notewire/notewire/internal/postgres"
)

// startTime bounds the start of the server: a hundred times what it takes on an idle machine.
const startTime = time.Minute

// template is the database that all others are copied from. Nobody can connect to it after Main has
// prepared it, and so copies never wait for one another.
const template = "prepared"

// fast settings lose data when the machine stops, which takes the tests with it. A killed Postgres may
// lose commits of the last moments with them; Durable is for tests about that.
var fast = map[string]string{
	"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
	"max_connections": "300",   // pools of several servers and of parallel tests
	"shared_buffers":  "32MB",  // the data is small, and several test binaries run at once
	"max_wal_size":    "512MB", // bounds the memory that a server takes
}

// An Option changes the server that Main starts.
type Option func(*postgres.LocalConfig)

// Durable keeps fsync, synchronous commits and full page writes on, for tests that kill Postgres and
// expect what was committed.
func Durable(cfg *postgres.LocalConfig) {
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		cfg.Settings[name] = "on"
	}
}

// The server of this test binary, from Main until the process exits.
var current struct {
	sync.Mutex
	cfg    postgres.LocalConfig
	server *postgres.Local
}

var databases atomic.Int64

// Main starts a Postgres in a temporary folder, calls prepare once with the connection string of an
// empty database, runs the tests, each of which may ask for copies of that database, and exits. Nil
// prepares nothing. Whatever becomes of the process, Postgres ends and the folder is removed.
//
// m is usually a *testing.M.
func Main(m interface{ Run() int }, prepare func(dsn string) error, options ...Option) {
	code, err := run(m, prepare, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, "postgrestest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(m interface{ Run() int }, prepare func(dsn string) error, options []Option) (code int, err error) {
	current.cfg.Settings = maps.Clone(fast)
	for _, option := range options {
		option(&current.cfg)
	}
	parent := "" // the usual temporary folder, on a disk
	if current.cfg.Settings["fsync"] == "off" {
		parent = memory()
	}
	dir, remove, err := scratch(parent)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	current.cfg.Dir = dir
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if current.server, err = postgres.StartLocal(ctx, current.cfg); err != nil {
		return 1, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = errors.Join(err, Server().Stop(ctx))
	}()
	if err := makeTemplate(ctx, prepare); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func makeTemplate(ctx context.Context, prepare func(dsn string) error) error {
	if err := administer(ctx, "CREATE DATABASE "+template); err != nil {
		return err
	}
	if prepare != nil {
		if err := prepare(Server().DatabaseDSN(template)); err != nil {
			return fmt.Errorf("cannot prepare the database: %w", err)
		}
	}
	// Connections that prepare left open would keep the template from being copied.
	return administer(ctx,
		"ALTER DATABASE "+template+" WITH ALLOW_CONNECTIONS false IS_TEMPLATE true",
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '"+template+"'")
}

// New returns the connection string of a fresh database, a copy of what Main prepared. The database is
// dropped when the test ends, whoever is still connected. It may be called from parallel tests, and
// several times by one.
func New(t testing.TB) (dsn string) {
	t.Helper()
	if Server() == nil {
		t.Fatal("no Postgres runs: call postgrestest.Main from TestMain of this package")
	}
	name := "test_" + strconv.FormatInt(databases.Add(1), 10)
	if err := administer(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatalf("cannot make a database: %v", err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := administer(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("cannot drop the database: %v", err)
		}
	})
	return Server().DatabaseDSN(name)
}

// Server returns the Postgres that Main started, or nil. A test that stops or kills it must not run
// in parallel with others, and calls Restart.
func Server() *postgres.Local {
	current.Lock()
	defer current.Unlock()
	return current.server
}

// Restart ends the server, if it runs, and starts it on the same data and the same connection strings.
// Server returns the new one from then on.
func Restart(t testing.TB) {
	t.Helper()
	current.Lock()
	defer current.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := current.server.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	server, err := postgres.StartLocal(ctx, current.cfg)
	if err != nil {
		t.Fatal(err)
	}
	current.server = server
}

// administer runs statements on a connection of its own, which it closes: nothing of it lives on
// between tests that count connections or goroutines.
func administer(ctx context.Context, statements ...string) error {
	connector, err := pq.NewConnector(Server().DatabaseDSN("postgres"))
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
