package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq/pqerror"

	"github.com/notewire/notewire/internal/problem"
)

// A commit whose answer is lost may have happened. What tells is the transaction's row in the table wakes:
// each transaction leaves one. See docs/decisions/0007.

// Receipt is what a statement that inserts into wakes returns: Sign reads it.
const Receipt = `xid::text, at`

// receipt is how a transaction is found again. The id alone could be that of another one, because ids are
// used again after a crash, or on another server after a failover; both also empty the table.
type receipt struct {
	xid string
	at  time.Time
}

// Sign runs a statement that inserts one row into wakes and returns its Receipt. A transaction that has
// done so is spared a statement of its own before the commit. text must be a constant.
func (tx *Tx) Sign(ctx context.Context, text string, args ...any) error {
	var r receipt
	found, err := tx.Row(ctx, text, args, &r.xid, &r.at)
	if found {
		tx.receipt = &r
	}
	return err
}

// A transaction that has no id has written nothing, and nothing is lost with its commit.
const signAlone = `INSERT INTO wakes (topics) SELECT '{}' WHERE pg_current_xact_id_if_assigned() IS NOT NULL RETURNING ` + Receipt

const (
	readStatus = `SELECT coalesce(pg_xact_status($1::text::xid8), 'forgotten')`
	// A transaction that was committed is seen by its row, unless a crash has emptied the table since.
	readReceipt = `SELECT EXISTS (SELECT FROM wakes WHERE xid = $1::text::xid8 AND at = $2)`
	// The connection is gone, and its process may wait for a COMMIT that never comes, holding its locks. One
	// that is committing finishes that first.
	endTransaction = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = $1::text::xid8::xid`
)

var (
	errUnanswered   = errors.New("the commit was not answered")
	errNotCommitted = errors.New("the connection was lost before the commit")
)

// settle finds out what became of a transaction whose commit was not answered: nil when it is true,
// errNotCommitted when it is not and never will be, and problem.Unavailable when that cannot be said
// before ctx ends.
func (db *DB) settle(ctx context.Context, tx *Tx, cause error) error {
	if tx.receipt == nil {
		return nil
	}
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		status, err := db.status(ctx, tx.receipt)
		switch {
		case err == nil && status == "committed":
			return nil
		case err == nil && status == "aborted":
			return fmt.Errorf("%w: %w", errNotCommitted, cause)
		case err == nil && status == "forgotten":
			return problem.Busy(cause)
		}
		select {
		case <-ctx.Done():
			return problem.Busy(errors.Join(cause, err))
		case <-time.After(pause):
		}
	}
}

// status is "committed", "aborted", "in progress", or "forgotten" when it cannot be known any more.
func (db *DB) status(ctx context.Context, r *receipt) (status string, err error) {
	err = db.QueryRowContext(ctx, readStatus, r.xid).Scan(&status)
	switch {
	case sqlState(err) == pqerror.InvalidParameterValue: // a transaction of the future: this history has none of ours
		return "aborted", nil
	case err != nil:
		return "", err
	case status == "in progress":
		_, err = db.ExecContext(ctx, endTransaction, r.xid)
		return status, err
	case status == "committed": // by its id; in a later statement, which sees what was committed
		var ours bool
		if err = db.QueryRowContext(ctx, readReceipt, r.xid, r.at).Scan(&ours); err == nil && !ours {
			status = "forgotten"
		}
	}
	return status, err
}
