package migrations_test

import (
	"database/sql"
	"log/slog"
	"testing"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m, nil) }

// open returns a database that all migrations were applied to.
func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", postgrestest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := postgres.Migrate(t.Context(), db, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return db
}

// missing is what the database lacks of the tables that ent/schema describes, as SQL.
func missing(t *testing.T, db *sql.DB) string {
	t.Helper()
	dir := migrate.OpenMemDir(t.Name())
	defer dir.Close()
	if err := postgres.SchemaDiff(t.Context(), db, dir, "missing", sqltool.GooseFormatter); err != nil {
		t.Fatal(err)
	}
	files, err := dir.Files()
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for _, f := range files {
		text += string(f.Bytes())
	}
	return text
}

func TestMigrationsMakeTheSchema(t *testing.T) {
	if text := missing(t, open(t)); text != "" {
		t.Fatalf("the migrations do not make what ent/schema describes: run go run ./internal/postgres/newmigration NAME\n%s", text)
	}
}

// What the test above relies on: a column, an index or a table that differs is seen.
func TestDifferencesAreSeen(t *testing.T) {
	for name, change := range map[string]string{
		"column":     `ALTER TABLE users DROP COLUMN avatar_url`,
		"extra":      `ALTER TABLE users ADD COLUMN extra text`,
		"null":       `ALTER TABLE users ALTER COLUMN username DROP NOT NULL`,
		"type":       `ALTER TABLE users ALTER COLUMN created_at TYPE timestamptz(6)`,
		"index":      `DROP INDEX users_username_key`,
		"not unique": `DROP INDEX users_username_key; CREATE INDEX users_username_key ON users (username)`,
		"table":      `DROP TABLE likes`,
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			if _, err := db.ExecContext(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			if missing(t, db) == "" {
				t.Errorf("not seen: %s", change)
			}
		})
	}
}
