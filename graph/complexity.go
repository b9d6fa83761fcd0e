package graph

import (
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/page"
)

// maxComplexity bounds what one operation may ask for: a field costs 1, and a list what its page holds
// times what each row costs. Every screen of a usual client stays under half of it.
const maxComplexity = 5000

// rows is how many rows a page will have at most. What is out of bounds is refused by the resolver; here
// it must not overflow.
func rows(first, last *int) int {
	n := page.DefaultSize
	switch {
	case first != nil:
		n = *first
	case last != nil:
		n = *last
	}
	return min(max(n, 1), page.MaxSize)
}

func list(child int, first *int, _ *string, last *int, _ *string) int {
	return 1 + child*rows(first, last)
}

func searched(child int, _ *string, first *int, after *string, last *int, before *string) int {
	return list(child, first, after, last, before)
}

func complexity() (c ComplexityRoot) {
	c.Query.Nodes = func(child int, ids []string) int { return 1 + child*min(len(ids), maxNodes) }
	c.Query.Posts, c.Query.Users, c.Query.Rooms = searched, searched, searched
	c.Query.Events = func(child int, _ *string, first, _ *int) int { return 1 + child*rows(first, nil) }
	c.User.Posts = list
	c.Post.Comments = list
	c.Comment.Replies = list
	c.Conversation.Participants = list
	c.Conversation.Notes = list
	c.Note.ReadBy = list
	c.Viewer.BlockedUsers = list
	c.Viewer.Sessions = list
	c.Viewer.Conversations = func(child int, _, _ bool, first *int, after *string, last *int, before *string) int {
		return list(child, first, after, last, before)
	}
	c.Viewer.Notes = func(child int, _ notes.Box, _ bool, _ *string, first *int, after *string, last *int, before *string) int {
		return list(child, first, after, last, before)
	}
	c.Viewer.Notifications = func(child int, _ *bool, _ []notify.Kind, _ bool, first *int, after *string, last *int, before *string) int {
		return list(child, first, after, last, before)
	}
	c.Notification.Actors = func(child int, first *int) int { return 1 + child*rows(first, nil) }
	return c
}
