package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/notewire/notewire/internal/config"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// check writes a line for each thing it has looked at. It fails when one of them is wrong; what is only not
// as good as it could be is said, too.
func check(ctx context.Context, c config.Check, out io.Writer) error {
	wrong, all := 0, 0
	say := func(f postgres.Finding) {
		all++
		switch {
		case f.Err == nil:
			fmt.Fprintf(out, "ok    %-10s  %s\n", f.What, f.Says)
		case f.Bearable:
			wrong++
			fmt.Fprintf(out, "WORSE %-10s  %s\n", f.What, f.Err)
		default:
			wrong++
			fmt.Fprintf(out, "WRONG %-10s  %s\n", f.What, f.Err)
		}
	}
	_, err := readDocuments(c.Serve)
	say(postgres.Finding{What: "settings", Says: "they are understood", Err: err}) // kong has refused all else
	if _, err := os.Stat(c.DataDir); c.DatabaseURL == "" && errors.Is(err, os.ErrNotExist) {
		say(postgres.Finding{What: "database", Says: fmt.Sprintf("none yet: serve makes one in %s, or set DATABASE_URL", c.DataDir)})
		return nil
	}
	db, closeDB, err := connect(ctx, beside(ctx, c.Database), newLog(c.Level()), postgres.Options{})
	if err != nil {
		say(postgres.Finding{What: "database", Err: err})
		return unwell(wrong, all)
	}
	defer closeDB()
	migrated := true
	for _, f := range db.Examine(ctx) {
		say(f)
		migrated = migrated && (f.What != "migrations" || f.Err == nil)
	}
	say(stream.ExamineBroker(ctx, db, c.NATSURL))
	if !migrated { // what follows is about tables that may not be there
		return unwell(wrong, all)
	}
	say(stream.ExamineEpoch(ctx, db))
	say(examineWorkers(ctx, db))
	say(notes.ExamineCounters(ctx, db))
	return unwell(wrong, all)
}

func unwell(wrong, all int) error {
	if wrong == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d are not as they should be", wrong, all)
}

func examineWorkers(ctx context.Context, db *postgres.DB) postgres.Finding {
	f := postgres.Finding{What: "workers", Bearable: true}
	ago, seen, err := workerSeen(ctx, db)
	switch {
	case err != nil:
		f.Err = err
	case !seen:
		f.Says = "none was ever here: the first server with the role all or worker is one"
	case ago > workerGone:
		f.Err = fmt.Errorf("none was here for %s: what has expired stays; run a server with the role all or worker", ago.Round(time.Second))
	default:
		f.Says = fmt.Sprintf("one was here %s ago", ago.Round(time.Second))
	}
	return f
}
