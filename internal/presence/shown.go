package presence

import (
	"container/list"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// user is one of whom there may be something to tell.
type user struct {
	Activity                        // as the listeners are told
	version   int64                 // of the last change
	moved     int64                 // of the last change of anything but the read mark
	elsewhere map[process]time.Time // where else they are present, and until when if that is not repeated
	typing    time.Time             // until when
	read      int64
	place     *list.Element
}

// idle says that the user neither is present nor typing.
func (u *user) idle() bool { return !u.IsPresent && !u.IsTyping }

// show finds a user, or gives them a place: nil, when there is none.
func (c *conversation) show(id uuid.UUID) *user {
	if u := c.users[id]; u != nil {
		return u
	}
	if len(c.users) >= maxShown && !c.forget() {
		return nil
	}
	u := &user{Activity: Activity{User: id}}
	u.place = c.changes.PushBack(u)
	c.users[id] = u
	c.change(u)
	u.moved = u.version
	return u
}

// forget gives up the place of who has been idle for longest.
func (c *conversation) forget() bool {
	for e := c.changes.Front(); e != nil; e = e.Next() {
		if u := e.Value.(*user); u.idle() {
			c.changes.Remove(e)
			delete(c.users, u.User)
			return true
		}
	}
	return false
}

func (c *conversation) change(u *user) {
	c.version++
	u.version = c.version
	c.changes.MoveToBack(u.place)
	c.changed = true
}

// refresh sees what holds of a user now, and looks again when that ends by itself.
func (c *conversation) refresh(u *user, now time.Time) {
	for p, until := range u.elsewhere {
		if !until.After(now) {
			delete(u.elsewhere, p)
			continue
		}
		c.lookAt(until)
	}
	typing := u.typing.After(now)
	if typing {
		c.lookAt(u.typing)
	}
	was := u.Activity
	u.IsPresent, u.IsTyping, u.LastReadSeq = c.here[u.User] > 0 || len(u.elsewhere) > 0, typing, u.read
	if u.Activity == was {
		return
	}
	c.change(u)
	if was.LastReadSeq = u.LastReadSeq; u.Activity != was {
		u.moved = u.version
	}
}

// lookAt has tick run at a moment, or before: one that comes too early costs a look.
func (c *conversation) lookAt(t time.Time) {
	if c.armed.IsZero() || t.Before(c.armed) {
		c.armed = t
		c.timer.Reset(time.Until(t))
	}
}

// tick lets go of what has ended, and repeats who is here.
func (c *conversation) tick() {
	c.mu.Lock()
	if len(c.listeners) == 0 {
		c.mu.Unlock()
		return
	}
	now := time.Now()
	c.armed = time.Time{}
	for _, u := range c.users {
		c.refresh(u, now)
	}
	if !now.Before(c.repeat) {
		c.repeat = now.Add(c.repeatEvery)
		c.announce(now)
		c.fill(now)
	}
	c.lookAt(c.repeat)
	c.unlock()
}

// fill gives the places that have become free to users who are here and have none.
func (c *conversation) fill(now time.Time) {
	for id := range c.here {
		if c.users[id] == nil {
			if c.welcome(id, now); c.users[id] == nil {
				return
			}
		}
	}
}

// pending says whether there may be something to tell to a listener.
func (c *conversation) pending(l *Listener) bool {
	if c.rung > l.told {
		return true
	}
	for e := c.changes.Back(); e != nil && e.Value.(*user).version > l.told; e = e.Prev() {
		if e.Value.(*user).User != l.user {
			return true
		}
	}
	l.told = c.version
	return false
}

// tell takes what a listener has yet to be told of, up to a version.
func (c *conversation) tell(l *Listener, limit int, version int64, standing map[uuid.UUID]Standing) (list []Activity) {
	e := c.changes.Back()
	for e != nil && e.Prev() != nil && e.Prev().Value.(*user).version > l.told {
		e = e.Prev()
	}
	for ; e != nil && e.Value.(*user).version <= version; e = e.Next() {
		u := e.Value.(*user)
		if a, ok := l.news(u, standing[l.user], standing); ok {
			if len(list) == limit {
				return list
			}
			list = append(list, a)
		}
		l.told = max(l.told, u.version)
	}
	l.told = max(l.told, version)
	return list
}

// news is what a listener sees of a user, and whether they have yet to be told. What they do not see does not
// show in when they are told, either.
func (l *Listener) news(u *user, mine Standing, standing map[uuid.UUID]Standing) (Activity, bool) {
	theirs, found := standing[u.User]
	a, version := u.Activity, u.version
	if !mine.SharesReadMarks || !theirs.SharesReadMarks {
		a.LastReadSeq, version = 0, u.moved
	}
	switch {
	case u.User == l.user, !found, theirs.IsHidden, slices.Contains(mine.Unseen, u.User), version <= l.told:
		return a, false
	case version <= l.joined: // nobody needs to be told of who was gone before
		return a, !u.idle() || a.LastReadSeq > 0
	}
	return a, true
}

// standing says how a user and those who are shown stand to the conversation, as it was when a version was
// current or later. One look answers for all who listen here.
func (c *conversation) standing(ctx context.Context, user uuid.UUID, version int64) (map[uuid.UUID]Standing, error) {
	a := &c.admission
	a.Lock()
	defer a.Unlock()
	if _, asked := a.users[user]; asked && a.version >= version {
		return a.users, nil
	}
	c.mu.Lock()
	now := c.version
	users := make([]uuid.UUID, 0, len(c.here)+len(c.users))
	for id := range c.here {
		users = append(users, id)
	}
	for id := range c.users {
		if c.here[id] == 0 {
			users = append(users, id)
		}
	}
	c.mu.Unlock()
	found, err := c.admit(ctx, c.id, users)
	if err != nil {
		return nil, err
	}
	a.version, a.users = now, found
	return found, nil
}
