package faults_test

import (
	"context"
	"slices"
	"strings"
	"time"
)

// everyone are the people and the canaries.
func (s *site) everyone() []*person { return append(slices.Clone(s.people), s.canaries...) }

// settle waits until every subscription is at the end of its log.
func (s *site) settle() {
	s.t.Helper()
	heads := map[*person]uint64{}
	lasts := map[string]string{}
	for _, p := range s.everyone() {
		var got struct {
			Viewer struct{ Cursor string }
			Post   struct {
				Comments struct{ Nodes []struct{ ID string } }
			}
		}
		s.must(0, p.token, `query($id: ID!) { viewer { cursor } post(id: $id) { comments(last: 1) { nodes { id } } } }`, map[string]any{"id": p.post}, &got)
		heads[p] = seqOf(got.Viewer.Cursor)
		if list := got.Post.Comments.Nodes; len(list) > 0 {
			lasts[p.post] = list[0].ID
		}
	}
	for end := time.Now().Add(firstEventTime); ; time.Sleep(10 * time.Millisecond) {
		var behind *reader
		for _, r := range s.readers {
			if !r.has(heads[r.who], lasts[r.post]) {
				behind = r
				break
			}
		}
		if behind == nil {
			return
		}
		if time.Now().After(end) {
			behind.mu.Lock()
			s.violated("I5", "%s: the end of the log has not come; it is at %d of %d, after %d sockets; %v", behind, behind.seq, heads[behind.who], behind.opened, behind.refused)
			behind.mu.Unlock()
			return
		}
	}
}

// has says whether the reader is at the end.
func (r *reader) has(head uint64, last string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.post == "" {
		return r.seq >= head
	}
	return len(r.events) > 0 && r.events[len(r.events)-1].Comment.ID == last
}

// checkCanaries has one canary write to the other: what they then have must be all that they ever got. A
// canary that hears nothing at all would prove nothing.
func (s *site) checkCanaries() {
	s.t.Helper()
	from, to := s.canaries[0], s.canaries[1]
	s.do(s.hand(from, 0), s.draft(from, to, note))
	s.settle()
	for _, r := range s.readers {
		if !r.quiet() || r.post != "" {
			continue
		}
		var types []string
		r.mu.Lock()
		for _, e := range r.events {
			types = append(types, e.Type)
		}
		r.mu.Unlock()
		want := []string{"NoteSent"}
		if r.who == to {
			want = []string{"NoteReceived", "NotificationReceived"}
		}
		if !slices.Equal(types, want) {
			s.violated("I6", "%s: %v, not %v", r, types, want)
		}
	}
}

// check pages through everything on every server and compares it with what was told (I1 to I7).
func (s *site) check() {
	s.t.Helper()
	for server := range s.servers {
		lists := map[*person]*listed{}
		posts := map[*person]*listedPost{}
		likes := s.likes(server)
		for _, p := range s.everyone() {
			lists[p], posts[p] = s.lists(server, p), s.postOf(server, p)
		}
		for _, p := range s.everyone() {
			s.checkWrites(server, p, lists, posts)
			s.checkCounters(server, p, lists[p], posts)
			s.checkLikes(server, p, posts[p], likes)
			for _, r := range s.readers {
				if r.who == p {
					s.checkReader(server, r, lists[p], posts[p])
				}
			}
		}
		s.checkStrangers(server, lists)
	}
	if s.t.Failed() {
		return
	}
	var n, lost int
	for _, p := range s.people {
		n += len(p.writes)
		for _, w := range p.writes {
			lost += min(w.lost, 1)
		}
	}
	s.t.Logf("%d notes and comments were tried, %d of which at first without an answer", n, lost)
}

// checkWrites compares what a person was told of each write with what is listed (I1 to I4).
func (s *site) checkWrites(server int, p *person, lists map[*person]*listed, posts map[*person]*listedPost) {
	s.t.Helper()
	found := map[string][]string{} // ids by body
	for _, n := range lists[p].sent {
		found[n.Body] = append(found[n.Body], n.ID)
		if n.Sender.ID != p.id {
			s.violated("I6", "server %d: %s among what %s sent", server, n.Body, p.name)
		}
	}
	for _, post := range posts {
		for _, c := range post.comments {
			if c.Author.ID == p.id {
				found[c.Body] = append(found[c.Body], c.ID)
			}
		}
	}
	for _, w := range p.writes {
		ids := found[w.body]
		delete(found, w.body)
		switch {
		case len(ids) > 1:
			s.violated("I2", "server %d: %q is listed %d times", server, w.body, len(ids))
		case w.state == rejected && len(ids) > 0:
			s.violated("I4", "server %d: %.60q was rejected and is listed", server, w.body)
		case w.state == acked && len(ids) == 0:
			s.violated(map[bool]string{false: "I1", true: "I3"}[w.lost > 0], "server %d: %q was acknowledged and is not listed", server, w.body)
		case w.state == acked && ids[0] != w.id:
			s.violated("I3", "server %d: %q was acknowledged as %s and is listed as %s", server, w.body, w.id, ids[0])
		}
		if w.kind == note && len(ids) == 1 && !slices.ContainsFunc(lists[w.to].inbox, func(n listedNote) bool { return n.ID == ids[0] }) {
			s.violated("I1", "server %d: %q is sent and with nobody", server, w.body)
		}
	}
	for body := range found {
		s.violated("I2", "server %d: %q was never written", server, body)
	}
	for _, n := range lists[p].inbox {
		if !strings.HasSuffix(n.Body, " to "+p.name) || n.Sender.ID == p.id {
			s.violated("I6", "server %d: %s has %q", server, p.name, n.Body)
		}
	}
}

// checkCounters compares counters with counts (I7), and what the bell says with what happened (I1).
func (s *site) checkCounters(server int, p *person, l *listed, posts map[*person]*listedPost) {
	s.t.Helper()
	post := posts[p]
	var counted unread
	happened := map[string]int{} // by subject, done by others
	for _, c := range l.conversations {
		unreadHere, lastRead := 0, ""
		for _, part := range c.Participants.Nodes {
			if part.User.ID == p.id && part.LastReadNote != nil {
				lastRead = part.LastReadNote.ID
			}
		}
		for _, n := range c.notes {
			if n.Sender.ID != p.id {
				unreadHere++
				happened[c.ID]++
			}
			if n.ID == lastRead {
				unreadHere = 0
			}
		}
		if unreadHere != c.UnreadCount {
			s.violated("I7", "server %d: a conversation of %s says %d unread, and has %d", server, p.name, c.UnreadCount, unreadHere)
		}
		counted.Notes += unreadHere
		counted.Conversations += min(unreadHere, 1)
	}
	for author, post := range posts {
		watches := author == p // and who has commented does from then on
		for _, c := range post.comments {
			if c.Author.ID == p.id {
				watches = true
			} else if watches {
				happened[author.post]++
			}
		}
	}
	for _, n := range l.notifications {
		counted.Notifications += count(!n.IsRead)
		counted.UnseenNotifications += count(!n.IsSeen)
		if n.Kind != "LIKE" { // a like that was taken back after it was read stays as it was
			happened[n.Subject.ID] -= n.Count
		}
	}
	if counted != l.unread {
		s.violated("I7", "server %d: the counters of %s are %+v, a count gives %+v", server, p.name, l.unread, counted)
	}
	for subject, missing := range happened {
		if missing != 0 {
			s.violated("I1", "server %d: the notifications of %s about %s leave out %d", server, p.name, subject, missing)
		}
	}
	if post.CommentCount != len(post.comments) {
		s.violated("I7", "server %d: the post of %s says %d comments, and has %d", server, p.name, post.CommentCount, len(post.comments))
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// checkLikes compares a post's likes with who likes it, and with what each was told last.
func (s *site) checkLikes(server int, author *person, post *listedPost, likes map[*person]map[string]bool) {
	s.t.Helper()
	n := 0
	for _, p := range s.people {
		liked := likes[p][author.post]
		n += count(liked)
		if said := p.likes[author.post]; said.known && said.liked != liked {
			s.violated("I1", "server %d: %s likes the post of %s: %t, and was told %t", server, p.name, author.name, liked, said.liked)
		}
	}
	if n != post.LikeCount {
		s.violated("I7", "server %d: the post of %s says %d likes, and has %d", server, author.name, post.LikeCount, n)
	}
}

// checkStrangers has a canary ask for what is others' (I6).
func (s *site) checkStrangers(server int, lists map[*person]*listed) {
	s.t.Helper()
	var ids []string
	for _, p := range s.people {
		for _, n := range lists[p].inbox[:min(5, len(lists[p].inbox))] {
			ids = append(ids, n.ID, n.Conversation.ID)
		}
		for _, n := range lists[p].notifications[:min(5, len(lists[p].notifications))] {
			ids = append(ids, n.ID)
		}
	}
	var got struct{ Nodes []*struct{ ID string } }
	if err := s.ask(context.Background(), server, s.canaries[0].token, `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids[:min(100, len(ids))]}, &got); err != nil {
		s.violated("I11", "%v", err)
	}
	for _, n := range got.Nodes {
		if n != nil {
			s.violated("I6", "server %d: a stranger sees %s", server, n.ID)
		}
	}
}
