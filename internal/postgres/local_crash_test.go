//go:build unix

package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waitGone waits for the end of a process that is not ours to wait for; nothing can signal that to us.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; <-look.C {
		if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(state), ") Z ") {
			return // a zombie: it has ended, and nobody has waited for it
		}
		if time.Now().After(deadline) {
			t.Fatalf("the process %d is still there", pid)
		}
	}
}

func TestLocalEndsWithKilledProcess(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	c := startChild(t, "hold", cfg.Dir)
	exec1(t, dsnIn(cfg.Dir), "CREATE TABLE kept AS SELECT 'here'::text AS word")
	c.kill()
	if runtime.GOOS == "linux" { // elsewhere the next start ends it
		waitGone(t, c.postgres)
	}
	l := startAt(t, cfg)
	if got := query(t, l.DSN(), "SELECT word FROM kept"); got != "here" {
		t.Errorf("the word is %q", got)
	}
}

// dsnIn is the connection string of a server that a child runs in a folder.
func dsnIn(dir string) string {
	return fmt.Sprintf("host='%s/run' port=5432 user=notewire dbname=notewire sslmode=disable", dir)
}

// The next start comes while the old server still shuts down: held up here, so that it surely does.
func TestLocalWaitsForPreviousServer(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	c := startChild(t, "hold", cfg.Dir)
	// Its shutdown needs the checkpointer.
	checkpointer, err := strconv.Atoi(query(t, dsnIn(cfg.Dir), "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(checkpointer, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	c.kill()
	startFailsIn(t, cfg, 300*time.Millisecond, "has not ended in time", fmt.Sprint(c.postgres))
	if err := syscall.Kill(checkpointer, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	startAt(t, cfg)
}

func startFailsIn(t *testing.T, cfg LocalConfig, limit time.Duration, wants ...string) {
	t.Helper()
	l, err := StartLocal(within(t, limit), cfg)
	if err == nil {
		l.Stop(within(t, 20*time.Second))
		t.Fatal("the start succeeded")
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestLocalRecoversFromKilledPostgres(t *testing.T) {
	t.Parallel()
	cfg := LocalConfig{Dir: passable(t)} // durable: what was committed must be there
	l := startAt(t, cfg)
	exec1(t, l.DSN(), "CREATE TABLE kept AS SELECT 'here'::text AS word")
	// A session that is busy does not notice the death of its server: it is in the way of the next one.
	busy, err := sql.Open("postgres", l.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	session, err := busy.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var backend int
	if err := session.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// Longer than a start waits for it, and not for ever should this test fail.
		session.ExecContext(context.Background(), `DO 'DECLARE until timestamptz := clock_timestamp() + interval ''60 s'';
			BEGIN WHILE clock_timestamp() < until LOOP END LOOP; END'`)
	}()
	for deadline := time.Now().Add(10 * time.Second); query(t, l.DSN(), fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE pid = %d", backend)) != "active"; {
		if time.Now().After(deadline) {
			t.Fatal("the session is not busy")
		}
	}
	if err := l.Err(); err != nil {
		t.Errorf("Err while it runs: %v", err)
	}
	if err := syscall.Kill(l.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-l.Done()
	if err := l.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Err is %v, want it to say that Postgres was killed", err)
	}
	stop(t, l)
	l = startAt(t, cfg)
	if got := query(t, l.DSN(), "SELECT word FROM kept"); got != "here" {
		t.Errorf("the word is %q", got)
	}
	<-ended
}

// A server that is not a child of ours, on our data: left by kill -9 on systems that do not end it with us.
func TestLocalEndsServerLeftBehind(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	l := startAt(t, cfg)
	owner, programs := accountAndPrograms(t, cfg.Dir)
	stop(t, l)
	left := owner.command(t.Context(), "/", filepath.Join(programs.bin, "postgres"), serverArgs(l.DataDir(), l.socket, nil)...)
	if err := os.Mkdir(l.socket, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := owner.makePrivate(l.socket); err != nil {
		t.Fatal(err)
	}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() { gone <- left.Wait() }()
	defer left.Process.Kill()
	serving := &Local{dsn: l.dsn, process: left.Process, exited: make(chan struct{}), files: l.files, log: slog.New(slog.DiscardHandler)}
	if err := serving.await(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	next := startAt(t, cfg)
	if err := <-gone; err != nil {
		t.Errorf("the server left behind did not end in good order: %v", err)
	}
	query(t, next.DSN(), "SELECT 1")
}

func accountAndPrograms(t *testing.T, dir string) (account, install) {
	t.Helper()
	owner, err := chooseAccount(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	programs, err := usualPlaces().choose(t.Context(), dir, owner, nil)
	if err != nil {
		t.Fatal(err)
	}
	return owner, programs
}

// After a reboot, and in containers, the number in postmaster.pid soon belongs to somebody else.
func TestLocalIgnoresReusedProcessID(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	l := startAt(t, cfg)
	owner, _ := accountAndPrograms(t, cfg.Dir)
	text, err := os.ReadFile(filepath.Join(l.DataDir(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	stop(t, l)
	stranger := owner.command(t.Context(), "/", "/bin/sleep", "600")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { stranger.Process.Kill(); stranger.Wait() }()
	_, rest, _ := strings.Cut(string(text), "\n")
	stale := fmt.Sprintf("%d\n%s", stranger.Process.Pid, rest)
	if err := owner.makePrivate(l.socket); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(l.DataDir(), "postmaster.pid"), filepath.Join(l.socket, ".s.PGSQL.5432.lock")} {
		if err := os.WriteFile(path, []byte(stale), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, owner.uid, owner.gid); err != nil {
			t.Fatal(err)
		}
	}
	startAt(t, cfg)
	if err := stranger.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the stranger was ended: %v", err)
	}
}

// initdb is held up by a program in its place, and its process killed.
func TestLocalInterruptedInitdb(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	_, programs := accountAndPrograms(t, cfg.Dir)
	slow := wrappers(t, programs.bin, `echo 15 >"$2/PG_VERSION"; echo half >`+"$0.half; exec sleep 600")
	half := filepath.Join(slow, "initdb.half")
	if err := os.WriteFile(half, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(half, 0o666); err != nil {
		t.Fatal(err)
	}
	c := launch(t, "hold", cfg.Dir, func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "PATH="+slow+":/usr/bin:/bin") })
	look := time.NewTicker(5 * time.Millisecond) // a shell script tells us by a file
	defer look.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-look.C {
		if text, err := os.ReadFile(half); err == nil && len(text) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("initdb has not begun")
		}
	}
	c.kill()
	if left, _ := filepath.Glob(filepath.Join(cfg.Dir, "postgres.new-*")); len(left) != 1 {
		t.Fatalf("half clusters: %v, want one", left)
	}
	if _, err := os.Stat(filepath.Join(cfg.Dir, "postgres")); err == nil {
		t.Fatal("a half cluster is in the place of a whole one")
	}
	startAt(t, cfg)
	if left, _ := filepath.Glob(filepath.Join(cfg.Dir, "postgres.new-*")); len(left) != 0 {
		t.Errorf("half clusters are left: %v", left)
	}
}

// wrappers makes a folder with the postgres of another and an initdb that runs a script instead.
func wrappers(t *testing.T, bin, initdb string) string {
	t.Helper()
	dir := passable(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{"postgres": "exec " + bin + `/postgres "$@"`, "initdb": initdb} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
