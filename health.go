package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// health answers /readyz: whether this process should be sent requests. With ?verbose it also says what is
// no reason to send it none.
type health struct {
	db       *postgres.DB
	hub      *stream.Hub
	role     string
	draining atomic.Bool

	migrated atomic.Bool // once true it stays so
}

// ServeHTTP names the first thing that is amiss.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	text := "ready"
	if err := h.check(r.Context()); err != nil {
		text = err.Error()
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintln(w, text)
	if r.URL.Query().Has("verbose") {
		fmt.Fprintf(w, "role: %s\nworkers: %s\n", h.role, h.workers(r.Context()))
	}
}

// workers says when the last worker was seen.
func (h *health) workers(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	const missing = "events and sessions that have expired stay, and watchers of popular posts are not told: run a server with NOTEWIRE_ROLE worker or all"
	switch ago, seen, err := workerSeen(ctx, h.db); {
	case err != nil:
		return "not known"
	case !seen:
		return "none has ever been seen; " + missing
	case ago > workerGone:
		return fmt.Sprintf("none was seen for %s; %s", ago.Round(time.Second), missing)
	default:
		return fmt.Sprintf("seen %s ago", ago.Round(time.Second))
	}
}

func (h *health) check(ctx context.Context) error {
	if h.draining.Load() {
		return fmt.Errorf("going down")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := h.db.PingContext(ctx); err != nil {
		return fmt.Errorf("the database cannot be reached")
	}
	if !h.migrated.Load() {
		done, err := postgres.Migrated(ctx, h.db.DB)
		if err != nil || !done {
			return fmt.Errorf("the database is not migrated to this version: run notewire migrate")
		}
		h.migrated.Store(true)
	}
	if !h.hub.Connected() {
		return fmt.Errorf("the broker is not connected: events are late, up to the poll interval")
	}
	return nil
}

// await waits until there is nothing amiss, or for some time.
func (h *health) await(ctx context.Context, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for h.check(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
