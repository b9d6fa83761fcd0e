// Package presence knows, of each conversation that somebody here looks at, who else does, who is typing, and
// whose read mark has moved. Nothing of it is stored: the processes of a site tell each other by signals, which
// may be lost, so each repeats what it knows of its own users, and what is not repeated has ended.
package presence

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

const (
	// Each process repeats this often which of its users are present.
	repeatEvery = 3 * time.Second
	// Who was not repeated for so long is gone: two repeats may be lost. A process that is killed is missed
	// for no longer.
	goneAfter = 8 * time.Second
	// Typing ends so long after it was last said.
	typingFor = 5 * time.Second
	// maxShown is how many users of a conversation are kept and told of, in each process: all of a group,
	// some of a room. There whoever is here comes first, and others when a place is free.
	maxShown = 200
)

// Activity is what there is to tell of a user in a conversation.
type Activity struct {
	User        uuid.UUID
	IsPresent   bool  // somewhere on the site, the conversation is open
	IsTyping    bool  // was a moment ago
	LastReadSeq int64 // of the newest note that the user has read; 0: it did not move lately, or is not shared
}

// Standing is how a user stands to a conversation, and to others in it.
type Standing struct {
	MayListen       bool
	IsHidden        bool // from all others, such as somebody who has not accepted the conversation
	SharesReadMarks bool // shows their own, and sees those of others who do
	Unseen          []uuid.UUID
}

// Admit finds how some users stand to a conversation now, and whom of each other they do not see. Who is
// missing in the answer may not listen, and is hidden.
type Admit func(ctx context.Context, conversation uuid.UUID, users []uuid.UUID) (map[uuid.UUID]Standing, error)

// Presence keeps the conversations that have listeners in this process, and nothing of all others.
type Presence struct {
	hub   *stream.Hub
	admit Admit
	self  process

	repeatEvery, goneAfter, typingFor time.Duration

	mu   sync.Mutex
	open map[uuid.UUID]*conversation
}

// New makes the presence of a process whose hub is given. Before each delivery admit is asked again, once for
// all who listen here.
func New(hub *stream.Hub, admit Admit) *Presence {
	p := &Presence{hub: hub, admit: admit, open: map[uuid.UUID]*conversation{},
		repeatEvery: repeatEvery, goneAfter: goneAfter, typingFor: typingFor}
	_, _ = rand.Read(p.self[:]) // never fails
	return p
}

// Listener is one who looks at a conversation. Next is for one goroutine at a time.
type Listener struct {
	presence     *Presence
	conversation *conversation
	user         uuid.UUID
	wake         func()

	// Guarded by the presence.
	told   int64 // the version up to which it was told
	joined int64 // the version at which it came
	left   bool
}

// Join makes a user present in a conversation until Leave, and lets them hear of the others: by Next, at first
// at once, and then whenever wake was called. It is called perhaps too often, from any goroutine, and must not
// block. Whether the user may listen is for the caller to have found out.
func (p *Presence) Join(id, user uuid.UUID, wake func()) *Listener {
	p.mu.Lock()
	c := p.open[id]
	if c == nil {
		c = newConversation(p, id)
		p.open[id] = c
	}
	l := &Listener{presence: p, conversation: c, user: user, wake: wake}
	c.enter(l, time.Now())
	l.joined = c.version
	c.unlock()
	return l
}

// Leave ends the listener. wake may be called once more while it runs.
func (l *Listener) Leave() {
	l.presence.mu.Lock()
	if l.left {
		l.presence.mu.Unlock()
		return
	}
	l.left = true
	l.conversation.leave(l, time.Now())
	l.conversation.unlock()
}

// Next returns what there is to tell that the listener was not told yet, at most limit users: first all of
// whom there is something to tell, then those of whom something has changed, each as it is now. The listener
// is not told of themselves. It does not wait for changes. Who may not listen any more gets NOT_FOUND, with
// the next change at the latest, and at once when the transaction that removed them rings the conversation.
func (l *Listener) Next(ctx context.Context, limit int) ([]Activity, error) {
	p, c := l.presence, l.conversation
	p.mu.Lock()
	pending, version := c.pending(l), c.version
	p.mu.Unlock()
	if !pending {
		return nil, nil
	}
	standing, err := c.standing(ctx, l.user, version)
	switch {
	case err != nil:
		return nil, err
	case !standing[l.user].MayListen:
		return nil, problem.New(problem.NotFound, "There is no such conversation.")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return c.tell(l, limit, version, standing), nil
}

// SetTyping says that a user is typing in a conversation, for the next 5 seconds, or not any more. It reaches
// all who listen, on all processes, whether or not somebody listens here.
func (p *Presence) SetTyping(conversation, user uuid.UUID, typing bool) {
	m := message{kind: isTyping, process: p.self, user: user}
	if typing {
		m.value = p.typingFor.Milliseconds()
	}
	p.say(conversation, m)
}

// Read says that a user has read a conversation up to a note.
func (p *Presence) Read(conversation, user uuid.UUID, seq int64) {
	p.say(conversation, message{kind: hasRead, process: p.self, user: user, value: seq})
}

// say tells those who listen here at once, and all others through the hub.
func (p *Presence) say(conversation uuid.UUID, m message) {
	p.mu.Lock()
	p.send(conversation, m)
	if c := p.open[conversation]; c != nil {
		c.apply(m, time.Now())
		c.unlock()
	} else {
		p.mu.Unlock()
	}
}

// send leaves messages with the hub, which replaces those that still wait by later ones of the same key: so p.mu is
// held, that the last to be left is the last to be true.
func (p *Presence) send(conversation uuid.UUID, messages ...message) {
	for _, m := range messages {
		data := m.encode()
		p.hub.Signal(conversation, data[:keySize], data)
	}
}
