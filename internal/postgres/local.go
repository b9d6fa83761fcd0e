package postgres

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"os"
)

// LocalConfig says where a local Postgres keeps its files and how it runs.
type LocalConfig struct {
	// Dir is the folder of the local Postgres, made if it is missing: its data, log, socket and locks.
	// Only one process may use it at a time.
	Dir string
	// Log hears where the data is, which Postgres serves it, and of any waiting. Nil: nothing is logged.
	Log *slog.Logger
	// Progress receives the progress bar of a download of Postgres, should one be needed. Nil: none.
	Progress io.Writer
	// Settings are settings of postgresql.conf by name, such as "max_connections". They do not reach
	// those which keep the server private: it listens on its unix socket and nowhere else.
	Settings map[string]string
}

// Local is a Postgres server that belongs to this process: it listens on a unix socket only, and it
// ends when the process ends. All methods may be called by several goroutines at once.
type Local struct {
	dsn, data, socket string
	log               *slog.Logger

	process *os.Process
	exited  chan struct{} // closed once Postgres has been waited for
	err     error         // why it exited; written before exited is closed

	stopping atomic.Bool
	release  sync.Once
	files    *folder // held until Stop, so that nobody starts on data that Postgres may still write
}

// StartLocal finds a Postgres of version 14 or later (on PATH, then where packages put it; failing that it
// downloads one), makes a cluster in cfg.Dir if there is none, starts it and returns when the database
// "notewire" accepts connections. A server left behind by a killed process is ended first, and what
// it had committed is still there.
//
// It fails when another process uses the same folder, naming that process; when the folder cannot be
// written; when the data was made by another major version of Postgres than can be found; and when
// Postgres itself does not start, with the last lines of its log. Recovery after a crash takes as long
// as it takes: ctx bounds the start, and does not end the server later.
//
// Started by root, Postgres runs as the owner of the data, or else as "postgres" or "nobody". Where that
// user cannot enter cfg.Dir the data goes to a folder outside, the same at every start, which is logged.
func StartLocal(ctx context.Context, cfg LocalConfig) (*Local, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return startLocal(ctx, cfg, usualPlaces())
}

// DSN returns the lib/pq connection string of the database "notewire", as its owner.
func (l *Local) DSN() string { return l.dsn + quoteDSN(localDatabase) }

// DatabaseDSN returns the lib/pq connection string of another database of the same server.
func (l *Local) DatabaseDSN(name string) string { return l.dsn + quoteDSN(name) }

// DataDir returns the absolute path of the cluster, which need not lie inside LocalConfig.Dir.
func (l *Local) DataDir() string { return l.data }

// PID returns the process id of the Postgres server.
func (l *Local) PID() int { return l.process.Pid }

// Done is closed when Postgres has exited, whether by itself or by Stop: Err tells which.
func (l *Local) Done() <-chan struct{} { return l.exited }

// Err returns nil while Postgres runs and after Stop, and otherwise why it exited, with the last lines
// of its log.
func (l *Local) Err() error {
	select {
	case <-l.exited:
		return l.err
	default:
		return nil
	}
}

const (
	localDatabase = "notewire"
	localUser     = "notewire"
)

// quoteDSN quotes a value of a keyword connection string.
func quoteDSN(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
