package postgres

import (
	"context"
	"database/sql"

	"ariga.io/atlas/sql/migrate"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"

	entmigrate "github.com/notewire/notewire/ent/migrate"
)

// SchemaDiff writes into dir what a migrated database lacks of the tables that ent/schema describes, or
// nothing. Tables that ent does not know are left alone.
func SchemaDiff(ctx context.Context, db *sql.DB, dir migrate.Dir, name string, format migrate.Formatter) error {
	m, err := schema.NewMigrate(entsql.OpenDB(dialect.Postgres, db),
		schema.WithDir(dir), schema.WithFormatter(format), schema.WithMigrationMode(schema.ModeInspect),
		schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		return err
	}
	return m.NamedDiff(ctx, name, entmigrate.Tables...)
}
