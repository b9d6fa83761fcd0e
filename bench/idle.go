package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// idle opens sockets, each with one private subscription, and lets them rest.
type idle struct {
	Sockets []int         `default:"1000,10000" help:"How many sockets, at most 19,000 with 20,000 descriptors a process."`
	Rest    time.Duration `default:"30s" help:"How long they rest before memory is read: more than one round of pings."`
}

const perUser = 10 // sockets a user may have

// Run prints a row for each number of sockets. The server is started anew for each, so that memory is
// counted from its start.
func (c *idle) Run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	s, err := build(ctx)
	if err != nil {
		return err
	}
	defer s.remove()
	if err := s.start(ctx); err != nil {
		return err
	}
	most := 0
	for _, n := range c.Sockets {
		most = max(most, n)
	}
	users := (most + perUser - 1) / perUser
	fmt.Printf("registering %d users\n", users)
	tokens, ids, err := s.register(ctx, users)
	if err != nil {
		return err
	}
	fmt.Printf("%10s %14s %12s %16s %18s\n", "sockets", "connects/s", "start KiB", "KiB per socket", "arrived of sent")
	for _, n := range c.Sockets {
		s.stop()
		if err := s.start(ctx); err != nil {
			return err
		}
		if err := c.measure(ctx, s, n, tokens, ids); err != nil {
			return err
		}
	}
	s.stop()
	return nil
}

func (c *idle) measure(ctx context.Context, s *server, n int, tokens, ids []string) error {
	before, err := s.memory()
	if err != nil {
		return err
	}
	sockets := make([]*socket, n)
	began := time.Now()
	err = parallel(64, n, func(i int) (err error) {
		if sockets[i], err = dial(ctx, s.host, tokens[i/perUser]); err == nil {
			err = sockets[i].subscribe(`subscription { events { __typename cursor unread { id notes notifications } ... on NoteReceived { note { id body sender { username } } } } }`)
		}
		if err == nil {
			_, err = sockets[i].read() // StreamReady: it is live
		}
		return err
	})
	if err != nil {
		return err
	}
	rate := float64(n) / time.Since(began).Seconds()
	var arrived atomic.Int64
	for _, o := range sockets {
		defer o.conn.Close()
		go func() {
			for {
				m, err := o.read()
				if err != nil {
					return
				}
				if m.Type == "next" {
					arrived.Add(1)
				}
			}
		}()
	}
	time.Sleep(c.Rest)
	after, err := s.memory()
	if err != nil {
		return err
	}
	// They are all alive: one note to the last user reaches each of that user's sockets.
	last := (n - 1) / perUser
	var ignored any
	if err := s.do(ctx, tokens[0], `mutation($to: [ID!]) { sendNote(input: {toUserIds: $to, body: "hello"}) { note { id } userErrors { message } } }`,
		map[string]any{"to": []string{ids[last]}}, &ignored); err != nil {
		return err
	}
	want := int64(n - last*perUser + perUser) // NoteReceived there, NoteSent at the sender's; a stranger's note rings no bell
	for end := time.Now().Add(10 * time.Second); arrived.Load() < want && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Printf("%10d %14.0f %12d %16.1f %11d of %3d\n", n, rate, before, float64(after-before)/float64(n), arrived.Load(), want)
	return nil
}
