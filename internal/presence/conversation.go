package presence

import (
	"container/list"
	"sync"
	"time"

	"github.com/google/uuid"
)

// conversation is one that has listeners here. All but admission is guarded by the presence's mutex; who holds
// it ends with unlock, which also sends and wakes.
type conversation struct {
	*Presence
	id        uuid.UUID
	stop      func() // listening to signals and wakes
	listeners map[*Listener]struct{}
	here      map[uuid.UUID]int // the users present in this process, by how many listeners

	// At most maxShown users, each once, the one that changed last at the end. Who is neither present nor
	// typing keeps the place until somebody else needs it, so that all are told that they left; only a
	// reader whom 200 others have overtaken is not. Versions count the changes.
	users   map[uuid.UUID]*user
	changes list.List // of *user
	version int64
	rung    int64 // the version at which somebody may have been removed

	timer  *time.Timer
	armed  time.Time // when it fires; zero: it does not
	repeat time.Time // when those who are here are announced again

	changed bool      // since the last unlock
	out     []message // to be sent by unlock

	// How those stand who listen here and those who are shown. The maps are never changed.
	admission struct {
		sync.Mutex
		version int64 // that was current before they were asked for
		users   map[uuid.UUID]Standing
	}
}

func newConversation(p *Presence, id uuid.UUID) *conversation {
	c := &conversation{Presence: p, id: id, listeners: map[*Listener]struct{}{}, here: map[uuid.UUID]int{},
		users: map[uuid.UUID]*user{}, repeat: time.Now().Add(p.repeatEvery)}
	c.admission.version = -1
	c.timer = time.AfterFunc(p.repeatEvery, c.tick)
	c.armed = c.repeat
	stopSignals, stopWakes := p.hub.OnSignal(id, c.hear), p.hub.OnWake(id, c.wake)
	c.stop = func() { stopSignals(); stopWakes() }
	c.out = append(c.out, message{kind: asks, process: p.self})
	return c
}

// unlock says what is to be said, in the order of the changes, releases the presence, and then wakes the listeners if
// there was a change.
func (c *conversation) unlock() {
	c.send(c.id, c.out...)
	c.out = nil
	var woken []*Listener
	if c.changed {
		for l := range c.listeners {
			woken = append(woken, l)
		}
	}
	c.changed = false
	c.mu.Unlock()
	for _, l := range woken {
		l.wake()
	}
}

func (c *conversation) enter(l *Listener, now time.Time) {
	c.listeners[l] = struct{}{}
	c.here[l.user]++
	if c.here[l.user] == 1 {
		c.welcome(l.user, now)
	}
}

// welcome shows a user who is here, if there is a place, and tells the other processes.
func (c *conversation) welcome(id uuid.UUID, now time.Time) {
	if u := c.show(id); u != nil {
		c.refresh(u, now)
		c.out = append(c.out, message{isPresent, c.self, id, 1})
	}
}

func (c *conversation) leave(l *Listener, now time.Time) {
	delete(c.listeners, l)
	if c.here[l.user]--; c.here[l.user] == 0 {
		delete(c.here, l.user)
		if u := c.users[l.user]; u != nil {
			c.refresh(u, now)
			c.out = append(c.out, message{isPresent, c.self, l.user, 0})
		}
	}
	if len(c.listeners) == 0 {
		delete(c.open, c.id)
		c.timer.Stop()
		c.stop()
	}
}

// wake has all who listen admitted anew, although there may be nothing to tell: who takes part has changed.
func (c *conversation) wake() {
	c.mu.Lock()
	c.version++
	c.rung = c.version
	c.changed = true
	c.unlock()
}

// hear takes what another process says. What this one has said was applied at once.
func (c *conversation) hear(data string) {
	m, ok := decode(data)
	if !ok || m.process == c.self {
		return
	}
	c.mu.Lock()
	if len(c.listeners) > 0 {
		c.apply(m, time.Now())
	}
	c.unlock()
}

func (c *conversation) apply(m message, now time.Time) {
	if m.kind == asks {
		c.announce(now)
		return
	}
	u := c.users[m.user]
	if u == nil {
		if m.value == 0 { // nothing of it was shown
			return
		}
		if u = c.show(m.user); u == nil {
			return
		}
	}
	switch m.kind {
	case isPresent:
		delete(u.elsewhere, m.process)
		if m.value > 0 {
			if u.elsewhere == nil {
				u.elsewhere = map[process]time.Time{}
			}
			u.elsewhere[m.process] = now.Add(c.goneAfter)
		}
	case isTyping:
		u.typing = now.Add(min(time.Duration(m.value)*time.Millisecond, c.typingFor))
	case hasRead:
		u.read = max(u.read, m.value)
	}
	c.refresh(u, now)
}

// announce tells the other processes who is present here, and who of them is typing.
func (c *conversation) announce(now time.Time) {
	for id, u := range c.users {
		if c.here[id] == 0 {
			continue
		}
		c.out = append(c.out, message{isPresent, c.self, id, 1})
		if left := u.typing.Sub(now); left > 0 {
			c.out = append(c.out, message{isTyping, c.self, id, left.Milliseconds()})
		}
	}
}
