package demo

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/ids"
)

// planPosts has posts written, commented on and liked.
func (s *site) planPosts(n int) {
	for range n {
		l := pick(s.random, s.people).lang
		author := s.somebody(l)
		if author == nil {
			return
		}
		i := s.next("topics "+l.code, len(l.topics))
		t := l.topics[i]
		text := t.posts[s.next("posts "+l.code+t.name, len(t.posts))]
		words := t.thread(s.random)
		title := words.say(text.title)
		for try := 0; s.titles[title] && try < 10; try++ { // what was asked before is asked of another place
			words = t.thread(s.random)
			title = words.say(text.title)
		}
		s.titles[title] = true
		p := &post{site: s, thing: s.thing(), made: &made{}, language: l, author: author, at: s.moment(author.joined.Add(time.Minute), 1.6), words: words}
		p.watchers = []*person{author}
		p.write(title, text)
	}
}

// post is a post that is planned.
type post struct {
	*site
	thing
	*made
	*language
	author   *person
	at       moment
	words    *thread
	watchers []*person // who hears of comments so far
	spoken   []spoken
}

// spoken is a comment that somebody is going to write.
type spoken struct {
	at     moment
	by     *person
	body   string
	parent *made // nil: the post
	to     *person
	made   *made
}

func (p *post) write(title string, text *postText) {
	var lines []string
	for _, line := range text.body {
		lines = append(lines, p.words.say(line))
	}
	p.add(p.at, func(ctx context.Context, h *hand) error {
		made, err := h.board.CreatePost(ctx, p.author.viewer(), board.NewPost{Title: title, Body: strings.Join(lines, "\n\n")})
		if err == nil {
			p.UUID = made.ID
		}
		return err
	}, p.author.thing, p.thing)
	for _, c := range text.comments {
		if p.chance(85) {
			p.speak(c)
		}
	}
	for range p.random.IntN(4) {
		p.speak(&commentText{text: pick(p.random, p.remarks)})
	}
	p.planComments()
	p.planLikes(p.made, ids.Post, p.author, p.at, int(math.Pow(p.random.Float64(), 3)*24))
}

// speak plans a comment and what is replied to it.
func (p *post) speak(c *commentText) {
	by := p.somebody(p.language, p.author)
	if by == nil {
		by = p.author
	}
	s := spoken{at: p.after(latest(p.at, by.joined), 9*time.Hour), by: by, body: p.words.say(c.text), made: &made{}}
	p.spoken = append(p.spoken, s)
	for i, reply := range c.replies {
		r := spoken{at: p.after(s.at, 90*time.Minute), by: p.author, body: p.words.say(reply), parent: s.made, to: s.by, made: &made{}}
		if i%2 == 1 {
			r.by = by
		}
		p.spoken = append(p.spoken, r)
		s = r
	}
}

// planComments has the comments written in the order of their times: each is told to all who wrote before.
func (p *post) planComments() {
	slices.SortStableFunc(p.spoken, func(a, b spoken) int { return a.at.Compare(b.at) })
	for _, c := range p.spoken {
		if c.at.After(p.end) {
			break
		}
		touches := []thing{p.thing, c.by.thing}
		for _, w := range p.watchers {
			touches = append(touches, w.thing)
		}
		if c.to != nil {
			touches = append(touches, c.to.thing)
		}
		p.add(c.at, func(ctx context.Context, h *hand) error {
			in := board.NewComment{PostID: p.UUID, Body: c.body}
			if c.parent != nil {
				in.ParentID = &c.parent.UUID
			}
			made, err := h.board.AddComment(ctx, c.by.viewer(), in)
			if err == nil {
				c.made.UUID = made.ID
			}
			return err
		}, touches...)
		if !slices.Contains(p.watchers, c.by) {
			p.watchers = append(p.watchers, c.by)
		}
		p.planLikes(c.made, ids.Comment, c.by, c.at, int(math.Pow(p.random.Float64(), 4)*5))
	}
}

func (p *post) planLikes(subject *made, kind ids.Kind, author *person, at moment, n int) {
	var likers []*person
	for range n {
		by := p.somebody(p.language, append(likers, author)...)
		if by == nil {
			return
		}
		likers = append(likers, by)
		when := p.after(latest(at, by.joined), 20*time.Hour)
		if when.After(p.end) {
			continue
		}
		p.add(when, func(ctx context.Context, h *hand) error {
			return h.board.Like(ctx, by.viewer(), board.Subject{Kind: kind, ID: subject.UUID})
		}, p.thing, author.thing, by.thing)
	}
}

// planVisits has people look at their bells now and then. Those to log in as have not looked for some hours.
func (s *site) planVisits() {
	for i, p := range s.people {
		for range 4 + s.random.IntN(8) {
			at := s.moment(p.joined, 1.6)
			if last := s.end.Add(-5 * time.Hour); i < len(stars) && at.After(last) {
				at = last
			}
			all := s.chance(40)
			s.add(at, func(ctx context.Context, h *hand) error {
				if all {
					_, err := h.bell.MarkAllRead(ctx, p.viewer(), nil)
					return err
				}
				_, err := h.bell.MarkSeen(ctx, p.viewer(), nil)
				return err
			}, p.thing)
		}
	}
}
