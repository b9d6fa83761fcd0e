package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
)

// perSocket is how many operations a socket may have.
const perSocket = 32

// net prints what an idle server and its Postgres take while topics are served, with the usual poll and
// with hardly any: the difference is the net.
func (c *wake) net(ctx context.Context, s *server, local *postgres.Local, tokens []string) error {
	fmt.Printf("\n%-20s %32s %32s %10s\n%-20s %16s %15s %16s %15s\n", "processor time, ms/s", "poll 1s", "poll 1m", "the net", "topics served", "server", "Postgres", "server", "Postgres")
	for _, n := range c.Topics {
		var usual, hardly [2]float64
		for _, poll := range []struct {
			interval string
			into     *[2]float64
		}{{"1s", &usual}, {"1m", &hardly}} {
			if err := c.idle(ctx, s, local, tokens, n, poll.interval, poll.into); err != nil {
				return err
			}
		}
		fmt.Printf("%-20d %16.1f %15.1f %16.1f %15.1f %10.1f\n", n, usual[0], usual[1], hardly[0], hardly[1], usual[0]+usual[1]-hardly[0]-hardly[1])
	}
	return nil
}

// idle serves n topics without an event, and tells the milliseconds of processor time a second of the server
// and of Postgres.
func (c *wake) idle(ctx context.Context, s *server, local *postgres.Local, tokens []string, n int, poll string, into *[2]float64) error {
	if err := s.start(ctx, "NOTEWIRE_POLL_INTERVAL="+poll); err != nil {
		return err
	}
	defer s.stop()
	posts, err := makePosts(ctx, local.DSN(), n)
	if err != nil {
		return err
	}
	for socket := 0; socket*perSocket < n; socket++ {
		o, err := dial(ctx, s.host, tokens[socket/perUser])
		if err != nil {
			return err
		}
		defer o.conn.Close()
		for i, post := range posts[socket*perSocket : min(n, (socket+1)*perSocket)] {
			query, err := json.Marshal(map[string]string{"query": fmt.Sprintf(`subscription { commentAdded(postId: %q) { cursor } }`, ids.Encode(ids.Post, post))})
			if err != nil {
				return err
			}
			if err := o.send(message{Type: "subscribe", ID: strconv.Itoa(i), Payload: query}); err != nil {
				return err
			}
		}
		go func() { // answers pings
			for {
				if _, err := o.read(); err != nil {
					return
				}
			}
		}()
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		open, err := subscriptions(ctx)
		if err != nil {
			return err
		}
		if open == n {
			break
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d subscriptions are open, not %d", open, n)
		}
	}
	time.Sleep(3 * time.Second) // what opening them has left to do
	server, database := processorTime(s.cmd.Process.Pid), processorTime(children(local.PID())...)
	began := time.Now()
	time.Sleep(c.Rest)
	seconds := time.Since(began).Seconds()
	into[0] = (processorTime(s.cmd.Process.Pid) - server).Seconds() * 1e3 / seconds
	into[1] = (processorTime(children(local.PID())...) - database).Seconds() * 1e3 / seconds
	return nil
}

func makePosts(ctx context.Context, dsn string, n int) ([]uuid.UUID, error) {
	db, err := postgres.Open(ctx, dsn, postgres.Options{MaxConns: 1})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	posts := make([]uuid.UUID, n)
	for i := range posts {
		posts[i] = ids.New()
	}
	return posts, db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO posts (id, title, body, created_at) SELECT unnest($1::uuid[]), 'title', 'body', now()`, postgres.UUIDs(posts)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO topics (id) SELECT unnest($1::uuid[])`, postgres.UUIDs(posts))
		return err
	})
}

// subscriptions is how many the server says are open.
func subscriptions(ctx context.Context) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "notewire_subscriptions "); ok {
			n, err := strconv.ParseFloat(value, 64)
			return int(n), err
		}
	}
	return 0, fmt.Errorf("no notewire_subscriptions at %s", admin)
}

// children are a process and those that it has started.
func children(pid int) []int {
	all := []int{pid}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			if child, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// processorTime is what the threads of processes have used, on Linux: in nanoseconds, where /proc/PID/stat
// counts in hundredths of a second.
func processorTime(pids ...int) (sum time.Duration) {
	for _, pid := range pids {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, path := range threads {
			b, err := os.ReadFile(path)
			if err != nil {
				continue
			}
			if fields := strings.Fields(string(b)); len(fields) > 0 {
				if ns, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
					sum += time.Duration(ns)
				}
			}
		}
	}
	return sum
}
