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

// health answers /readyz: whether this process should be sent requests.
type health struct {
	db       *postgres.DB
	hub      *stream.Hub
	draining atomic.Bool

	migrated atomic.Bool // once true it stays so
}

// ServeHTTP names the first thing that is amiss.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.check(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
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
