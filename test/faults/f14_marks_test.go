package faults_test

import (
	"sync"
	"testing"
)

// F14: one person likes and takes back, reads and marks, on two servers at once, while others write and
// like. What was said last holds at both servers at once, and counters equal counts.
//
// Planted, and seen red: taking back what is not liked (I7); notifications that are read and stay open to grow.
func TestF14Marks(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2, noFootprint: true})
	for round := range often(6, 200) {
		p := s.people[round%len(s.people)]
		other := s.people[(round+1)%len(s.people)]
		var all sync.WaitGroup
		for i := range 12 {
			h := s.hand(p, 100*round+i)
			all.Go(func() {
				for n := range 3 {
					switch i % 3 {
					case 0:
						s.like(h, other.post, (i+n)%2 == 0)
					case 1:
						s.mark(h, i%2)
					case 2:
						o := s.hand(other, 100*round+i)
						s.do(o, s.draft(other, p, note))
						s.like(o, other.post, n%2 == 0)
					}
				}
			})
		}
		all.Wait()

		// Nobody does anything now but p, once, at one server.
		h := s.hand(p, 100*round+99)
		liked, server := h.rand.IntN(2) == 0, h.rand.IntN(2)
		s.likeAt(h, server, other.post, liked)
		s.must(server, p.token, `mutation($id: ID!) { markConversationRead(input: {conversationId: $id}) { unread { notes } userErrors { code } } }`, map[string]any{"id": s.conversation(p, other)}, nil)
		s.must(server, p.token, `mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil, nil)
		for i := range s.servers {
			var now struct {
				Post   struct{ ViewerHasLiked bool }
				Viewer struct {
					Conversation struct{ UnreadCount int }
					Unread       unread
				}
			}
			s.must(i, p.token, `query($post: ID!, $with: ID!) { post(id: $post) { viewerHasLiked } viewer { conversation(withUserId: $with) { unreadCount } unread { notifications unseenNotifications } } }`,
				map[string]any{"post": other.post, "with": other.id}, &now)
			if now.Post.ViewerHasLiked != liked {
				s.violated("F14", "%s liked: %t, and server %d says otherwise", p.name, liked, i)
			}
			if n := now.Viewer.Conversation.UnreadCount; n != 0 || now.Viewer.Unread != (unread{}) {
				s.violated("F14", "%s has read everything, and server %d says %d and %+v", p.name, i, n, now.Viewer.Unread)
			}
		}
	}
	s.finish()
}

// conversation is that of two people.
func (s *site) conversation(p, other *person) string {
	s.t.Helper()
	var got struct {
		Viewer struct{ Conversation struct{ ID string } }
	}
	s.must(0, p.token, `query($with: ID!) { viewer { conversation(withUserId: $with) { id } } }`, map[string]any{"with": other.id}, &got)
	return got.Viewer.Conversation.ID
}

// mark marks as read or seen at one server.
func (s *site) mark(p *hand, server int) {
	switch p.rand.IntN(3) {
	case 0:
		s.read(p)
	case 1:
		_ = s.ask(s.t.Context(), server, p.token, `mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil, nil)
	case 2:
		var v struct {
			Viewer struct {
				Notifications struct{ Nodes []struct{ ID string } }
			}
		}
		if err := s.ask(s.t.Context(), server, p.token, `{ viewer { notifications(first: 5) { nodes { id } } } }`, nil, &v); err == nil {
			for _, n := range v.Viewer.Notifications.Nodes {
				_ = s.ask(s.t.Context(), server, p.token, `mutation($id: ID!) { markNotificationRead(input: {id: $id}) { userErrors { code } } }`, map[string]any{"id": n.ID}, nil)
			}
		}
	}
}
