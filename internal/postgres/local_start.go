//go:build unix

package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/lib/pq"
)

// startLocal is StartLocal with the places to look for Postgres as a parameter.
func startLocal(ctx context.Context, cfg LocalConfig, where places) (_ *Local, err error) {
	files, err := openFolder(cfg.Dir)
	if err != nil {
		return nil, err
	}
	l := &Local{log: cfg.Log, files: files, exited: make(chan struct{})}
	defer func() {
		if err != nil {
			l.giveBack()
		}
	}()
	owner, err := chooseAccount(ctx, files.dir)
	if err != nil {
		return nil, err
	}
	home, err := chooseHome(ctx, files.dir, owner, cfg.Log)
	if err != nil {
		return nil, err
	}
	l.data = filepath.Join(home, "postgres")
	programs, err := where.choose(ctx, home, owner, cfg.Progress)
	if err != nil {
		return nil, err
	}
	guard, err := retire(ctx, l.data, files, cfg.Log)
	if err != nil {
		return nil, err
	}
	defer guard.Close() // Postgres holds its own copy
	if err = makeCluster(ctx, home, programs, owner, cfg.Settings["fsync"] == "off"); err != nil {
		return nil, err
	}
	if l.socket, err = makeSocketDir(ctx, home, owner); err != nil {
		return nil, err
	}
	l.dsn = localDSN(l.socket)
	if err = l.start(programs, owner, cfg.Settings, guard); err != nil {
		return nil, err
	}
	if err = l.await(ctx); err != nil {
		// The start has failed already: an orderly end is worth a few seconds, not an error of its own.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = l.Stop(ending)
		return nil, err
	}
	cfg.Log.Info("local Postgres is ready", "data", l.data, "version", programs.major, "programs", programs.bin, "user", owner.name, "pid", l.PID())
	return l, nil
}

// start runs the server; guard is the lock that it and all its children hold while they live.
func (l *Local) start(programs install, owner account, settings map[string]string, guard *os.File) error {
	logFile, err := l.files.rotateLog()
	if err != nil {
		return err
	}
	defer logFile.Close()
	cmd := owner.command(context.Background(), l.data, filepath.Join(programs.bin, "postgres"), serverArgs(l.data, l.socket, settings)...)
	cmd.Stderr, cmd.ExtraFiles = logFile, []*os.File{guard}
	started := make(chan error, 1) // one answer, so that the goroutine never waits for its reader
	go func() {
		// The kernel ends the server when the *thread* that started it ends: keep that thread for as
		// long as the server lives. It is never unlocked, so it goes with the goroutine.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // how it ended is in ProcessState
		if !l.stopping.Load() {
			l.err = fmt.Errorf("Postgres (pid %d) ended by itself (%v); its log %s ends with:\n%s", cmd.Process.Pid, cmd.ProcessState, l.files.logPath(), l.files.logTail())
		}
		close(l.exited)
	}()
	if err := <-started; err != nil {
		close(l.exited)
		return fmt.Errorf("cannot run %s: %w", cmd.Path, err)
	}
	l.process = cmd.Process
	return nil
}

// serverArgs puts the settings between our defaults, which they replace, and what keeps the server
// private, which they do not. The last value given to Postgres is the one that holds.
func serverArgs(data, socket string, settings map[string]string) []string {
	args := []string{"-D", data}
	set := func(name, value string) { args = append(args, "-c", name+"="+value) }
	set("cluster_name", localDatabase)
	set("log_checkpoints", "off")
	// The log must not repeat what users wrote: neither statements nor the rows in the details of errors.
	set("log_error_verbosity", "terse")
	set("log_min_error_statement", "panic")
	for name, value := range settings {
		set(name, value)
	}
	set("logging_collector", "off")
	set("log_destination", "stderr")
	set("listen_addresses", "")
	set("port", "5432") // only a part of the socket's name
	set("unix_socket_directories", quoteListItem(socket))
	set("unix_socket_permissions", "0700")
	return args
}

// await returns once the database exists and answers.
func (l *Local) await(ctx context.Context) error {
	look := time.NewTicker(5 * time.Millisecond) // a start takes some 50 ms
	defer look.Stop()
	patience := time.NewTicker(5 * time.Second)
	defer patience.Stop()
	for {
		err := l.try(ctx, localDatabase, "")
		var refused *pq.Error
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &refused) || refused.Code == "57P03": // no socket yet, or cannot_connect_now: starting up
		case refused.Code == "3D000": // invalid_catalog_name: the first start, or one ended before this line
			err = l.try(ctx, "postgres", "CREATE DATABASE "+localDatabase)
			if err == nil || ctx.Err() != nil {
				continue
			}
			return fmt.Errorf("cannot create the database %s: %w", localDatabase, err)
		default:
			return fmt.Errorf("the local Postgres refuses us: %w", err)
		}
		select {
		case <-look.C:
		case <-patience.C:
			l.log.Info("waiting for the local Postgres", "pid", l.PID(), "answer", err, "log", l.files.logPath())
		case <-l.exited:
			return fmt.Errorf("the local Postgres did not start: %w", l.err)
		case <-ctx.Done():
			return fmt.Errorf("the local Postgres was not ready in time: %w (its log is %s)", context.Cause(ctx), l.files.logPath())
		}
	}
}

// try connects to a database once and runs a statement, if one is given.
func (l *Local) try(ctx context.Context, database, statement string) error {
	connector, err := pq.NewConnector(l.DatabaseDSN(database))
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if statement == "" {
		return db.PingContext(ctx)
	}
	_, err = db.ExecContext(ctx, statement)
	return err
}
