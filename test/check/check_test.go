package check_test

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lib/pq"

	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/test/binary"
)

// runCheck runs notewire check and returns what it wrote and its exit code.
func runCheck(t *testing.T, dsn string, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.Command(binary.Built(t), append([]string{"check"}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "DATABASE_URL=" + dsn}
	out, _ := cmd.CombinedOutput() // the code says how it ended
	return string(out), cmd.ProcessState.ExitCode()
}

// amiss has check, and the start of serve, name a trouble in the same words.
func amiss(t *testing.T, dsn string, env []string, words ...string) {
	t.Helper()
	var args []string
	for _, v := range env {
		if url, ok := strings.CutPrefix(v, "NATS_URL="); ok {
			args = append(args, "--nats-url", url)
		}
	}
	said, code := runCheck(t, dsn, args...)
	if code != 1 {
		t.Errorf("check ends with %d", code)
	}
	refused := binary.Refused(t, binary.Options{Folder: t.TempDir(), Env: append([]string{"DATABASE_URL=" + dsn}, env...)})
	for name, text := range map[string]string{"check": said, "serve": refused} {
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %q:\n%s", name, w, text)
			}
		}
		if strings.Contains(text, "secret-password") {
			t.Errorf("%s says the password:\n%s", name, text)
		}
	}
}

func admin(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// as is a connection string with other values for some keywords: the last counts.
func as(dsn string, changes ...string) string { return dsn + " " + strings.Join(changes, " ") }

// TestCheck looks at a database from its making to its drift, and changes nothing.
//
// Red when check migrates, when it overlooks a counter, and when it leaves the exit code at 0.
func TestCheck(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.New(t)
	said, code := runCheck(t, dsn)
	if code != 1 || !strings.Contains(said, "migrations are missing: run notewire migrate") {
		t.Errorf("an empty database: %d\n%s", code, said)
	}
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tables int
	if err := db.QueryRow(`SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`).Scan(&tables); err != nil || tables > 0 {
		t.Errorf("%d tables after a check of an empty database: %v", tables, err)
	}
	s := binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: []string{"DATABASE_URL=" + dsn}})
	binary.Register(t, s.URL, "mina")
	said, code = runCheck(t, dsn)
	if code != 0 || strings.Count(said, "\n") < 9 || strings.Count(said, "ok ") != strings.Count(said, "\n") {
		t.Errorf("a good database: %d\n%s", code, said)
	}
	admin(t, dsn, `UPDATE topics SET unread_notes = unread_notes + 2, unseen_notifications = 1`)
	said, code = runCheck(t, dsn)
	if code != 1 || !strings.Contains(said, "counters") || !strings.Contains(said, "has 0 notes, not 2, 0 unseen notifications, not 1") {
		t.Errorf("drift: %d\n%s", code, said)
	}
	admin(t, dsn, `UPDATE topics SET unread_notes = 0, unseen_notifications = 0`, `UPDATE workers SET seen_at = now() - interval '1 hour'`)
	s.Kill()
	admin(t, dsn, `UPDATE workers SET seen_at = now() - interval '1 hour'`)
	if said, code = runCheck(t, dsn); code != 1 || !strings.Contains(said, "none was here for 1h0m") {
		t.Errorf("no worker: %d\n%s", code, said)
	}
}

// TestWhatIsWrongWithADatabase meets each trouble with a real server.
//
// Red without explainConnect, and without Fit at the start.
func TestWhatIsWrongWithADatabase(t *testing.T) {
	t.Parallel()
	cfg, err := pq.NewConfig(postgrestest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]func(t *testing.T){
		"unknown database": func(t *testing.T) {
			amiss(t, as(postgrestest.New(t), "dbname=nothing"), nil, `there is no database "nothing"`, "createdb")
		},
		"unknown role": func(t *testing.T) {
			amiss(t, as(postgrestest.New(t), "user=nobody_here", "password=secret-password"), nil, `refuses the user "nobody_here"`, "pg_hba.conf")
		},
		"nobody listens": func(t *testing.T) {
			amiss(t, as(postgrestest.New(t), "host=127.0.0.1", "port=1"), nil, "127.0.0.1, port 1 cannot be reached")
		},
		"unknown host": func(t *testing.T) {
			amiss(t, as(postgrestest.New(t), "host=no-such-host.invalid"), nil, "no-such-host.invalid", "DATABASE_URL")
		},
		"read only": func(t *testing.T) {
			amiss(t, as(postgrestest.New(t), "default_transaction_read_only=on"), nil, "only lets this user read", "default_transaction_read_only")
		},
		"no right to make tables": func(t *testing.T) {
			dsn := postgrestest.New(t)
			role := "poor_" + strings.ReplaceAll(cfg.Database, "-", "_")
			admin(t, dsn, "CREATE ROLE "+role+" LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
			t.Cleanup(func() { admin(t, postgrestest.Server().DatabaseDSN("postgres"), "DROP ROLE "+role) })
			amiss(t, as(dsn, "user="+role), nil, "migrations are missing", "may not make tables", "GRANT CREATE ON SCHEMA")
		},
		"transaction pooler": func(t *testing.T) {
			amiss(t, pooled(t, postgrestest.New(t)), nil, "a pooler that changes sessions between transactions", "session mode")
		},
		"NATS refuses": func(t *testing.T) {
			dsn := postgrestest.New(t)
			addr := binary.FixedAddr(t)
			binary.StartNATS(t, addr, natsd.Options{Username: "notewire", Password: "right"})
			admin(t, dsn, "SELECT 1")
			amiss(t, dsn, []string{"NATS_URL=nats://notewire:secret-password@" + addr}, "NATS refuses this server", "NATS_URL")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// TestCheckOfASilentHost has nobody answer at all.
func TestCheckOfASilentHost(t *testing.T) {
	t.Parallel()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close() // the kernel accepts, and nobody says anything
	_, port, _ := net.SplitHostPort(mute.Addr().String())
	said, code := runCheck(t, as(postgrestest.New(t), "host=127.0.0.1", "port="+port))
	if code != 1 || !strings.Contains(said, fmt.Sprintf("the database at 127.0.0.1, port %s does not answer", port)) {
		t.Errorf("%d: %s", code, said)
	}
}

// pooled is a connection string over a pooler in transaction mode.
func pooled(t *testing.T, dsn string) string {
	t.Helper()
	cfg, err := pq.NewConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p := newPooler(t, filepath.Join(cfg.Host, ".s.PGSQL.5432"))
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		t.Fatal(err)
	}
	return as(dsn, "host="+host, "port="+port)
}
