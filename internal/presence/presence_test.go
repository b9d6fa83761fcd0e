package presence

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/problem"
)

const never = time.Hour // a time that plays no part

// TestTwoProcesses repeats nothing: each change is told once, and a newcomer asks.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	for name, meet := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := meet(t)
			one, two := at.start(t, never), at.start(t, never)
			room, u := ids.New(), people(4)
			anna := one.join(room, u[0])
			one.SetTyping(room, u[0], true)
			fence(one, two) // nobody listened there when all of this was said
			bert := two.join(room, u[1])
			bert.sees("who was there before", Activity{User: u[0], IsPresent: true, IsTyping: true})
			anna.sees("the newcomer", present(u[1]))

			two.SetTyping(room, u[1], true)
			anna.sees("typing elsewhere", Activity{User: u[1], IsPresent: true, IsTyping: true})
			two.SetTyping(room, u[1], false)
			anna.sees("no longer typing", present(u[1]))
			one.SetTyping(room, u[0], false)
			bert.sees("no longer typing", present(u[0]))
			one.Read(room, u[0], 7)
			bert.sees("the read mark", Activity{User: u[0], IsPresent: true, LastReadSeq: 7})
			one.Read(room, u[0], 5) // overtaken by a later one
			one.SetTyping(room, u[2], true)
			typist := Activity{User: u[2], IsTyping: true}
			anna.sees("typing though not present", typist)
			bert.sees("typing though not present", typist)
			bert.sees("the read mark stays", Activity{User: u[0], IsPresent: true, LastReadSeq: 7})

			again, third := two.join(room, u[0]), two.join(room, u[3])
			third.sees("who is there, here and elsewhere", Activity{User: u[0], IsPresent: true, LastReadSeq: 7})
			anna.sees("one here and one there", present(u[3]))
			anna.Leave()
			anna.Leave() // changes nothing
			bert.until("still present by the other process", func() bool { return bert.knows[u[0]].IsPresent })
			again.Leave()
			bert.sees("gone everywhere", Activity{User: u[0], LastReadSeq: 7})
			if bert.knows[u[1]] != (Activity{}) || anna.knows[u[0]] != (Activity{}) {
				t.Error("somebody was told of themselves")
			}
		})
	}
}

// fence returns when what one process has said is with another.
func fence(from, to *site) {
	from.t.Helper()
	elsewhere, somebody := ids.New(), ids.New()
	o := to.join(elsewhere, ids.New())
	eventually(from.t, "what was said", func() bool {
		from.SetTyping(elsewhere, somebody, true) // the first may come before the topic is followed
		o.read(7)
		return o.knows[somebody].IsTyping
	})
	o.Leave()
}

// TestItsOwnEchoSaysNothing has the broker give back late what a process said before.
func TestItsOwnEchoSaysNothing(t *testing.T) {
	t.Parallel()
	at := postgresPlace(t)
	one, two := at.start(t, never), at.start(t, never)
	room, u := ids.New(), people(2)
	anna := one.join(room, u[0])
	one.SetTyping(room, u[1], true)
	one.SetTyping(room, u[1], false)
	anna.read(7)
	late := message{isTyping, one.self, u[1], typingFor.Milliseconds()}.encode()
	one.hub.Signal(room, "an echo", late)
	fence(one, two)
	two.Read(room, u[1], 1)
	anna.until("what came after it", func() bool { return anna.knows[u[1]].LastReadSeq == 1 })
	if anna.knows[u[1]].IsTyping {
		t.Error("an echo brought back what was over")
	}
}

func TestTypingEndsByItself(t *testing.T) {
	t.Parallel()
	at := postgresPlace(t)
	one, two := at.start(t, never), at.start(t, never)
	const typingFor = 300 * time.Millisecond
	one.typingFor, two.typingFor = typingFor, typingFor
	room, u := ids.New(), people(3)
	one.join(room, u[0])
	anna, bert := one.join(room, u[1]), two.join(room, u[2])
	bert.sees("who was there before", present(u[0]))
	anna.sees("who was there before", present(u[0]))
	began := time.Now()
	one.SetTyping(room, u[0], true)
	anna.until("typing", func() bool { return anna.times[u[0]] == 2 })
	anna.sees("no longer typing", present(u[0]))
	if took := time.Since(began); took < typingFor {
		t.Errorf("typing lasted %s", took)
	}
	bert.until("typing there", func() bool {
		one.SetTyping(room, u[0], true) // again and again: on a busy machine the end may overtake the news
		return bert.knows[u[0]].IsTyping
	})
	bert.sees("no longer typing there", present(u[0]))
}

// TestWhoIsNotRepeatedIsGone kills a process, and lets another be cut from the broker for a while.
func TestWhoIsNotRepeatedIsGone(t *testing.T) {
	t.Parallel()
	for name, meet := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const gone = 400 * time.Millisecond
			at := meet(t)
			one, two, three := at.start(t, gone), at.start(t, gone), at.start(t, gone)
			one.repeatEvery = never // it looks when somebody may be gone, not when it repeats
			room, u := ids.New(), people(3)
			anna := one.join(room, u[0])
			two.join(room, u[1])
			three.join(room, u[2])
			anna.sees("the second", present(u[1]))
			anna.sees("the third", present(u[2]))
			two.kill()
			anna.sees("the second is missed", Activity{User: u[1]})
			anna.sees("the third is there", present(u[2]))
			for range 2 {
				three.broker.lossy.Store(true)
				anna.sees("the third is missed", Activity{User: u[2]})
				three.broker.lossy.Store(false)
				anna.sees("the third is back", present(u[2]))
			}
			// As long as repeats come, nobody is told anything.
			before := anna.times[u[2]]
			sent := three.broker.count(isPresent)
			eventually(t, "repeats", func() bool { return three.broker.count(isPresent) > sent+8 })
			anna.read(7)
			if anna.knows[u[2]] != present(u[2]) {
				t.Error("the third is gone though repeated")
			}
			// On a machine that stood still for that long they may have gone and come again.
			if anna.times[u[2]] > before {
				t.Logf("told %d times of who did not move", anna.times[u[2]]-before)
			}
		})
	}
}

// TestADeafBroker has two processes that hear nothing of each other: both serve their own, and nothing hangs.
func TestADeafBroker(t *testing.T) {
	t.Parallel()
	const gone = 400 * time.Millisecond
	at := postgresPlace(t)
	one, two := at.start(t, gone), at.start(t, gone)
	one.broker.lossy.Store(true)
	two.broker.lossy.Store(true)
	room, u := ids.New(), people(4)
	anna, also, bert := one.join(room, u[0]), one.join(room, u[1]), two.join(room, u[2])
	anna.sees("who is here", present(u[1]))
	one.SetTyping(room, u[0], true)
	also.sees("typing here", Activity{User: u[0], IsPresent: true, IsTyping: true})
	one.SetTyping(room, u[0], false)
	also.sees("no longer typing", present(u[0]))
	if bert.read(7) > 0 {
		t.Errorf("a deaf broker tells of %+v", bert.knows)
	}
	one.broker.lossy.Store(false)
	bert.sees("what is repeated", present(u[1]))
	two.broker.lossy.Store(false)
	anna.sees("what is repeated", present(u[2]))
}

// TestManyUsers has more than are shown, elsewhere and here.
func TestManyUsers(t *testing.T) {
	t.Parallel()
	at := postgresPlace(t)
	one, two := at.start(t, 4*time.Second), at.start(t, 4*time.Second)
	room := ids.New()
	anna := one.join(room, ids.New())
	crowd := people(2 * maxShown)
	var there []*onlooker
	for _, u := range crowd {
		there = append(there, two.join(room, u))
	}
	anna.until("as many as are shown", func() bool { return len(anna.knows) == maxShown-1 })
	size := func(s *site) (users, listeners int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		c := s.open[room]
		if len(c.users) != c.changes.Len() {
			t.Errorf("%d users in %d places", len(c.users), c.changes.Len())
		}
		return len(c.users), len(c.listeners)
	}
	for _, s := range []*site{one, two} {
		if users, _ := size(s); users != maxShown {
			t.Errorf("%d users are kept", users)
		}
	}
	there[0].read(1)
	if len(there[0].knows) > maxShown {
		t.Errorf("%d are told of", len(there[0].knows))
	}
	// Those who leave make room for those who are there still, here at once, and there with a repeat.
	for _, o := range there[:maxShown] {
		o.Leave()
	}
	left := map[uuid.UUID]bool{}
	for _, u := range crowd[:maxShown] {
		left[u] = true
	}
	anna.until("the others", func() bool {
		shown := 0
		for u, a := range anna.knows {
			if left[u] && a.IsPresent {
				return false
			}
			if !left[u] && a.IsPresent {
				shown++
			}
		}
		return shown == maxShown-1
	})
	for _, s := range []*site{one, two} {
		if users, _ := size(s); users > maxShown {
			t.Errorf("%d users are kept", users)
		}
	}
}

// TestASlowReaderIsToldOnce has a reader that does not read while much changes.
func TestASlowReaderIsToldOnce(t *testing.T) {
	t.Parallel()
	one := postgresPlace(t).start(t, never)
	room, u := ids.New(), people(10)
	slow := one.join(room, ids.New())
	for _, user := range u {
		one.join(room, user)
	}
	slow.read(3)
	for i := range 100 {
		for _, user := range u {
			one.SetTyping(room, user, i%2 == 0)
			one.Read(room, user, int64(i))
		}
	}
	if told := slow.read(3); told != len(u) {
		t.Errorf("told %d times of %d users", told, len(u))
	}
	for _, user := range u {
		if a := slow.knows[user]; a != (Activity{User: user, IsPresent: true, LastReadSeq: 99}) {
			t.Errorf("knows %+v", a)
		}
	}
	// Who comes now is told nothing of who has left without a trace, and who reads is.
	gone := one.join(room, ids.New())
	gone.Leave()
	if newcomer := one.join(room, ids.New()); newcomer.read(100) != len(u)+1 {
		t.Errorf("told of %d users", len(newcomer.knows))
	}
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	one := postgresPlace(t).start(t, never)
	room, u := ids.New(), people(20)
	var all []*onlooker
	for _, user := range u {
		all = append(all, one.join(room, user))
	}
	for _, o := range all {
		o.read(100)
	}
	typist := ids.New()
	before := one.looks.Load()
	one.SetTyping(room, typist, true)
	for _, o := range all {
		o.sees("typing", Activity{User: typist, IsTyping: true})
	}
	if looks := one.looks.Load() - before; looks != 1 {
		t.Errorf("%d looks for %d who listen", looks, len(all))
	}
	one.standing.Store(u[3], Standing{})
	one.SetTyping(room, typist, false)
	for i, o := range all {
		list, err := o.Next(t.Context(), 100)
		var p *problem.Error
		switch {
		case i != 3 && (err != nil || len(list) != 1):
			t.Errorf("%v %v", list, err)
		case i == 3 && (!errors.As(err, &p) || p.Code != problem.NotFound):
			t.Errorf("%v %v for who may not listen any more", list, err)
		}
	}
}

// TestARingAsksAgain removes somebody while nothing else changes.
func TestARingAsksAgain(t *testing.T) {
	t.Parallel()
	at := postgresPlace(t)
	one, two := at.start(t, never), at.start(t, never)
	room, u := ids.New(), people(2)
	anna, bert := one.join(room, u[0]), one.join(room, u[1])
	anna.sees("the other", present(u[1]))
	bert.sees("the other", present(u[0]))
	before := anna.times[u[1]]
	one.standing.Store(u[1], Standing{})
	late := time.After(patience)
	for removed := false; !removed; {
		two.ring(room) // the first may come before the topic is followed
		select {
		case <-bert.bell:
			_, err := bert.Next(t.Context(), 7)
			removed = err != nil
		case <-time.After(10 * time.Millisecond):
		case <-late:
			t.Fatal("who was removed still listens")
		}
	}
	if anna.read(7); anna.times[u[1]] != before {
		t.Error("a ring tells of what has not changed")
	}
}

func TestWhatIsNotShown(t *testing.T) {
	t.Parallel()
	one := postgresPlace(t).start(t, never)
	room, u := ids.New(), people(4)
	open, secretive, hidden := u[0], u[1], u[2]
	one.standing.Store(secretive, Standing{MayListen: true})
	one.standing.Store(hidden, Standing{MayListen: true, IsHidden: true, SharesReadMarks: true})
	one.standing.Store(u[3], Standing{MayListen: true, SharesReadMarks: true, Unseen: []uuid.UUID{open}})
	var all []*onlooker
	for _, user := range u {
		all = append(all, one.join(room, user))
	}
	told := func(what string, want ...int) {
		t.Helper()
		for i, o := range all {
			if got := o.read(100); got != want[i] {
				t.Errorf("%s: %d was told of %d, not of %d: %+v", what, i, got, want[i], o.knows)
			}
		}
	}
	told("presence", 2, 2, 3, 1)
	one.Read(room, open, 1)
	told("a read mark", 0, 0, 1, 0)
	one.Read(room, secretive, 1)
	told("a read mark that is not shared", 0, 0, 0, 0)
	one.SetTyping(room, hidden, true)
	told("typing of who is hidden", 0, 0, 0, 0)
	one.SetTyping(room, secretive, true)
	told("typing", 1, 0, 1, 1)
	if a := all[0].knows[secretive]; a.LastReadSeq != 0 {
		t.Errorf("a read mark that is not shared: %+v", a)
	}
	one.SetTyping(room, open, true)
	told("typing of who is not seen by one", 0, 1, 1, 0)
	if a := all[1].knows[open]; a.LastReadSeq != 0 {
		t.Errorf("who does not share sees a read mark: %+v", a)
	}
}

// TestLeavingLeavesNothing comes and goes from several sides at once.
func TestLeavingLeavesNothing(t *testing.T) {
	t.Parallel()
	at := postgresPlace(t)
	one, two := at.start(t, 40*time.Millisecond), at.start(t, 40*time.Millisecond)
	rooms, u := people(3), people(5)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s := []*site{one, two}[i%2]
			for n := range 60 {
				room, user := rooms[n%3], u[(i+n)%5]
				l := s.Join(room, user, func() {})
				s.SetTyping(room, user, n%2 == 0)
				s.Read(room, user, int64(n))
				if _, err := l.Next(context.Background(), 3); err != nil {
					t.Error(err)
				}
				l.Leave()
			}
		})
	}
	all.Wait()
	for _, s := range []*site{one, two} {
		s.mu.Lock()
		if len(s.open) > 0 {
			t.Errorf("%d conversations are left", len(s.open))
		}
		s.mu.Unlock()
	}
}
