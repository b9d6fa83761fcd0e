package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/notewire/notewire/ent"
	"github.com/notewire/notewire/internal/problem"
)

// Tx is one write transaction. All that must be true together joins it.
type Tx struct {
	tx          *sql.Tx
	db          *DB
	ent         *ent.Client
	receipt     *receipt // nil as long as it has not signed
	afterCommit []func()
	unprepared  []string // statements to prepare for the pool once this transaction has given its connection back
}

// ErrAgain makes InTx run its function again: a row that the function looked for in vain has appeared
// since, as a unique index has shown.
var ErrAgain = errors.New("lost a race: run again")

const (
	txAttempts = 5               // deadlocks and races beyond this are a fault of ours, not bad luck
	txTime     = 9 * time.Second // from waiting for a connection to the end: below the 10 s in which a client is answered
)

// InTx runs fn in a transaction and commits it, or rolls back when fn fails. It is the only place where
// this program begins one. fn may run several times (deadlock, serialization failure, ErrAgain, a
// connection that died), so it must change nothing but the database, and identifiers must be made outside
// it. A client that goes away does not stop a write half way; a deadline of ctx does, and so do 9 s.
//
// A connection that dies under the commit leaves open whether that happened. It is looked up: what is true
// is a success, and what is not runs again. What cannot be found out in time, and a database that cannot be
// had, are reported as problem.Unavailable.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	until := time.Now().Add(txTime)
	if t, ok := ctx.Deadline(); ok && t.Before(until) {
		until = t
	}
	work := context.WithoutCancel(ctx) // the deadline is the connection's, see connector
	wait, cancel := context.WithDeadline(work, until)
	defer cancel()
	for attempt := 1; ; attempt++ {
		tx := &Tx{db: db}
		err := tx.attempt(wait, work, fn)
		if errors.Is(err, errUnanswered) {
			err = db.settle(wait, tx, err)
		}
		if err == nil {
			tx.committed(wait)
			return nil
		}
		if errors.Is(err, errNotCommitted) {
			attempt-- // the network's fault: as often as there is time
		}
		if attempt == txAttempts || !runAgain(err) || wait.Err() != nil {
			return explain(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(attempt+1) * int64(5*time.Millisecond)))) // whoever met once would meet again
	}
}

func (tx *Tx) attempt(wait, work context.Context, fn func(ctx context.Context, tx *Tx) error) (err error) {
	if tx.tx, err = tx.db.BeginTx(wait, nil); err != nil {
		if sqlState(err) == pqerror.FeatureNotSupported { // BEGIN READ WRITE, at a server that is still recovering
			return problem.Busy(err)
		}
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.tx.Rollback()
		}
	}()
	if err := fn(work, tx); err != nil {
		return err
	}
	if tx.receipt == nil {
		if err := tx.Sign(work, signAlone); err != nil {
			return err
		}
	}
	if err := tx.tx.Commit(); err != nil {
		if e, ok := errors.AsType[*pq.Error](err); ok && e.Severity != pqerror.SeverityPanic || errors.Is(err, pq.ErrInFailedTransaction) {
			return err // refused
		}
		return fmt.Errorf("%w: %w", errUnanswered, err)
	}
	return nil
}

func (tx *Tx) committed(wait context.Context) {
	for _, f := range tx.afterCommit {
		f()
	}
	for _, text := range tx.unprepared {
		if _, err := tx.db.prepared(wait, text); err != nil {
			break // the next transaction tries again
		}
	}
}

// AfterCommit registers what is to happen once the transaction has become true. f must not block.
func (tx *Tx) AfterCommit(f func()) { tx.afterCommit = append(tx.afterCommit, f) }

// Exec runs a prepared statement. text must be a constant: it is kept.
func (tx *Tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	s, pooled, err := tx.statement(ctx, text)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, tx.failed(text, pooled, err)
	}
	return res.RowsAffected()
}

// Rows runs a prepared query. text must be a constant: it is kept.
func (tx *Tx) Rows(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, pooled, err := tx.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return nil, tx.failed(text, pooled, err)
	}
	return rows, nil
}

// statement is the prepared statement for this transaction, and the pool's that it was made of, if there is one.
func (tx *Tx) statement(ctx context.Context, text string) (s, pooled *sql.Stmt, err error) {
	if had, ok := tx.db.stmts.Load(text); ok {
		pooled = had.(*sql.Stmt)
		return tx.tx.StmtContext(ctx, pooled), pooled, nil
	}
	// Preparing for the pool here could wait for a second connection while this one is held; with a small
	// pool that is a deadlock. So the first use is prepared for this transaction only.
	tx.unprepared = append(tx.unprepared, text)
	s, err = tx.tx.PrepareContext(ctx, text)
	return s, nil, err
}

// failed has a stale statement prepared afresh for the next run.
func (tx *Tx) failed(text string, pooled *sql.Stmt, err error) error {
	if pooled != nil && isStale(err) {
		tx.db.retire(text, pooled)
	}
	return err
}

// Ent is the client whose statements are part of this transaction.
func (tx *Tx) Ent() *ent.Client {
	if tx.ent == nil {
		tx.ent = ent.NewClient(ent.Driver(entsql.NewDriver(dialect.Postgres, entsql.Conn{ExecQuerier: tx.tx})))
	}
	return tx.ent
}

func sqlState(err error) pqerror.Code {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return e.Code
	}
	return ""
}

// ViolatedConstraint is the name of the unique index that err says was violated, or "".
func ViolatedConstraint(err error) string {
	if e, ok := errors.AsType[*pq.Error](err); ok && e.Code == pqerror.UniqueViolation {
		return e.Constraint
	}
	return ""
}

// IsForbidden says that the database refused something that this role may not do.
func IsForbidden(err error) bool { return sqlState(err) == pqerror.InsufficientPrivilege }

func runAgain(err error) bool {
	if errors.Is(err, ErrAgain) || errors.Is(err, errNotCommitted) || isStale(err) {
		return true
	}
	if _, ok := errors.AsType[*problem.Error](err); ok {
		return false
	}
	switch sqlState(err) {
	case pqerror.TRDeadlockDetected, pqerror.TRSerializationFailure:
		return true
	case "":
		return lostConnection(err) // before the commit: nothing has happened
	}
	return false
}

func lostConnection(err error) bool {
	var n net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.As(err, &n) && !errors.Is(err, context.DeadlineExceeded)
}

// explain turns what a busy or absent database says into what a client may hear.
func explain(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*problem.Error](err); ok {
		return err
	}
	code := sqlState(err)
	switch {
	case code == "" && (lostConnection(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone)),
		errors.Is(err, ErrAgain), errors.Is(err, errNotCommitted), isStale(err):
		return problem.Busy(err)
	case code == pqerror.LockNotAvailable, code == pqerror.QueryCanceled, code == pqerror.TRDeadlockDetected,
		code == pqerror.TRSerializationFailure, code == pqerror.DiskFull, code == pqerror.TooManyConnections,
		code == pqerror.ReadOnlySQLTransaction:
		return problem.Busy(err)
	case len(code) == 5 && (code[:2] == "57" || code[:2] == "08"): // operator intervention, connection exception
		return problem.Busy(err)
	}
	return err
}

// Explain does for reads what InTx does for writes.
func Explain(err error) error { return explain(err) }

// Row runs a prepared query and scans its first row, if there is one.
func (tx *Tx) Row(ctx context.Context, text string, args []any, into ...any) (found bool, err error) {
	rows, err := tx.Rows(ctx, text, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if rows.Next() {
		found = true
		if err := rows.Scan(into...); err != nil {
			return false, err
		}
	}
	if err := rows.Err(); err != nil {
		return false, err
	}
	return found, rows.Close() // it reads to the end of the answer, where a failed constraint is told
}
