package demo

import (
	"context"
	"time"

	"github.com/notewire/notewire/internal/notes"
)

// planRoom has a room made, joined and talked in over the year.
func (s *site) planRoom(l *language, text roomText) {
	owner := s.somebody(l)
	if owner == nil {
		return
	}
	t := s.talk(l, owner)
	t.isRoom, t.at = true, owner.joined.Add(24*time.Hour)
	name := free(text.name, "-", func(name string) bool { return s.roomNames[name] })
	s.roomNames[name] = true
	t.add(t.at, func(ctx context.Context, h *hand) error {
		made, err := h.notes.CreateRoom(ctx, owner.viewer(), notes.NewRoom{Name: name, Title: &text.title})
		if err == nil {
			t.UUID = made.Conversation.ID
		}
		return err
	}, t.thing, owner.thing)
	everybody := s.byLang[l.code]
	for i, visits := 0, 8+s.random.IntN(8); i < visits; i++ {
		for range 1 + len(everybody)/12 {
			t.join(s.somebody(l, t.members...))
		}
		if i%2 == 0 {
			t.question(text.topic)
		} else {
			t.meeting(text.topic, text.topic.thread(s.random))
		}
		t.at = t.after(t.at, t.end.Sub(t.at)/time.Duration(max(1, visits-i)))
	}
}

func (t *talk) join(p *person) {
	if p == nil || t.at.After(t.end) || p.joined.After(t.at) {
		return
	}
	t.members = append(t.members, p)
	t.add(t.at, func(ctx context.Context, h *hand) error {
		_, err := h.notes.JoinRoom(ctx, p.viewer(), &t.UUID, nil)
		return err
	}, t.thing, p.thing)
	t.at = t.after(t.at, 10*time.Minute)
}

// question is asked in a room and answered there. Who asked is named.
func (t *talk) question(topic *topic) {
	text := topic.posts[t.next("questions "+t.code+topic.name, len(topic.posts))]
	words := topic.thread(t.random)
	asks := pick(t.random, t.members)
	t.say(asks, words.say(text.title))
	for _, c := range text.comments {
		t.at = t.after(t.at, 9*time.Minute)
		by := pick(t.random, t.members)
		body := words.say(c.text)
		if by != asks && t.chance(50) {
			body = "@" + asks.username + " " + body
		}
		t.say(by, body, asks)
		if len(c.replies) > 0 {
			t.at = t.after(t.at, 5*time.Minute)
			t.say(asks, words.say(c.replies[0]))
		}
	}
}
