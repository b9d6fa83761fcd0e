package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/lib/pq"
	"golang.org/x/sync/errgroup"

	"github.com/notewire/notewire/internal/ids"
)

// person is a user who writes. What they were told is in writes and likes.
type person struct {
	number int
	name   string
	token  string
	id     string
	post   string // one of their own
	start  string // the cursor before anything happened

	mu     sync.Mutex
	writes []*write
	likes  map[string]likeState // by post: nothing is known when the last answer was lost, or two hands were at it at once
	liking map[string]*liking   // by post
	serial int
}

// hand is one of the things that a person does at a time.
type hand struct {
	*person
	rand *rand.Rand
}

// liking is who likes a post, or takes that back, at this moment.
type liking struct {
	hands   int
	crossed bool // there were several at once: which was the last, nobody was told
}

type likeState struct{ liked, known bool }

// populate has people and canaries register, and each write a post.
func (s *site) populate() {
	s.t.Helper()
	for i := range s.setup.people {
		s.people = append(s.people, s.newPerson(i, fmt.Sprintf("p%d", i)))
	}
	for i := range 2 {
		s.canaries = append(s.canaries, s.newPerson(i, fmt.Sprintf("canary%d", i)))
	}
	var all errgroup.Group
	all.SetLimit(8) // hashing takes the processors
	for _, p := range append(s.people, s.canaries...) {
		all.Go(func() error { return s.register(p) })
	}
	if err := all.Wait(); err != nil {
		s.t.Fatal(err)
	}
	s.acquaint(s.people)
	s.acquaint(s.canaries)
	for _, p := range s.everyone() {
		var got struct{ Viewer struct{ Cursor string } }
		s.must(p.number%len(s.servers), p.token, `{ viewer { cursor } }`, nil, &got)
		p.start = got.Viewer.Cursor
	}
}

// acquaint gives each two of them a conversation, in which neither is a stranger: the first note of a
// stranger would wait for its recipient, and ring no bell.
func (s *site) acquaint(people []*person) {
	s.t.Helper()
	var list []string
	for _, p := range people {
		list = append(list, ids.Of(ids.User, p.id).String())
	}
	_, err := s.database().Exec(`
WITH pairs AS (
  SELECT gen_random_uuid() AS id, least(a, b) || ':' || greatest(a, b) AS pair, a, b
  FROM unnest($1::text[]) AS a, unnest($1::text[]) AS b WHERE a < b
), made AS (
  INSERT INTO conversations (id, kind, pair, created_at, updated_at) SELECT id, 'DIRECT', pair, now(), now() FROM pairs
)
INSERT INTO participants (id, conversation_id, user_id, role, joined_at)
SELECT gen_random_uuid(), id, u::uuid, 'MEMBER', now() FROM pairs, unnest(ARRAY[a, b]) AS u`, pq.Array(list))
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) newPerson(i int, name string) *person {
	return &person{number: i, name: name, likes: map[string]likeState{}, liking: map[string]*liking{}}
}

func (s *site) register(p *person) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*answerTime)
	defer cancel()
	var entered struct {
		Register struct {
			Token  string
			Viewer struct {
				User struct{ ID string }
			}
			UserErrors userErrors
		}
	}
	server := p.number % len(s.servers)
	err := s.ask(ctx, server, "", `mutation($u: String!) { register(input: {username: $u, password: "correct horse battery"}) { token viewer { user { id } } userErrors { code message } } }`,
		map[string]any{"u": p.name + "_"}, &entered)
	if err != nil || entered.Register.Token == "" {
		return fmt.Errorf("%s cannot register: %w %v", p.name, err, entered.Register.UserErrors)
	}
	p.token, p.id = entered.Register.Token, entered.Register.Viewer.User.ID
	var posted struct {
		CreatePost struct{ Post struct{ ID string } }
	}
	err = s.ask(ctx, server, p.token, `mutation($t: String!) { createPost(input: {title: $t, body: "…"}) { post { id } userErrors { code message } } }`, map[string]any{"t": p.name}, &posted)
	p.post = posted.CreatePost.Post.ID
	return err
}

// write has everybody write until pauseLoad.
func (s *site) write() {
	s.t.Helper()
	if s.stopLoad != nil {
		s.t.Fatal("the load is on already")
	}
	ctx, stop := context.WithCancel(s.t.Context())
	var running sync.WaitGroup
	for _, p := range s.people {
		for i := range s.setup.hands {
			h := s.hand(p, i)
			running.Go(func() {
				for wait(ctx, time.Duration(h.rand.Int64N(int64(s.setup.pause)))); ctx.Err() == nil; {
					s.step(h)
					wait(ctx, time.Duration(h.rand.Int64N(int64(s.setup.pause))))
				}
			})
		}
	}
	s.stopLoad = func() { stop(); running.Wait() }
}

// hand is one of a person's, with choices of its own.
func (s *site) hand(p *person, i int) *hand {
	return &hand{p, choices(s.t, fmt.Sprintf("%s, hand %d", p.name, i))}
}

// pauseLoad lets what is under way be answered, and returns when nobody writes any more.
func (s *site) pauseLoad() {
	if s.stopLoad != nil {
		s.stopping.Store(true)
		s.stopLoad()
		s.stopLoad = nil
		s.stopping.Store(false)
	}
}

// wait waits, unless ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
