package faults_test

import "slices"

// listed is all that a person finds on one server.
type listed struct {
	inbox, sent   []listedNote // oldest first, as they happened
	conversations []listedConversation
	notifications []notification
	unread        unread
	cursor        string
}

type listedNote struct {
	ID             string
	Body           string
	IdempotencyKey string
	Conversation   struct{ ID string }
	Sender         struct{ ID string }
}

type listedConversation struct {
	ID           string
	UnreadCount  int
	LastNote     *struct{ ID string }
	Participants struct {
		Nodes []struct {
			User         struct{ ID string }
			LastReadNote *struct{ ID string }
		}
	}
	notes []listedNote // oldest first
}

type listedComment struct {
	ID     string
	Body   string
	Author struct{ ID string }
}

// listedPost is what one server says of a post.
type listedPost struct {
	CommentCount, LikeCount int
	comments                []listedComment // oldest first
}

type connection[T any] struct {
	Nodes    []T
	PageInfo struct {
		HasNextPage bool
		EndCursor   *string
	}
}

// pages reads a list to its end: `list: ...` within root, from the variable after on.
func pages[T any](s *site, server int, token, root, list string) (all []T) {
	s.t.Helper()
	vars := map[string]any{}
	for {
		var got struct {
			Root struct{ List connection[T] }
		}
		s.must(server, token, `query($after: String) { root: `+root+` { `+list+` } }`, vars, &got)
		all = append(all, got.Root.List.Nodes...)
		if !got.Root.List.PageInfo.HasNextPage {
			return all
		}
		vars["after"] = got.Root.List.PageInfo.EndCursor
	}
}

const (
	page       = `first: 100, after: $after`
	info       = ` pageInfo { hasNextPage endCursor } }`
	noteFields = `{ nodes { id body idempotencyKey conversation { id } sender { id } }` + info
)

// lists reads all that a person has on one server.
func (s *site) lists(server int, p *person) *listed {
	s.t.Helper()
	l := &listed{
		inbox:         pages[listedNote](s, server, p.token, "viewer", `list: notes(box: INBOX, `+page+`) `+noteFields),
		sent:          pages[listedNote](s, server, p.token, "viewer", `list: notes(box: SENT, `+page+`) `+noteFields),
		conversations: pages[listedConversation](s, server, p.token, "viewer", `list: conversations(`+page+`) { nodes { id unreadCount lastNote { id } participants(first: 2) { nodes { user { id } lastReadNote { id } } } }`+info),
		notifications: pages[notification](s, server, p.token, "viewer", `list: notifications(`+page+`) { nodes `+notificationFields+info),
	}
	for i := range l.conversations {
		c := &l.conversations[i]
		if c.LastNote == nil {
			continue
		}
		c.notes = pages[listedNote](s, server, p.token, `node(id: "`+c.ID+`")`, `... on Conversation { list: notes(`+page+`) `+noteFields+` }`)
		slices.Reverse(c.notes)
	}
	slices.Reverse(l.inbox)
	slices.Reverse(l.sent)
	var now struct {
		Viewer struct {
			Unread unread
			Cursor string
		}
	}
	s.must(server, p.token, `{ viewer { cursor unread { notes conversations notifications unseenNotifications } } }`, nil, &now)
	l.unread, l.cursor = now.Viewer.Unread, now.Viewer.Cursor
	return l
}

// postOf reads a post on one server.
func (s *site) postOf(server int, p *person) *listedPost {
	s.t.Helper()
	var got struct{ Post listedPost }
	s.must(server, "", `query($id: ID!) { post(id: $id) { commentCount likeCount } }`, map[string]any{"id": p.post}, &got)
	got.Post.comments = pages[listedComment](s, server, "", `post(id: "`+p.post+`")`, `list: comments(`+page+`) { nodes { id body author { id } }`+info)
	return &got.Post
}

// likes says which posts everybody likes, as one server says.
func (s *site) likes(server int) map[*person]map[string]bool {
	s.t.Helper()
	var posts []string
	for _, p := range s.everyone() {
		posts = append(posts, p.post)
	}
	found := map[*person]map[string]bool{}
	for _, p := range s.people {
		found[p] = map[string]bool{}
		for some := range slices.Chunk(posts, 100) { // nodes takes as many
			var got struct {
				Nodes []struct {
					ID             string
					ViewerHasLiked bool
				}
			}
			s.must(server, p.token, `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Post { id viewerHasLiked } } }`, map[string]any{"ids": some}, &got)
			for _, n := range got.Nodes {
				found[p][n.ID] = n.ViewerHasLiked
			}
		}
	}
	return found
}
