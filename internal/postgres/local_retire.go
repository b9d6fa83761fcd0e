//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// retire waits until nothing is left of an earlier server on the data, and helps it end. It returns the
// guard: a locked file that the next server and all its children inherit, so that the kernel tells
// when the last of them has gone, whoever of them was killed.
//
// The earlier server usually is shutting down already, told by the kernel when its process died.
// Children of a Postgres that was itself killed end by themselves unless they are busy.
func retire(ctx context.Context, data string, files *folder, log *slog.Logger) (guard *os.File, err error) {
	guard, err = os.OpenFile(filepath.Join(files.dir, "postgres.lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write in the data folder: %w", err)
	}
	defer func() {
		if err != nil {
			guard.Close()
		}
	}()
	// Each signal is sent once its time has come: a fast shutdown may write a large cache for long.
	steps := []struct {
		after  time.Duration
		signal syscall.Signal
	}{{0, syscall.SIGINT}, {30 * time.Second, syscall.SIGQUIT}, {35 * time.Second, syscall.SIGKILL}}
	orphanSteps := []struct {
		after  time.Duration
		signal syscall.Signal
	}{{time.Second, syscall.SIGQUIT}, {3 * time.Second, syscall.SIGKILL}}
	began := time.Now()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for told := false; ; {
		held, err := flock(guard)
		if err != nil {
			return nil, fmt.Errorf("cannot lock %s: %w", guard.Name(), err)
		}
		server := serverOn(data)
		if !held && server == 0 {
			return guard, forgetStrangers(data)
		}
		if !told {
			log.Info("waiting for the previous local Postgres to end", "pid", server, "data", data)
			told = true
		}
		waited := time.Since(began)
		if server != 0 {
			for len(steps) > 0 && waited >= steps[0].after {
				syscall.Kill(server, steps[0].signal)
				steps = steps[1:]
			}
		} else {
			for len(orphanSteps) > 0 && waited >= orphanSteps[0].after {
				for _, pid := range processesIn(data) {
					syscall.Kill(pid, orphanSteps[0].signal)
				}
				orphanSteps = orphanSteps[1:]
			}
		}
		if waited > 45*time.Second { // ten seconds after the last signal: a disk that hangs
			return nil, fmt.Errorf("processes of an earlier Postgres on %s do not end (%s): end them and start again", data, describe(server, data))
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("an earlier Postgres on %s has not ended in time (%s): %w", data, describe(server, data), context.Cause(ctx))
		}
	}
}

func describe(server int, data string) string {
	pids := processesIn(data)
	if server != 0 && !slices.Contains(pids, server) {
		pids = append(pids, server)
	}
	if len(pids) == 0 {
		return "their ids are unknown"
	}
	return "pids " + strings.Trim(fmt.Sprint(pids), "[]")
}

// serverOn returns the process that postmaster.pid names, if it lives and serves this data, or 0.
func serverOn(data string) int {
	pid := recordedPID(data)
	if pid == 0 || syscall.Kill(pid, 0) != nil {
		return 0
	}
	if dir := workingDir(pid); dir != "" {
		if dir == data {
			return pid
		}
		return 0
	}
	if line := commandLine(pid); strings.Contains(line, "-D "+data+" ") {
		return pid
	}
	return 0
}

// recordedPID returns the first line of postmaster.pid, or 0 if there is none.
func recordedPID(data string) int {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 {
		return 0
	}
	return pid
}

// forgetStrangers removes a postmaster.pid whose number now belongs to some other program, as happens
// after a reboot and in containers: Postgres would refuse to start. When that program is a Postgres
// and might serve this data after all, the file stays and Postgres decides.
func forgetStrangers(data string) error {
	pid := recordedPID(data)
	if pid == 0 || syscall.Kill(pid, 0) != nil {
		return nil // Postgres removes it itself
	}
	if line := commandLine(pid); workingDir(pid) == "" && (line == "" || strings.Contains(line, "postgres") || strings.Contains(line, "postmaster")) {
		return nil
	}
	if err := os.Remove(filepath.Join(data, "postmaster.pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot remove a stale file: %w", err)
	}
	return nil
}
