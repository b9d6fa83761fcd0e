package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stopped is how long: in the long set as long as an answer may take with it.
func stopped() time.Duration { return time.Duration(often(8, 25)) * time.Second }

// F17: a server stands still in the middle of everything, and goes on where it was.
func TestF17StoppedServer(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2})
	s.write()
	s.process(0).Stop()
	time.Sleep(stopped())
	s.process(0).GoOn()
	s.healed("the server's sleep")
	s.finish()
}

// F17: and so does Postgres, with all its processes.
//
// Red (I11), in the short set too, when a connection that was lost because it was silent for too long is taken for an
// internal error.
func TestF17StoppedPostgres(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2, ownPostgres: true})
	s.write()
	still := s.own.signal(syscall.SIGSTOP)
	time.Sleep(stopped())
	for _, pid := range still {
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	}
	s.healed("the sleep of Postgres")
	s.finish()
}

// signal goes to the Postgres server first, so that it starts no more, and then to each of its processes.
func (c *cluster) signal(sig syscall.Signal) (pids []int) {
	c.t.Helper()
	parent := c.server().PID()
	if err := syscall.Kill(parent, sig); err != nil {
		c.t.Fatal(err)
	}
	pids = append(pids, parent)
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var pid, ppid int
		var state string
		if _, err := fmt.Sscan(string(text), &pid); err != nil {
			continue
		}
		after := string(text[strings.LastIndexByte(string(text), ')')+1:])
		if _, err := fmt.Sscan(after, &state, &ppid); err == nil && ppid == parent && syscall.Kill(pid, sig) == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
