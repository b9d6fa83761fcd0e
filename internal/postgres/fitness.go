package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/notewire/notewire/ent/migrations"
)

// Finding is one thing that was looked at.
type Finding struct {
	What string
	Says string // what was found, when all is well
	Err  error  // what is wrong, and what to do
	// Bearable: the program works all the same, only worse.
	Bearable bool
}

const readFitness = `
SELECT current_setting('server_version'), current_database(), current_user, pg_is_in_recovery(), current_setting('transaction_read_only')::bool,
  coalesce(current_schema(), ''), coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
  (SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'), (SELECT setting::bigint FROM pg_settings WHERE name = 'lock_timeout')`

// Examine looks whether the database can be worked with, and changes nothing.
func (db *DB) Examine(ctx context.Context) []Finding {
	var version, database, user, schema string
	var standby, readOnly, mayCreate bool
	var statementTimeout, lockTimeout int64
	err := db.QueryRowContext(ctx, readFitness).Scan(&version, &database, &user, &standby, &readOnly, &schema, &mayCreate, &statementTimeout, &lockTimeout)
	if err != nil {
		return []Finding{{What: "database", Err: fmt.Errorf("the database does not answer: %w", err)}}
	}
	writable := Finding{What: "writing", Says: "it can be written to"}
	switch {
	case standby:
		writable.Err = fmt.Errorf("this is a standby, which cannot be written to: name the primary in DATABASE_URL, or several hosts with target_session_attrs=read-write")
	case readOnly:
		writable.Err = fmt.Errorf("the database %q only lets this user read: see default_transaction_read_only of the database, the user and the server", database)
	}
	timeouts := Finding{What: "timeouts", Says: fmt.Sprintf("statement_timeout %d ms, lock_timeout %d ms", statementTimeout, lockTimeout), Bearable: true}
	for name, ms := range map[string]int64{"statement_timeout": statementTimeout, "lock_timeout": lockTimeout} {
		if ms == 0 || ms >= silence.Milliseconds() {
			timeouts.Err = fmt.Errorf("%s is %d ms: a statement is given up here after %s and would go on there; take it out of DATABASE_URL, or, where a pooler ignores it, ALTER ROLE %q SET %s = '%s'", name, ms, silence, user, name, limits[name])
		}
	}
	return []Finding{
		{What: "database", Says: fmt.Sprintf("Postgres %s, database %q as %q", version, database, user)},
		writable, db.examineMigrations(ctx, user, schema, mayCreate), timeouts, db.examineSessions(ctx),
	}
}

const isMigrated = `SELECT to_regclass('goose_db_version') IS NOT NULL`

const readApplied = `SELECT version_id FROM goose_db_version WHERE is_applied AND version_id > 0`

// examineMigrations does without goose where it would make its table.
func (db *DB) examineMigrations(ctx context.Context, user, schema string, mayCreate bool) Finding {
	f := Finding{What: "migrations"}
	var migrated bool
	if f.Err = db.QueryRowContext(ctx, isMigrated).Scan(&migrated); f.Err != nil {
		return f
	}
	applied := map[int64]bool{}
	if migrated {
		var rows *sql.Rows
		if rows, f.Err = db.QueryContext(ctx, readApplied); f.Err != nil {
			return f
		}
		defer rows.Close()
		for rows.Next() {
			var v int64
			if f.Err = rows.Scan(&v); f.Err != nil {
				return f
			}
			applied[v] = true
		}
		if f.Err = rows.Err(); f.Err != nil {
			return f
		}
	}
	ours, err := goose.NewProvider(goose.DialectPostgres, db.DB, migrations.Files)
	if err != nil {
		f.Err = err
		return f
	}
	pending := 0
	for _, s := range ours.ListSources() {
		if !applied[s.Version] {
			pending++
		}
		delete(applied, s.Version)
	}
	switch {
	case pending > 0 && schema == "":
		f.Err = fmt.Errorf("the search_path of %q names no schema that exists: tables have nowhere to go; make one, or correct the search_path", user)
	case pending > 0 && !mayCreate:
		f.Err = fmt.Errorf("%d migrations are missing, and %q may not make tables in the schema %q: GRANT CREATE ON SCHEMA %[3]q TO %[2]q, or run notewire migrate as a user who may", pending, user, schema)
	case pending > 0:
		f.Err = fmt.Errorf("%d migrations are missing: run notewire migrate, or let serve do it", pending)
		f.Bearable = true // serve applies them
	case len(applied) > 0:
		f.Says = fmt.Sprintf("all are applied, and %d of a newer version of this program", len(applied))
	default:
		f.Says = "all are applied"
	}
	return f
}

// examineSessions finds a pooler that gives a connection to another session after each transaction. Two
// sessions that are open at once never have the same process, and each keeps its own.
func (db *DB) examineSessions(ctx context.Context) Finding {
	f := Finding{What: "sessions", Says: "each connection has a session of its own"}
	shared, err := db.sharesSessions(ctx)
	switch {
	case err != nil:
		f.Err = fmt.Errorf("connections do not work as sessions: %w", err)
	case shared:
		f.Err = fmt.Errorf("DATABASE_URL leads to a pooler that changes sessions between transactions, which prepared statements and LISTEN do not survive: name the database itself, or a pooler in session mode")
	}
	return f
}

func (db *DB) sharesSessions(ctx context.Context) (shared bool, err error) {
	const who = `SELECT pg_backend_pid()`
	one, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer one.Close()
	other, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer other.Close()
	for range 3 { // a pooler with idle connections to spare may do well once
		var before, busy, after int
		if err := one.QueryRowContext(ctx, who).Scan(&before); err != nil {
			return false, err
		}
		tx, err := other.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // keeps what it was given
		if err != nil {
			return false, err
		}
		err = tx.QueryRowContext(ctx, who).Scan(&busy)
		if err == nil {
			err = one.QueryRowContext(ctx, who).Scan(&after)
		}
		_ = tx.Rollback()
		if err != nil {
			return false, err
		}
		if before != after || before == busy {
			return true, nil
		}
	}
	return false, nil
}

// Fit says what keeps this program from working with the database, or nil.
func (db *DB) Fit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, f := range db.Examine(ctx) {
		if f.Err != nil && !f.Bearable {
			return f.Err
		}
	}
	return nil
}
