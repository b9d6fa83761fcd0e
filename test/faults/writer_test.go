package faults_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// write is a note or a comment that somebody tried to write, and what they were told.
type write struct {
	kind   kind
	by     *person
	to     *person // of a note: the recipient; of a comment: the author of the post
	body   string  // unique
	key    string
	bad    bool      // it must be rejected
	wanted bool      // it is tried until there is an answer
	state  state     // what was said last
	id     string    // when acked
	at     time.Time // when that was said
	cursor string    // of the writer's own event, when acked; a comment has none
	lost   int       // how many answers were lost before
	left   bool      // the last answer was lost, and it was not tried again
}

type kind string

const (
	note    kind = "note"
	comment kind = "comment"
)

type state string

const (
	acked    state = "acked"
	rejected state = "rejected"
	unknown  state = "unknown" // nobody can say
)

const (
	sendNote   = `mutation($in: SendNoteInput!) { w: sendNote(input: $in) { o: note { id } cursor userErrors { code message } } }`
	addComment = `mutation($in: AddCommentInput!) { w: addComment(input: $in) { o: comment { id } cursor userErrors { code message } } }`
)

// input is what is sent, with another body if one is given.
func (w *write) input(body string) (document string, vars map[string]any) {
	in := map[string]any{"body": body, "idempotencyKey": w.key}
	if w.kind == comment {
		in["postId"] = w.to.post
		return addComment, map[string]any{"in": in}
	}
	in["toUserIds"] = []string{w.to.id}
	return sendNote, map[string]any{"in": in}
}

// try sends it once, and returns what was said.
func (s *site) try(ctx context.Context, server int, w *write, body string) (st state, id, cursor, code string) {
	document, vars := w.input(body)
	var got struct {
		W struct {
			O          *struct{ ID string }
			Cursor     string
			UserErrors userErrors
		}
	}
	err := s.ask(ctx, server, w.by.token, document, vars, &got)
	switch {
	case err != nil:
		return unknown, "", "", codeOf(err)
	case got.W.O != nil:
		return acked, got.W.O.ID, got.W.Cursor, ""
	case len(got.W.UserErrors) == 0:
		s.violated("I11", "neither %s nor userErrors", w.kind)
		return unknown, "", "", ""
	default:
		return rejected, "", "", got.W.UserErrors.code()
	}
}

// do writes, and puts down what was said. Of lost answers some are left as they are (I3: nought or one),
// the others tried again, perhaps at another server, until there is one (I3: exactly one).
func (s *site) do(p *hand, w *write) {
	p.mu.Lock()
	p.writes = append(p.writes, w)
	p.mu.Unlock()
	tryAgain := w.wanted || p.rand.IntN(4) > 0
	for end := time.Now().Add(3 * answerTime); ; {
		st, id, cursor, code := s.try(context.Background(), p.rand.IntN(len(s.servers)), w, w.body)
		p.mu.Lock()
		w.state, w.id, w.cursor, w.at = st, id, cursor, time.Now()
		if st == unknown {
			w.lost++
			w.left = !tryAgain
		}
		p.mu.Unlock()
		switch {
		case st == rejected && !w.bad:
			s.violated("I3", "%s was rejected: %s", w.body, code)
		case st == acked && w.bad:
			s.violated("I4", "what must be rejected was acknowledged: %.40s", w.body)
		}
		if st != unknown || w.left {
			return
		}
		if time.Now().After(end) {
			s.violated("I9", "%s has had no answer for %s", w.body, 3*answerTime)
			return
		}
		time.Sleep(time.Duration(p.rand.Int64N(int64(100 * time.Millisecond))))
	}
}

// next is a new write of a person, to somebody else.
func (s *site) next(p *hand, k kind) *write {
	to := s.people[p.rand.IntN(len(s.people))]
	for to == p.person {
		to = s.people[p.rand.IntN(len(s.people))]
	}
	return s.draft(p.person, to, k)
}

// draft is a new write of one person to another, to be sent by do.
func (s *site) draft(by, to *person, k kind) *write {
	by.mu.Lock()
	defer by.mu.Unlock()
	by.serial++
	return &write{kind: k, by: by, to: to, body: fmt.Sprintf("%s %s-%d to %s", k, by.name, by.serial, to.name), key: fmt.Sprintf("%s-%d", by.name, by.serial)}
}

// step does one thing.
func (s *site) step(p *hand) {
	switch n := p.rand.IntN(20); {
	case n < 11:
		w := s.next(p, note)
		s.do(p, w)
		s.look(p, w)
	case n < 15:
		w := s.next(p, comment)
		s.do(p, w)
		s.look(p, w)
	case n < 17:
		s.like(p, s.people[p.rand.IntN(len(s.people))].post, p.rand.IntN(2) == 0)
	case n == 17:
		s.read(p)
	case n == 18: // too long: it must not be written
		w := s.next(p, note)
		w.body, w.bad = w.body+strings.Repeat(" long", 2000), true
		s.do(p, w)
	case n == 19: // another body under a key that was used: neither must that
		s.contradict(p)
	}
}

// look asks every server for what was acknowledged just now (I8), now and then.
func (s *site) look(p *hand, w *write) {
	if w.state != acked || p.rand.IntN(4) > 0 {
		return
	}
	for i := range s.servers {
		if s.stopping.Load() {
			return
		}
		var found struct{ Node *struct{ ID string } }
		err := s.ask(context.Background(), i, p.token, `query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": w.id}, &found)
		if err != nil {
			continue // there was no look
		}
		s.visible.Add(1)
		if found.Node == nil || found.Node.ID != w.id {
			s.violated("I8", "%s is acknowledged, and not to be seen at server %d", w.body, i)
		}
	}
}

// contradict sends another body with the key of something that was acknowledged.
func (s *site) contradict(p *hand) {
	var of *write
	p.mu.Lock()
	for _, w := range p.writes {
		if w.state == acked && (of == nil || p.rand.IntN(3) == 0) {
			of = w
		}
	}
	p.mu.Unlock()
	if of == nil {
		return
	}
	st, _, _, code := s.try(context.Background(), p.rand.IntN(len(s.servers)), of, "a contradiction of "+of.body)
	if st == acked || st == rejected && code != "CONFLICT" {
		s.violated("I4", "another body under the key of %s: %s %s", of.body, st, code)
	}
}

// like likes a post, or takes it back, at any server.
func (s *site) like(p *hand, post string, on bool) {
	s.likeAt(p, p.rand.IntN(len(s.servers)), post, on)
}

func (s *site) likeAt(p *hand, server int, post string, on bool) {
	field := "unlike"
	if on {
		field = "like"
	}
	p.mu.Lock()
	at := p.liking[post]
	if at == nil {
		at = &liking{}
		p.liking[post] = at
	}
	at.hands++
	at.crossed = at.crossed || at.hands > 1
	p.mu.Unlock()
	err := s.ask(context.Background(), server, p.token, `mutation($id: ID!) { `+field+`(input: {subjectId: $id}) { userErrors { code } } }`, map[string]any{"id": post}, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.likes[post] = likeState{on, err == nil && !at.crossed}
	if at.hands--; at.hands == 0 {
		at.crossed = false
	}
}

// read marks something as read or seen. Nothing is put down: the counters must equal the counts anyhow.
func (s *site) read(p *hand) {
	server := p.rand.IntN(len(s.servers))
	if p.rand.IntN(2) == 0 {
		_ = s.ask(context.Background(), server, p.token, `mutation { markNotificationsSeen(input: {}) { userErrors { code } } }`, nil, nil)
		return
	}
	var v struct {
		Viewer struct {
			Conversations struct{ Nodes []struct{ ID string } }
		}
	}
	if err := s.ask(context.Background(), server, p.token, `{ viewer { conversations { nodes { id } } } }`, nil, &v); err != nil || len(v.Viewer.Conversations.Nodes) == 0 || s.stopping.Load() {
		return
	}
	which := v.Viewer.Conversations.Nodes[p.rand.IntN(len(v.Viewer.Conversations.Nodes))].ID
	err := s.ask(context.Background(), server, p.token, `mutation($id: ID!) { markConversationRead(input: {conversationId: $id}) { userErrors { code } } }`, map[string]any{"id": which}, nil)
	if _, refused := errors.AsType[*refusal](err); err != nil && !refused && !s.mayHangUp.Load() {
		s.violated("I11", "reading a conversation: %v", err)
	}
}
