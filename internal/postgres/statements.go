package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// retired statements are closed once nobody can still be about to use them.
const retired = 30 * time.Second

// prepared is the statement with this text, prepared once per connection. lib/pq keeps no cache of its
// own, and planning the set-based statements costs more than running them. The texts are constants of
// this program, so there are few.
func (db *DB) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := db.stmts.Load(text); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := db.DB.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if had, loaded := db.stmts.LoadOrStore(text, s); loaded {
		_ = s.Close() //nolint:sqlclosecheck // only of the loser of a race
		return had.(*sql.Stmt), nil
	}
	return s, nil
}

// Rows runs a prepared read outside a transaction. text must be a constant.
func (db *DB) Rows(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	for attempt := 1; ; attempt++ {
		s, err := db.prepared(ctx, text)
		if err != nil {
			return nil, err
		}
		rows, err := s.QueryContext(ctx, args...)
		if attempt < txAttempts && isStale(err) { // one migration may follow another
			db.retire(text, s)
			continue
		}
		return rows, err
	}
}

// isStale says that a statement was prepared before a migration which changed what it returns. Postgres
// says it before it runs anything.
func isStale(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	return ok && e.Code == pqerror.FeatureNotSupported && e.Routine == "RevalidateCachedQuery" // the message is translated
}

// retire has all statements prepared afresh, because s is stale, unless somebody has done so already: a
// migration seldom touches one alone, and a transaction would find them out one run after the other.
func (db *DB) retire(text string, s *sql.Stmt) {
	if now, ok := db.stmts.Load(text); !ok || now != s {
		return
	}
	db.stmts.Range(func(text, s any) bool {
		if db.stmts.CompareAndDelete(text, s) {
			time.AfterFunc(retired, func() { _ = s.(*sql.Stmt).Close() })
		}
		return true
	})
}
