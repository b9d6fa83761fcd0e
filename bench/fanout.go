package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
)

// fanout measures how fast the watchers of a post are told of comments, and what others notice of that.
type fanout struct {
	Watchers int           `default:"5000" help:"How many watch the post."`
	Comments int           `default:"10" help:"How many comments are told, one after the other, and then all at once."`
	Senders  int           `default:"8" help:"How many others send notes meanwhile, each the next when the last was answered."`
	Alone    time.Duration `default:"5s" help:"How long the notes of others are counted while nobody is told, before and after."`
}

// makeWatchers writes users past the server, which would hash their passwords for minutes.
const makeWatchers = `
WITH u AS (SELECT i, gen_random_uuid() AS id FROM generate_series(1, $1::int) AS i),
users AS (INSERT INTO users (id, username, display_name, created_at) SELECT id, 'watcher_' || i, 'Watcher', now() FROM u),
heads AS (INSERT INTO topics (id) SELECT id FROM u)
INSERT INTO watchers (subject_id, user_id, since) SELECT $2, id, 0 FROM u`

// Run prints how long the watchers waited, the writer's wait for an answer, and the notes that others sent.
func (c *fanout) Run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = c.Senders + 2 // nobody connects anew for each note
	s, err := build(ctx)
	if err != nil {
		return err
	}
	defer s.remove()
	local, err := postgres.StartLocal(ctx, postgres.LocalConfig{Dir: filepath.Join(s.dir, "data")})
	if err != nil {
		return err
	}
	defer local.Stop(ctx)
	s.env = append(s.env, "DATABASE_URL="+local.DSN())
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.stop()
	db, err := postgres.Open(ctx, local.DSN(), postgres.Options{MaxConns: 2})
	if err != nil {
		return err
	}
	defer db.Close()
	tokens, users, err := s.register(ctx, 2+2*c.Senders)
	if err != nil {
		return err
	}
	few, err := s.post(ctx, tokens[0])
	if err != nil {
		return err
	}
	many, err := s.post(ctx, tokens[0])
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, makeWatchers, c.Watchers, ids.Of(ids.Post, many)); err != nil {
		return err
	}

	comment := func(post string) (took time.Duration, err error) {
		began := time.Now()
		err = s.do(ctx, tokens[1], `mutation($p: ID!) { addComment(input: {postId: $p, body: "hello"}) { comment { id } } }`, map[string]any{"p": post}, &struct{}{})
		return time.Since(began), err
	}
	told := func() error {
		for left := 1; left > 0; time.Sleep(time.Millisecond) {
			if err := db.QueryRowContext(ctx, `SELECT count(*) FROM fanouts`).Scan(&left); err != nil {
				return err
			}
		}
		return nil
	}
	var answered [2][]time.Duration // with one watcher, with many
	var told1, toldMore []time.Duration
	for i := range c.Comments {
		for j, post := range []string{few, many} {
			began := time.Now()
			took, err := comment(post)
			if err != nil {
				return err
			}
			answered[j] = append(answered[j], took)
			if j == 0 {
				continue
			}
			if err := told(); err != nil {
				return err
			}
			if took := time.Since(began); i == 0 {
				told1 = append(told1, took)
			} else {
				toldMore = append(toldMore, took)
			}
		}
	}
	fmt.Printf("\n%-52s %10s %10s\n", "in µs", "median", "p99")
	row("a comment is answered, one watches", answered[0])
	row(fmt.Sprintf("a comment is answered, %d watch", c.Watchers), answered[1])
	row("the last of them is told, the first time", told1)
	if len(toldMore) > 0 {
		row("the last of them is told, further times", toldMore)
	}

	before, err := c.sends(ctx, s, tokens[2:], users[2:], func() error { time.Sleep(c.Alone); return nil })
	if err != nil {
		return err
	}
	var telling time.Duration
	during, err := c.sends(ctx, s, tokens[2:], users[2:], func() error {
		began := time.Now()
		for range c.Comments {
			if _, err := comment(many); err != nil {
				return err
			}
		}
		err := told()
		telling = time.Since(began)
		return err
	})
	if err != nil {
		return err
	}
	after, err := c.sends(ctx, s, tokens[2:], users[2:], func() error { time.Sleep(c.Alone); return nil })
	if err != nil {
		return err
	}
	alone := (before + after) / 2
	fmt.Printf("\n%d watchers told of each of %d comments in %s: %.0f a second, while %d others send\n",
		c.Watchers, c.Comments, telling.Round(time.Millisecond), float64(c.Watchers*c.Comments)/telling.Seconds(), c.Senders)
	fmt.Printf("notes of the others: %.0f a second before, %.0f meanwhile, %.0f after: %.2f of what they send alone\n", before, during, after, during/alone)
	return nil
}

func (s *server) post(ctx context.Context, token string) (id string, err error) {
	var made struct {
		CreatePost struct{ Post struct{ ID string } }
	}
	err = s.do(ctx, token, `mutation { createPost(input: {title: "title", body: "text"}) { post { id } } }`, nil, &made)
	return made.CreatePost.Post.ID, err
}

// sends has pairs of users send notes while f runs, and returns how many a second.
func (c *fanout) sends(ctx context.Context, s *server, tokens, users []string, f func() error) (float64, error) {
	var sent atomic.Int64
	var failed atomic.Pointer[error]
	running, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	began := time.Now()
	for i := range c.Senders {
		all.Go(func() {
			for running.Err() == nil {
				err := s.do(ctx, tokens[2*i], `mutation($to: [ID!]) { sendNote(input: {toUserIds: $to, body: "hello"}) { note { id } } }`,
					map[string]any{"to": users[2*i+1 : 2*i+2]}, &struct{}{})
				if err != nil {
					failed.Store(&err)
					return
				}
				sent.Add(1)
			}
		})
	}
	err := f()
	rate := float64(sent.Load()) / time.Since(began).Seconds()
	stop()
	all.Wait()
	if bad := failed.Load(); bad != nil {
		return 0, *bad
	}
	return rate, err
}
