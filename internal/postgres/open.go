// Package postgres is how this program reaches its database: the pool, the one transaction opener, the
// migrations, and the server of its own that it runs when it is given none.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"github.com/notewire/notewire/ent"
)

// DB is the pool. Reads may use it directly, or through ent; every write goes through InTx.
type DB struct {
	*sql.DB
	ent   *ent.Client
	dsn   string
	stmts sync.Map // text of a statement -> *sql.Stmt
}

// Options bound what one process asks of the database.
type Options struct {
	MaxConns int // of the pool; 0: 20
	// Runtime are settings of each session, by their names in Postgres, beside the usual ones.
	Runtime map[string]string
	// Observe is told of the text of each statement just before it is executed; nil: nobody is. It is called
	// by many goroutines and must not block.
	Observe func(statement string)
}

// The server gives up on a statement or a lock before the client gives up on the answer (10 s).
var limits = map[string]string{
	"statement_timeout":                   "5s",
	"lock_timeout":                        "4s",
	"idle_in_transaction_session_timeout": "10s",
	"timezone":                            "UTC",
}

// minVersion is the oldest Postgres that is tested: 14.
const minVersion = 140000

// Open connects to the database that dsn names (a URL, or keywords and values) and checks that it answers.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	cfg, err := settings(dsn)
	if err != nil {
		return nil, err
	}
	if o.MaxConns == 0 {
		o.MaxConns = 20
	}
	maps.Copy(cfg.Runtime, o.Runtime)
	pool := sql.OpenDB(connector{cfg, o.Observe})
	pool.SetMaxOpenConns(o.MaxConns)
	pool.SetMaxIdleConns(o.MaxConns)
	// A connection that was poisoned (lib/pq#1450) does not live for ever.
	pool.SetConnMaxLifetime(30 * time.Minute)
	var version int
	if err := pool.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return nil, errors.Join(explainConnect(cfg, err), pool.Close())
	}
	if version < minVersion {
		return nil, errors.Join(fmt.Errorf("the database is Postgres %d: version 14 or later is needed", version/10000), pool.Close())
	}
	return &DB{DB: pool, dsn: dsn, ent: ent.NewClient(ent.Driver(entsql.OpenDB(dialect.Postgres, pool)))}, nil
}

// settings are those of dsn, completed by ours.
func settings(dsn string) (pq.Config, error) {
	cfg, err := pq.NewConfig(dsn)
	if err != nil {
		return cfg, fmt.Errorf("DATABASE_URL is not understood: %w", err)
	}
	cfg.BinaryParameters = true    // one round trip for a statement that is not prepared
	if cfg.ApplicationName == "" { // a fallback_application_name counts only when it is in the string
		cfg.ApplicationName = "notewire"
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	for k, v := range limits {
		if _, ok := cfg.Runtime[k]; !ok {
			cfg.Runtime[k] = v
		}
	}
	return cfg, nil
}

// DSN is what Open was given: a LISTEN connection is opened with it, outside the pool.
func (db *DB) DSN() string { return db.dsn }

// Ent is the client for reads outside a transaction.
func (db *DB) Ent() *ent.Client { return db.ent }

// Close closes the pool.
func (db *DB) Close() error {
	db.stmts.Range(func(_, s any) bool {
		_ = s.(*sql.Stmt).Close()
		return true
	})
	return db.DB.Close()
}
