//go:build !unix

package postgres

import (
	"context"
	"fmt"
	"runtime"
)

type (
	folder struct{}
	places struct{}
)

func usualPlaces() places { return places{} }

func startLocal(context.Context, LocalConfig, places) (*Local, error) {
	return nil, fmt.Errorf("no local Postgres on %s: set DATABASE_URL to a Postgres 14 or later, or run inside WSL", runtime.GOOS)
}

// Stop has nothing to stop, since nothing can be started here.
func (l *Local) Stop(context.Context) error { return nil }

// RunningLocal finds none, since none can be started here.
func RunningLocal(context.Context, string) string { return "" }
