//go:build unix

package postgres

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Stop ends Postgres: sessions are cut and everything is written (a fast shutdown). When ctx ends first,
// or after 30 s, it shuts down at once and leaves a recovery to the next start; if that takes more than
// 5 s it is killed. Both are reported as errors, but Postgres has exited in any case when Stop returns,
// and the folder is free. Stopping again, or after Postgres has exited by itself, does nothing.
func (l *Local) Stop(ctx context.Context) error {
	l.stopping.Store(true)
	defer l.giveBack()
	steps := []struct {
		signal syscall.Signal
		wait   time.Duration
		name   string
	}{
		{syscall.SIGINT, 30 * time.Second, "fast"}, // a last checkpoint of a large cache on a slow disk
		{syscall.SIGQUIT, 5 * time.Second, "immediate"},
	}
	var late error
	for _, step := range steps {
		l.process.Signal(step.signal) // fails only when it has exited, which is seen below
		timer := time.NewTimer(step.wait)
		select {
		case <-l.exited:
			timer.Stop()
			return late
		case <-timer.C:
			late = fmt.Errorf("the %s shutdown of Postgres (pid %d) took more than %s; the next start recovers", step.name, l.PID(), step.wait)
		case <-ctx.Done():
			timer.Stop()
			late = fmt.Errorf("the %s shutdown of Postgres (pid %d) was cut short; the next start recovers: %w", step.name, l.PID(), context.Cause(ctx))
			ctx = context.WithoutCancel(ctx) // the next step has its own time
		}
	}
	l.process.Kill()
	<-l.exited
	return late
}

// giveBack ends the hold on the folder, once.
func (l *Local) giveBack() {
	l.release.Do(func() {
		if l.socket != "" {
			os.Remove(l.socket) // Postgres has removed the socket; what is not empty stays
		}
		l.files.close()
	})
}
