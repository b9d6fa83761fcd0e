package faults_test

import (
	"context"
	"database/sql"
	"net"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/test/binary"
)

// cluster is a Postgres of one scenario. Commits are in the hands of the kernel before they are
// acknowledged: nothing but the end of the machine can lose one.
type cluster struct {
	t   testing.TB
	cfg postgres.LocalConfig

	mu    sync.Mutex
	local *postgres.Local
}

func startCluster(t testing.TB, dir string) *cluster {
	t.Helper()
	c := &cluster{t: t, cfg: postgres.LocalConfig{Dir: dir, Settings: map[string]string{"fsync": "off", "shared_buffers": "32MB", "max_connections": "100",
		"min_wal_size": "32MB", "max_wal_size": "64MB", // for a small disk
		"restore_command": "false"}}} // there is no archive: a recovery from one ends with what is there
	c.start()
	t.Cleanup(c.stop)
	return c
}

// stop ends Postgres in good order.
func (c *cluster) stop() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), binary.Patience)
	defer cancel()
	if err := c.server().Stop(ctx); err != nil {
		c.t.Error(err)
	}
}

func (c *cluster) start() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	local, err := postgres.StartLocal(ctx, c.cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.local = local
}

func (c *cluster) server() *postgres.Local {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.local
}

// crash ends Postgres as pg_ctl -m immediate does: without a word to anybody, and without writing anything.
func (c *cluster) crash() {
	c.t.Helper()
	l := c.server()
	if err := syscall.Kill(l.PID(), syscall.SIGQUIT); err != nil {
		c.t.Fatal(err)
	}
	<-l.Done()
	if err := l.Stop(context.Background()); err != nil { // the folder is free again
		c.t.Fatal(err)
	}
}

var hostOfDSN = regexp.MustCompile(`host='([^']*)'`)

// socketOf is the unix socket that a connection string names.
func socketOf(t testing.TB, dsn string) string {
	t.Helper()
	m := hostOfDSN.FindStringSubmatch(dsn)
	if m == nil {
		t.Fatalf("no socket in %s", dsn)
	}
	return m[1] + "/.s.PGSQL.5432"
}

// through is a connection string that leads over a TCP address.
func through(t testing.TB, dsn, addr string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`port=\d+`).ReplaceAllString(hostOfDSN.ReplaceAllString(dsn, "host='"+host+"'"), "port="+port)
}

// database is a small pool of the test's own on the site's database.
func (s *site) database() *sql.DB {
	s.t.Helper()
	db, err := sql.Open("postgres", s.dsn+" application_name=faults")
	if err != nil {
		s.t.Fatal(err)
	}
	db.SetMaxOpenConns(4)
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}
