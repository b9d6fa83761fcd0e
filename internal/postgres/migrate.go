package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/notewire/notewire/ent/migrations"
)

func provider(db *sql.DB) (*goose.Provider, error) {
	// One process migrates, under an advisory lock; the others wait for it.
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, migrations.Files, goose.WithSessionLocker(locker), goose.WithSlog(slog.New(slog.DiscardHandler)))
}

// Migrate brings the database to this program's version. It may be called by many processes at once.
func Migrate(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	p, err := provider(db)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	// Looking first costs two statements and spares the lock at nearly every start.
	if pending, err := p.HasPending(ctx); err == nil && !pending {
		return nil
	}
	results, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	for _, r := range results {
		log.Info("migrated", "version", r.Source.Version, "took", r.Duration.Round(time.Millisecond).String())
	}
	return nil
}

// Migrate does so over connections of its own: a migration may take as long as it takes. It does not wait
// long for a lock, though: behind it everybody else would wait too.
func (db *DB) Migrate(ctx context.Context, log *slog.Logger) error {
	cfg, err := settings(db.dsn)
	if err != nil {
		return err
	}
	cfg.Runtime["statement_timeout"], cfg.Runtime["idle_in_transaction_session_timeout"] = "0", "0"
	patient, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return err
	}
	pool := sql.OpenDB(patient)
	defer pool.Close()
	return Migrate(ctx, pool, log)
}

// Migrated says whether the database has this program's version. It writes nothing, and so may run while somebody
// migrates.
func Migrated(ctx context.Context, db *sql.DB) (done bool, err error) {
	p, err := provider(db)
	if err != nil {
		return false, err
	}
	all := p.ListSources() // in the order in which they are applied
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM goose_db_version WHERE version_id = $1 AND is_applied)`, all[len(all)-1].Version).Scan(&done)
	if sqlState(err) == pqerror.UndefinedTable {
		return false, nil
	}
	return done, err
}
