// Command newmigration writes the migration that takes the committed migrations to the tables that
// ent/schema describes: go run ./internal/postgres/newmigration NAME. It says so when there is nothing
// to do. Read what it wrote before committing it: it cannot know how to fill a new column.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"

	"github.com/notewire/notewire/internal/postgres"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: newmigration NAME")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "newmigration:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string) (err error) {
	dir, err := os.MkdirTemp("", "newmigration")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	local, err := postgres.StartLocal(ctx, postgres.LocalConfig{Dir: dir, Log: slog.Default()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Stop(ctx)) }()
	db, err := sql.Open("postgres", local.DSN())
	if err != nil {
		return err
	}
	defer db.Close()
	if err := postgres.Migrate(ctx, db, slog.Default()); err != nil {
		return err
	}
	out := migrate.OpenMemDir("newmigration")
	defer out.Close()
	if err := postgres.SchemaDiff(ctx, db, out, name, sqltool.GooseFormatter); err != nil {
		return err
	}
	files, err := out.Files()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		fmt.Println("nothing to do: the migrations make what ent/schema describes")
	}
	for _, f := range files {
		path := filepath.Join("ent", "migrations", time.Now().UTC().Format("20060102150405")+"_"+name+".sql")
		if err := os.WriteFile(path, f.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", path)
	}
	return nil
}
