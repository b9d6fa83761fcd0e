package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/config"
	"github.com/notewire/notewire/internal/demo"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/postgres"
)

// seed invents a site, in which there may be a server already: it finds what is written here by its poll.
func seed(ctx context.Context, c config.Seed, out io.Writer) error {
	log := newLog(c.Level())
	db, closeDB, err := openDatabase(ctx, beside(ctx, c.Database), log, postgres.Options{Runtime: demo.Session})
	if err != nil {
		return err
	}
	defer closeDB()
	if c.Until.IsZero() {
		c.Until = time.Now()
	}
	switch inhabited, err := accounts.New(db, nil, time.Hour).Anyone(ctx); {
	case err != nil:
		return err
	case inhabited && !c.Force:
		return errors.New("this site has users already, and nothing was changed: choose an empty database or data folder, or add invented people to these with --force")
	}
	names, err := demo.Write(ctx, db, demo.Options{Seed: c.Seed, Users: c.Users, Conversations: c.Conversations, Posts: c.Posts, Until: c.Until}, newProgress("inventing"))
	if err != nil {
		return err
	}
	if err := notes.NewIndexer(db, log).CatchUp(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "Log in as %s: the password of everybody is %q.\n", strings.Join(names, ", "), demo.Password)
	return nil
}
