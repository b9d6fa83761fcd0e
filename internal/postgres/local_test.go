//go:build unix

package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"
	"go.uber.org/goleak"
)

// passable makes a folder that every user can pass through: t.TempDir is closed to others, and
// Postgres does not run as root.
func passable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "local-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// quick skips the syncs of initdb where a test is not about what is durable.
func quick(dir string) LocalConfig {
	return LocalConfig{Dir: dir, Settings: map[string]string{"fsync": "off"}}
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// startAt starts a server that the test stops at its end, if it has not by then.
func startAt(t *testing.T, cfg LocalConfig) *Local {
	t.Helper()
	l, err := StartLocal(within(t, time.Minute), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Stop(within(t, 20*time.Second)) })
	return l
}

func stop(t *testing.T, l *Local) {
	t.Helper()
	if err := l.Stop(within(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}
}

// startFails returns the error of a start that must fail, and checks that it names what it should.
func startFails(t *testing.T, cfg LocalConfig, wants ...string) {
	t.Helper()
	l, err := StartLocal(within(t, time.Minute), cfg)
	if err == nil {
		l.Stop(within(t, 20*time.Second))
		t.Fatal("the start succeeded")
	}
	t.Log(err)
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

// query runs one statement on a connection of its own and returns the first column of its first row.
func query(t *testing.T, dsn, statement string) (value string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(statement).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

func exec1(t *testing.T, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Serial: the times are a promise to whoever types go run. Other work on the machine only ever adds to
// them, so a start that took too long is measured again, twice at most.
func TestLocalStartsFastAndKeepsData(t *testing.T) {
	before := goleak.IgnoreCurrent()
	var l *Local
	var dir string
	first := time.Hour
	for try := 0; try < 3 && first > 5*time.Second; try++ {
		if l != nil {
			stop(t, l)
		}
		dir = filepath.Join(passable(t), "made", "by us")
		began := time.Now()
		l = startAt(t, LocalConfig{Dir: dir})
		first = time.Since(began)
		t.Logf("the first start took %s", first)
	}
	for setting, want := range map[string]string{"server_encoding": "UTF8", "lc_collate": "C", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "listen_addresses": "", "TimeZone": "UTC"} {
		if got := query(t, l.DSN(), "SELECT current_setting('"+setting+"')"); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if got := query(t, l.DSN(), "SELECT current_database() || ' of ' || current_user"); got != "notewire of notewire" {
		t.Errorf("connected to %s", got)
	}
	exec1(t, l.DSN(), "CREATE TABLE kept AS SELECT 'here'::text AS word")
	dsn := l.DSN()
	stop(t, l)
	if err := l.Err(); err != nil {
		t.Errorf("Err after Stop: %v", err)
	}
	if err := l.Stop(t.Context()); err != nil {
		t.Errorf("the second Stop: %v", err)
	}
	if err := syscall.Kill(l.PID(), 0); err == nil {
		t.Error("Postgres is still there after Stop")
	}
	began := time.Now()
	l = startAt(t, LocalConfig{Dir: dir})
	later := time.Since(began)
	if l.DSN() != dsn {
		t.Errorf("the connection string changed from %s to %s", dsn, l.DSN())
	}
	if got := query(t, l.DSN(), "SELECT word FROM kept"); got != "here" {
		t.Errorf("the word is %q", got)
	}
	stop(t, l)
	t.Logf("first start %s, later start %s", first, later)
	if first > 5*time.Second || later > time.Second {
		t.Errorf("the first start took %s, want at most 5s, and a later one %s, want at most 1s", first, later)
	}
	goleak.VerifyNone(t, before)
}

func TestLocalIsPrivate(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	cfg.Settings["listen_addresses"] = "127.0.0.1"
	cfg.Settings["unix_socket_permissions"] = "0777"
	cfg.Settings["max_connections"] = "17"
	l := startAt(t, cfg)
	if got := query(t, l.DSN(), "SHOW max_connections"); got != "17" {
		t.Errorf("max_connections is %s: the settings are not used", got)
	}
	if got := query(t, l.DSN(), "SHOW listen_addresses"); got != "" {
		t.Errorf("it listens on %q", got)
	}
	socket := filepath.Join(l.socket, ".s.PGSQL.5432")
	for path, want := range map[string]os.FileMode{l.DataDir(): 0o700, l.socket: 0o700, socket: 0o700, l.files.logPath(): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has the mode %o, want %o", path, got, want)
		}
	}
	if conn, err := net.Dial("unix", socket); err != nil {
		t.Error(err)
	} else {
		conn.Close()
	}
	// Ctrl-C in a terminal goes to a process group: Postgres must outlive it until we have drained.
	if group, err := syscall.Getpgid(l.PID()); err != nil || group != l.PID() {
		t.Errorf("Postgres is in the process group %d (%v), want its own, %d", group, err, l.PID())
	}
}

func TestLocalRefusesSecondInstance(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	holder := startChild(t, "hold", cfg.Dir)
	startFails(t, cfg, cfg.Dir, "pid "+holder.pid(), "NOTEWIRE_DATA_DIR")
	link := filepath.Join(passable(t), "link")
	if err := os.Symlink(cfg.Dir, link); err != nil {
		t.Fatal(err)
	}
	startFails(t, LocalConfig{Dir: link}, cfg.Dir, "pid "+holder.pid())
	holder.kill()
	startAt(t, cfg) // the kernel has given the lock back
}

func TestLocalTellsWhyPostgresDoesNotStart(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	cfg.Settings["shared_buffers"] = "plenty"
	startFails(t, cfg, "did not start", `invalid value for parameter "shared_buffers": "plenty"`, "postgres.log")
	delete(cfg.Settings, "shared_buffers")
	startAt(t, cfg)
}

func TestLocalLogIsBoundedAndDiscreet(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	for range 3 {
		l := startAt(t, cfg)
		db, err := sql.Open("postgres", l.DSN())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("CREATE TEMP TABLE n (body text CHECK (body = '')); INSERT INTO n VALUES ('canary')"); err == nil {
			t.Error("the check did not hold")
		}
		db.Close()
		stop(t, l)
	}
	logs, err := filepath.Glob(filepath.Join(cfg.Dir, "postgres.log*"))
	if err != nil || len(logs) != 2 {
		t.Fatalf("the logs are %v (%v), want this start's and the previous one's", logs, err)
	}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("canary")) || !bytes.Contains(text, []byte("violates check constraint")) {
			t.Errorf("%s should have the error without the text of users:\n%s", path, text)
		}
		if n := bytes.Count(text, []byte("ready to accept connections")); n != 1 {
			t.Errorf("%s tells of %d starts", path, n)
		}
	}
}

func TestLocalStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if l, err := StartLocal(ctx, cfg); err == nil {
		l.Stop(t.Context())
		t.Fatal("started")
	}
	startAt(t, cfg) // nothing is left that stands in the way
}

func TestStopEscalates(t *testing.T) {
	t.Parallel()
	l := startAt(t, quick(passable(t)))
	if err := syscall.Kill(l.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	err := l.Stop(within(t, 10*time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "immediate") {
		t.Errorf("Stop of a stopped process: %v", err)
	}
	select {
	case <-l.Done():
	default:
		t.Error("Stop returned before Postgres had exited")
	}
	startAt(t, LocalConfig{Dir: l.files.dir})
}

// records keeps what is logged.
func records(cfg *LocalConfig) *bytes.Buffer {
	text := new(bytes.Buffer)
	cfg.Log = slog.New(slog.NewTextHandler(text, nil))
	return text
}
