package property_test

import (
	"slices"
	"strings"

	"github.com/notewire/notewire/internal/sitetest"
)

type post struct {
	id, title, body string
	author          int
	comments        []*postComment // those that are listed
	likes           map[int]bool   // false: not any more
	watched         map[int]bool   // false: muted
	mentioned       map[int]bool   // who was told of being named
	socket          *sitetest.Subscription
	live            <-chan object
	first           string // the cursor of the first comment
	firstComment    *postComment
}

type postComment struct {
	id, body  string
	in        *post
	parent    *postComment
	author    int
	likes     map[int]bool
	mentioned map[int]bool
	replies   int
	deleted   bool
}

// subject is a post or a comment.
type subject struct {
	id        string
	in        *post
	author    int
	likes     map[int]bool
	mentioned map[int]bool
	deleted   bool
}

func (p *post) subject() subject { return subject{p.id, p, p.author, p.likes, p.mentioned, false} }
func (c *postComment) subject() subject {
	return subject{c.id, c.in, c.author, c.likes, c.mentioned, c.deleted}
}

// hears says that a user is notified when another does something about a post.
func (m *model) hears(user, by int, kind string, p *post) bool {
	watched, known := p.watched[user]
	return user != by && !m.apart(user, by) && !m.quiet[quiet{user, kind}] && (watched || !known && kind != "COMMENT")
}

// named are those whom a text names and an earlier one did not, and who are told so.
func (w *world) named(s subject, by *person, now, before string) (list []int) {
	for _, q := range w.people {
		at := "@" + q.at[0].Username
		if strings.Contains(now, at) && !strings.Contains(before, at) && !s.mentioned[q.n] && w.model.hears(q.n, by.n, "MENTION", s.in) {
			list = append(list, q.n)
			s.mentioned[q.n] = true
		}
	}
	return list
}

// forgetMentions has two users know nothing any more of having named each other.
func (m *model) forgetMentions(a, b int) {
	forget := func(author int, mentioned map[int]bool) {
		switch author {
		case a:
			delete(mentioned, b)
		case b:
			delete(mentioned, a)
		}
	}
	for _, p := range m.posts {
		forget(p.author, p.mentioned)
		for _, c := range p.comments {
			forget(c.author, c.mentioned)
		}
	}
}

// remove deletes a comment: its place remains while it has replies.
func (p *post) remove(c *postComment) {
	c.deleted, c.body = true, ""
	clear(c.likes)
	clear(c.mentioned)
	for c != nil && c.deleted && c.replies == 0 {
		p.comments = slices.DeleteFunc(p.comments, func(o *postComment) bool { return o == c })
		if c = c.parent; c != nil {
			c.replies--
		}
	}
}

func count(likes map[int]bool) (n float64) {
	for _, on := range likes {
		if on {
			n++
		}
	}
	return n
}
