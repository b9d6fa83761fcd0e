package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

const (
	// A worker says that it is there four times in the time after which it counts as gone.
	workerInterval = 15 * time.Second
	workerGone     = time.Minute
)

// housekeeper removes what has expired, and says that somebody does. Any number of processes may.
type housekeeper struct {
	db        *postgres.DB
	events    *stream.Log
	positions *stream.Positions
	users     *accounts.Accounts
	bell      *notify.Bell
	retention time.Duration // of the event log
	read      time.Duration // how long what was read stays in the bell
	log       *slog.Logger
}

func (h *housekeeper) run(ctx context.Context) {
	tick := time.NewTicker(workerInterval)
	defer tick.Stop()
	for n := 0; ; n++ {
		err := workerIsHere(ctx, h.db)
		if n%4 == 0 { // at once, and then once a minute
			_, old := h.events.Retain(ctx, h.retention)
			_, read := h.bell.Retain(ctx, h.read)
			err = errors.Join(err, old, read, h.events.Prune(ctx), h.positions.Prune(ctx), h.users.Prune(ctx))
		}
		if err != nil && ctx.Err() == nil {
			h.log.Warn("housekeeping failed: trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func workerIsHere(ctx context.Context, db *postgres.DB) error {
	return db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE workers SET seen_at = clock_timestamp()`)
		return err
	})
}

// workerSeen is how long ago the last worker said that it is there, by the clock of the database. seen is
// false when there never was one.
func workerSeen(ctx context.Context, db *postgres.DB) (ago time.Duration, seen bool, err error) {
	var seconds sql.NullFloat64
	err = db.QueryRowContext(ctx, `SELECT extract(epoch FROM clock_timestamp() - seen_at) FROM workers`).Scan(&seconds)
	return time.Duration(seconds.Float64 * float64(time.Second)), seconds.Valid, err
}
