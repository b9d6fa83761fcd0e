package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// boundTime is how long what was decided may take to act on an open subscription: a second is promised where
// the broker is up, and three are allowed.
const boundTime = 3 * time.Second

const (
	makeGroup = `mutation($u: [ID!]!) { w: createGroup(input: {userIds: $u}) { conversation { id } userErrors { code message } } }`
	sendOff   = `mutation($c: ID!, $u: ID!) { w: removeParticipant(input: {conversationId: $c, userId: $u}) { cursor userErrors { code message } } }`
	blockOff  = `mutation($u: ID!) { w: blockUser(input: {userId: $u}) { cursor userErrors { code message } } }`
	logOff    = `mutation { w: logout { userErrors { code message } } }`
	// Of a note alone, and of its conversation, too, which is not to be seen any more either.
	bodiesAfter   = `subscription($after: Cursor) { e: noteReceived(after: $after) { note { body sender { id } } } }`
	bodiesInAfter = `subscription($after: Cursor) { e: noteReceived(after: $after) { note { body conversation { id } sender { id } } } }`
)

// told is a note as a subscription told it.
type told struct {
	sender, body string
	at           time.Time
}

// F18: while somebody listens on both servers, and resumes again and again from before everything that was written
// to them, and others go on writing, something is decided that ends their right to it: they are removed from the
// group, they are blocked, their session ends. When the bound has passed nothing of it comes any more, of what
// was written before or after; of what was written after it nothing ever does; and all else still comes.
//
// Planted, and seen red, each in the short set: notes of a group that are visible to whoever has left it (removed);
// notes of blocked senders that are visible (blocked); sockets that stay open when their session ends (logged out). Seen
// by itself: a note whose conversation was gone a moment later was an internal error.
func TestF18Bounds(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2, people: 2, noFootprint: true})
	for round := range often(1, 10) {
		for name, decide := range map[string]func(owner, other, subject *person, group string){
			"removed": func(owner, _, subject *person, group string) {
				s.tell(round%2, owner, sendOff, map[string]any{"c": group, "u": subject.id}, nil)
			},
			"blocked": func(_, other, subject *person, _ string) {
				s.tell(round%2, other, blockOff, map[string]any{"u": subject.id}, nil)
			},
			"logged out": func(_, _, subject *person, _ string) {
				s.tell(round%2, subject, logOff, nil, nil)
			},
		} {
			s.bounds(round, name, decide)
		}
	}
	s.settle()
}

func (s *site) bounds(round int, name string, decide func(owner, other, subject *person, group string)) {
	s.t.Helper()
	prefix := fmt.Sprintf("f18_%d_%s", round, map[string]string{"removed": "r", "blocked": "b", "logged out": "l"}[name])
	owner, other, subject := s.enter(0, prefix+"_owner"), s.enter(1, prefix+"_other"), s.enter(0, prefix+"_subject")
	s.acquaint([]*person{owner, other, subject})
	var made struct{ Conversation struct{ ID string } }
	s.tell(0, owner, makeGroup, map[string]any{"u": []string{other.id, subject.id}}, &made)
	group := made.Conversation.ID
	var head struct{ Viewer struct{ Cursor string } }
	s.must(0, subject.token, `{ viewer { cursor } }`, nil, &head)

	// hidden says what the decision hides of what came.
	hidden := func(n told) bool {
		switch name {
		case "removed":
			return n.body != "fence" // all else is of the group
		case "blocked":
			return n.sender == other.id
		}
		return true
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	var mu sync.Mutex
	var came []told
	resumed := 0    // sockets that began after the bound and had everything up to the fence
	var codes []int // with which sockets ended that began after the bound
	var bound time.Time
	inBound := func() bool { mu.Lock(); defer mu.Unlock(); return bound.IsZero() || time.Now().Before(bound) }
	for i := range 4 { // at each server a client that resumes again and again, and one that listens on
		document := []string{bodiesAfter, bodiesInAfter, bodiesInAfter, bodiesAfter}[i]
		running.Go(func() {
			for ctx.Err() == nil {
				late := !inBound()
				limit := answerTime
				if i < 2 && !late {
					limit = 300 * time.Millisecond // in the middle of a resume, or soon after
				}
				socket, cut := context.WithTimeout(ctx, limit)
				code, refused := s.follow(socket, s.client, i%2, subject.token, document, map[string]any{"after": head.Viewer.Cursor}, func(data json.RawMessage) bool {
					var got struct {
						E struct {
							Note struct {
								Body   string
								Sender *struct{ ID string }
							}
						}
					}
					if err := json.Unmarshal(data, &got); err != nil || got.E.Note.Sender == nil {
						s.violated("F18", "%s: %s", name, data)
						return false
					}
					n := told{sender: got.E.Note.Sender.ID, body: got.E.Note.Body, at: time.Now()}
					mu.Lock()
					came = append(came, n)
					whole := late && n.body == "fence"
					if whole {
						resumed++
					}
					mu.Unlock()
					return !whole
				})
				cut()
				if refused != "" {
					s.violated("F18", "%s: a subscription ended with %s", name, refused)
				}
				if late && code != -1 {
					mu.Lock()
					codes = append(codes, code)
					mu.Unlock()
				}
			}
		})
	}
	// Those who write do so all the time; what they write after the decision says so.
	var after sync.Map
	decided := make(chan struct{})
	written := make(chan struct{}, 1000)
	for i, p := range []*person{owner, other} {
		running.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				body := fmt.Sprintf("%s.%d", p.name, n)
				select {
				case <-decided:
					after.Store(body, true)
				default:
				}
				s.tell((i+n)%2, p, sayIn, map[string]any{"c": group, "b": body}, nil)
				select {
				case written <- struct{}{}:
				default:
				}
				wait(ctx, 5*time.Millisecond)
			}
		})
	}
	for range 60 { // so much that a resume takes its time
		<-written
	}
	mu.Lock()
	before := len(came)
	mu.Unlock()
	if before == 0 {
		s.violated("F18", "%s: nothing came before", name)
	}
	decide(owner, other, subject, group)
	close(decided)
	mu.Lock()
	bound = time.Now().Add(boundTime)
	mu.Unlock()
	wait(ctx, boundTime)
	if name != "logged out" { // all else still comes
		s.tell(0, owner, `mutation($u: ID!) { w: sendNote(input: {toUserIds: [$u], body: "fence"}) { note { id } userErrors { code message } } }`, map[string]any{"u": subject.id}, nil)
		s.await(name+": all else does not come", answerTime, func() bool { mu.Lock(); defer mu.Unlock(); return resumed > 3 })
	} else {
		s.await(name+": nobody is turned away", answerTime, func() bool { mu.Lock(); defer mu.Unlock(); return len(codes) > 3 })
		wait(ctx, boundTime/3) // a socket that is still open has shown it by then
		mu.Lock()
		ended := slices.Clone(codes)
		mu.Unlock()
		for _, c := range ended {
			if c != 4403 {
				s.violated("F18", "%s: a socket ended with %d", name, c)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	most := time.Duration(0)
	for _, n := range came {
		if !hidden(n) {
			continue
		}
		if _, late := after.Load(n.body); late && name != "logged out" {
			s.violated("F18", "%s: %s was written after it, and came", name, n.body)
		}
		if d := n.at.Sub(bound.Add(-boundTime)); d > most {
			most = d
		}
	}
	if most > boundTime {
		s.violated("F18", "%s: something came %s after it", name, most)
	}
	s.t.Logf("%s: %d came before; the last of what it hides %s after it was answered", name, before, most.Round(time.Millisecond))
}
