package migrations_test

import (
	"database/sql"
	"log/slog"
	"testing"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"github.com/pressly/goose/v3"

	"github.com/notewire/notewire/ent/migrations"
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

// Who has written a post, or commented on it, before there were watchers watches it since then.
func TestFormerAuthorsAndCommentersWatch(t *testing.T) {
	db := open(t)
	files, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	const before = 20261122234500
	if _, err := files.DownTo(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `
WITH u AS (INSERT INTO users (id, username, display_name, created_at)
  SELECT ('00000000-0000-4000-8000-00000000000' || i)::uuid, 'user_' || i, 'A user', now() FROM generate_series(1, 3) AS i),
p AS (INSERT INTO posts (id, author_id, title, body, created_at) VALUES
  ('10000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001', 'one', 'text', now()),
  ('10000000-0000-4000-8000-000000000002', NULL, 'of somebody who is gone', 'text', now()))
INSERT INTO comments (id, post_id, author_id, position, body, created_at)
SELECT gen_random_uuid(), '10000000-0000-4000-8000-000000000001', a::uuid, position, 'text', now() FROM (VALUES
  ('00000000-0000-4000-8000-000000000002', 1), ('00000000-0000-4000-8000-000000000001', 2),
  ('00000000-0000-4000-8000-000000000002', 3), (NULL, 4)) AS c(a, position)`); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := db.QueryRowContext(t.Context(), `
SELECT string_agg(right(subject_id::text, 1) || ' ' || right(user_id::text, 1) || ' since ' || since || CASE WHEN is_muted THEN ' muted' ELSE '' END, ', ' ORDER BY user_id)
FROM watchers`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := "1 1 since 0, 1 2 since 1"; got != want {
		t.Errorf("watchers: %s, not %s", got, want)
	}
}
