package postgrestest_test

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

// leaked is a pool that prepare leaves open, as a careless one would: copies must work all the same.
var leaked *sql.DB

func prepare(dsn string) error {
	var err error
	if leaked, err = sql.Open("postgres", dsn); err != nil {
		return err
	}
	_, err = leaked.Exec("CREATE TABLE notes (body text NOT NULL); INSERT INTO notes VALUES ('prepared')")
	return err
}

func TestMain(m *testing.M) { postgrestest.Main(m, prepare, postgrestest.Durable) }

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func value(t *testing.T, db *sql.DB, query string) (text string) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return text
}

func TestDatabasesAreCopiesApart(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			db := open(t, postgrestest.New(t))
			if _, err := db.Exec("INSERT INTO notes VALUES ($1)", fmt.Sprint(i)); err != nil {
				t.Error(err)
				return
			}
			var got string
			if err := db.QueryRow("SELECT string_agg(body, ',' ORDER BY body DESC) FROM notes").Scan(&got); err != nil {
				t.Error(err)
			}
			if want := fmt.Sprintf("prepared,%d", i); got != want {
				t.Errorf("a database has the notes %s, want %s", got, want)
			}
		})
	}
	group.Wait()
}

func TestDatabaseIsDroppedUnderOpenConnections(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("one", func(t *testing.T) {
		db, err := sql.Open("postgres", postgrestest.New(t))
		if err != nil {
			t.Fatal(err)
		}
		name = value(t, db, "SELECT current_database()") // and the connection stays open
	})
	db := open(t, postgrestest.Server().DatabaseDSN("postgres"))
	if n := value(t, db, "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'"); n != "0" {
		t.Errorf("the database %s is still there", name)
	}
}

// Serial, since it takes the server from under everybody.
func TestRestartKeepsCommitsAndStrings(t *testing.T) {
	dsn := postgrestest.New(t)
	if _, err := open(t, dsn).Exec("INSERT INTO notes VALUES ('committed')"); err != nil {
		t.Fatal(err)
	}
	killed := postgrestest.Server()
	if err := syscall.Kill(killed.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-killed.Done()
	postgrestest.Restart(t)
	if postgrestest.Server() == killed {
		t.Error("Server still returns the killed one")
	}
	if n := value(t, open(t, dsn), "SELECT count(*) FROM notes"); n != "2" {
		t.Errorf("%s notes after the restart, want 2", n)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	db := open(t, postgrestest.New(t))
	for name, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "300", "listen_addresses": ""} {
		if got := value(t, db, "SHOW "+name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// A process that panics or exits inside a test leaves neither a server nor a folder.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"panic", "exit", "kill"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			// The folder of the server is made in this one, which Postgres must be able to pass through.
			temp, err := os.MkdirTemp("", "left-")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(temp) })
			if err := os.Chmod(temp, 0o711); err != nil {
				t.Fatal(err)
			}
			child := exec.Command(os.Args[0], "-test.run=^TestEndingBadly$")
			child.Env = append(os.Environ(), "POSTGRESTEST_END="+way, "TMPDIR="+temp)
			out, err := child.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "server in "+temp) {
				t.Fatalf("the child ended with %v, want a failure after its server started:\n%s", err, out)
			}
			waitUntilEmpty(t, temp)
		})
	}
}

func TestEndingBadly(t *testing.T) {
	way := os.Getenv("POSTGRESTEST_END")
	if way == "" {
		return // only for the child of TestNothingIsLeft
	}
	fmt.Println("server in", filepath.Dir(postgrestest.Server().DataDir()))
	postgrestest.New(t)
	switch way {
	case "panic":
		go func() { panic("as asked") }()
	case "exit":
		os.Exit(3)
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	select {}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		postgrestest.New(b)
	}
}

func BenchmarkNewParallel(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			postgrestest.New(b)
		}
	})
}

// waitUntilEmpty polls, since no signal reaches us from a process that belongs to nobody any more.
func waitUntilEmpty(t *testing.T, dir string) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(15 * time.Second); ; <-look.C {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still there: %v", entries)
		}
	}
}
