package demo

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/problem"
)

// talk is a conversation that is planned.
type talk struct {
	*site
	thing
	*made
	*language
	members []*person // a direct conversation has two
	isRoom  bool
	at      moment // of what was planned last
	said    []said
}

// said is a note that somebody has sent, once its event has happened.
type said struct {
	by   *person
	body string
	*made
}

// planConversations has people talk: most of them in twos, some in groups, and in a few rooms.
func (s *site) planConversations(n int) {
	rooms := min(n/60, len(s.languages)*len(s.languages[0].rooms))
	for i := range rooms {
		l := s.languages[i%len(s.languages)]
		s.planRoom(l, l.rooms[i/len(s.languages)])
	}
	begun := map[[2]*person]bool{}
	for i := range n - rooms {
		l := pick(s.random, s.people).lang
		a := s.somebody(l)
		b := s.somebody(l, a)
		if i == 0 { // the first two write to each other in any case
			a, b = s.people[0], s.people[min(1, len(s.people)-1)]
		}
		if a == nil || b == nil || a == b {
			return
		}
		if i > 0 && (s.chance(12) || begun[[2]*person{a, b}] || begun[[2]*person{b, a}]) {
			s.planGroup(l)
			continue
		}
		begun[[2]*person{a, b}] = true
		t := s.talk(a.lang, a, b)
		if s.chance(12) && i > 0 {
			t.request()
		} else {
			t.chat()
		}
	}
}

func (s *site) talk(l *language, members ...*person) *talk {
	t := &talk{site: s, thing: s.thing(), made: &made{}, language: l, members: members}
	for _, m := range members {
		t.at = latest(t.at, m.joined.Add(time.Minute))
	}
	t.at = s.moment(t.at, 1.5)
	return t
}

// chat is one to three episodes, days or weeks apart.
func (t *talk) chat() {
	a, b := t.members[0], t.members[1]
	for episode := 0; episode == 0 || t.chance(25) && episode < 3; episode++ {
		if episode > 0 {
			t.at = t.after(t.at, 6*24*time.Hour)
			if t.chance(50) {
				a, b = b, a
			}
		}
		topic := t.topics[t.next("talks "+t.code, len(t.topics))]
		chat := topic.chats[t.next("chats "+t.code+topic.name, len(topic.chats))]
		words := topic.thread(t.random)
		last := a
		for i, line := range chat {
			by, other := a, b
			if line.byOther {
				by, other = b, a
			}
			if i > 0 {
				t.at = t.after(t.at, 4*time.Minute)
			}
			// Who answers in the middle of it reads in half of the cases only when it is over.
			if by != last && (t.chance(50) || i >= len(chat)-2) {
				t.read(by)
			}
			t.say(by, words.say(line.text))
			if last = by; i == len(chat)-1 && t.chance(40) {
				t.at = t.after(t.at, 3*time.Minute)
				t.read(other)
				t.say(other, words.say(pick(t.random, t.closers)))
				last = other
			}
		}
		if other := a; t.chance(80) {
			if last == a {
				other = b
			}
			t.at = t.after(t.at, 30*time.Minute)
			t.read(other)
		}
	}
	if t.chance(10) {
		t.keep(t.members[t.random.IntN(2)])
	}
}

// request is the first note of a stranger, which is seldom answered.
func (t *talk) request() {
	from, to := t.members[0], t.members[1]
	topic := t.topics[t.next("topics of requests "+t.code, len(t.topics))]
	words := topic.thread(t.random)
	t.say(from, words.say(topic.requests[t.next("requests "+t.code+topic.name, len(topic.requests))]))
	t.at = t.after(t.at, 5*time.Hour)
	answer := t.random.IntN(10)
	if answer == 1 { // last of all: nobody has the two in a group afterwards
		t.at = t.end
	}
	if answer > 2 || t.at.After(t.end) {
		return
	}
	t.add(t.at, func(ctx context.Context, h *hand) (err error) {
		switch answer {
		case 0:
			_, err = h.notes.Decline(ctx, to.viewer(), t.UUID)
			if _, known := problem.AsUserErrors(err); known {
				return nil // the two know each other from a group: it was no request
			}
		case 1:
			_, err = h.notes.Block(ctx, to.viewer(), from.id.UUID)
		default:
			_, err = h.notes.Accept(ctx, to.viewer(), t.UUID)
		}
		return err
	}, t.thing, from.thing, to.thing)
}

// planGroup has three to eight people talk, some of whom are strangers to who made the group.
func (s *site) planGroup(l *language) {
	var members []*person
	for range 3 + s.random.IntN(6) {
		if p := s.somebody(l, members...); p != nil {
			members = append(members, p)
		}
	}
	if len(members) < 2 {
		return
	}
	t := s.talk(l, members...)
	topic := t.topics[t.next("groups "+t.code, len(t.topics))]
	words := topic.thread(t.random)
	in := notes.NewGroup{}
	if t.chance(70) {
		in.Title = new(words.say(topic.name + " · {" + topic.slots[0].name + "}"))
	}
	t.add(t.at, func(ctx context.Context, h *hand) error {
		for _, m := range members[1:] {
			in.Users = append(in.Users, m.id.UUID)
		}
		made, err := h.notes.CreateGroup(ctx, members[0].viewer(), in)
		if err == nil {
			t.UUID = made.Conversation.ID
		}
		return err
	}, t.touched()...)
	t.meeting(topic, words)
	for t.chance(35) {
		t.at = t.after(t.at, 9*24*time.Hour)
		t.meeting(topic, topic.thread(t.random))
	}
	if t.chance(20) {
		t.keep(pick(t.random, members))
	}
}

// meeting is what members of a group or a room say to one another, and who of them has read it.
func (t *talk) meeting(topic *topic, words *thread) {
	script := topic.groups[t.next("scripts "+t.code+topic.name, len(topic.groups))]
	last := -1
	for _, line := range script {
		t.at = t.after(t.at, 7*time.Minute)
		i := t.random.IntN(len(t.members))
		if i == last {
			i = (i + 1) % len(t.members)
		}
		last = i
		t.say(t.members[i], words.say(line))
	}
	for _, m := range t.members {
		if t.chance(70) {
			t.at = t.after(t.at, 10*time.Minute)
			t.read(m)
		}
	}
}

// touched are the logs that a note is written to: of a room, its own, the writer's and those of who is named.
func (t *talk) touched(more ...*person) []thing {
	touches := []thing{t.thing}
	if !t.isRoom {
		more = append(more, t.members...)
	}
	for _, m := range more {
		touches = append(touches, m.thing)
	}
	return touches
}

// say plans a note. Few are changed afterwards, and fewer taken back.
func (t *talk) say(by *person, body string, named ...*person) {
	if t.at.After(t.end) {
		return
	}
	n := said{by, body, &made{}}
	out := notes.Outgoing{Body: body}
	var reply *made
	if len(t.said) > 1 && t.chance(12) {
		if earlier := t.said[max(0, len(t.said)-1-t.random.IntN(4))]; earlier.by != by {
			reply = earlier.made
		}
	}
	isFirst := len(t.said) == 0 && len(t.members) == 2 && !t.isRoom
	t.said = append(t.said, n)
	t.add(t.at, func(ctx context.Context, h *hand) error {
		if t.UUID == uuid.Nil && isFirst {
			out.To = []uuid.UUID{t.other(by).id.UUID}
		} else {
			out.ConversationID = &t.UUID
		}
		if reply != nil {
			out.ReplyToID = &reply.UUID
		}
		sent, err := h.notes.Send(ctx, by.viewer(), out)
		if err == nil {
			t.UUID, n.UUID = sent.Note.ConversationID, sent.Note.ID
		}
		return err
	}, t.touched(append(named, by)...)...)
	switch later := t.after(t.at, time.Minute); {
	case later.After(t.end):
	case t.random.IntN(100) < 3:
		t.at = later
		t.add(later, func(ctx context.Context, h *hand) error {
			_, err := h.notes.Edit(ctx, by.viewer(), n.UUID, body+" :)")
			return err
		}, t.touched(by)...)
	case t.random.IntN(100) < 2 && later.Sub(t.at) < notes.UnsendWithin:
		t.at = later
		t.add(later, func(ctx context.Context, h *hand) error {
			_, err := h.notes.Unsend(ctx, by.viewer(), n.UUID)
			return err
		}, t.touched(by)...)
	}
}

func (t *talk) other(than *person) *person {
	if t.members[0] == than {
		return t.members[1]
	}
	return t.members[0]
}

// read plans that somebody reads all there is.
func (t *talk) read(by *person) {
	if t.at.After(t.end) {
		return
	}
	t.add(t.at, func(ctx context.Context, h *hand) error {
		_, err := h.notes.MarkRead(ctx, by.viewer(), t.UUID, nil)
		return err
	}, t.thing, by.thing)
}

// keep plans that somebody puts the conversation away, or wants no more of its notifications.
func (t *talk) keep(by *person) {
	t.at = t.after(t.at, 12*time.Hour)
	if t.at.After(t.end) {
		return
	}
	mute := t.chance(30)
	t.add(t.at, func(ctx context.Context, h *hand) (err error) {
		if mute {
			_, err = h.notes.Mute(ctx, by.viewer(), t.UUID, true)
		} else {
			_, err = h.notes.Archive(ctx, by.viewer(), t.UUID, true)
		}
		if _, known := problem.AsUserErrors(err); known {
			return nil // a group that waits as a request, or was never answered
		}
		return err
	}, t.thing, by.thing)
}
