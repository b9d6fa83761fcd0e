package demo

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

type moment = time.Time

// thing is what has an order of its own: a mailbox, a conversation, a post.
type thing int

// made is the identifier of something that an earlier event makes.
type made struct{ uuid.UUID }

// event is something that somebody does at some time.
type event struct {
	at      moment
	touches []thing
	do      func(context.Context, *hand) error

	number int // of the events in the order of their times
	waits  int // for how many events before
	next   []*event
}

// plan is all that happens, before it happens.
type plan struct {
	random     *rand.Rand
	begin, end moment
	things     thing
	events     []*event
}

func (p *plan) thing() thing {
	p.things++
	return p.things
}

// add plans what somebody does. touches are the logs that it writes to, and what it reads that others of the
// events make: events that share one happen in the order of their times.
func (p *plan) add(at moment, do func(context.Context, *hand) error, touches ...thing) {
	p.events = append(p.events, &event{at: at.Truncate(time.Millisecond), touches: touches, do: do})
}

// hand is what one worker acts through: the rooms of the domain, with a clock that is moved from event to event.
type hand struct {
	log   *stream.Log
	users *accounts.Accounts
	notes *notes.Notes
	board *board.Board
	bell  *notify.Bell
}

func newHand(ctx context.Context, db *postgres.DB) (*hand, error) {
	log, err := stream.NewLog(ctx, db)
	if err != nil {
		return nil, err
	}
	bell := notify.New(db, log)
	return &hand{log: log, users: accounts.New(db, log, time.Hour), notes: notes.New(db, log, bell), board: board.New(db, log, bell), bell: bell}, nil
}

// workers act at the same time: while some wait for Postgres the others make the next requests. They need a
// connection each.
var workers = min(2*runtime.NumCPU(), 16)

// carryOut has all happen. Events wait for those before them that touch the same; the others happen at the
// same time, so that what one log has is in the order of times, and the same whenever it is repeated.
func (p *plan) carryOut(ctx context.Context, db *postgres.DB, seed uint64, progress func(done, of int)) error {
	slices.SortStableFunc(p.events, func(a, b *event) int { return a.at.Compare(b.at) })
	// Room for all, so that nobody ever waits to put one in.
	ready := make(chan *event, len(p.events))
	lastOf := map[thing]*event{}
	for i, e := range p.events {
		e.number = i
		for _, t := range e.touches {
			if before := lastOf[t]; before != nil && before != e && !slices.Contains(before.next, e) {
				before.next = append(before.next, e)
				e.waits++
			}
			lastOf[t] = e
		}
		if e.waits == 0 {
			ready <- e
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex
	done := 0
	ended := func(e *event) {
		mu.Lock()
		defer mu.Unlock()
		for _, n := range e.next {
			if n.waits--; n.waits == 0 {
				ready <- n
			}
		}
		done++
		if analyzed := bits.OnesCount(uint(done)) == 1 && done >= 1024; analyzed {
			_, _ = db.ExecContext(ctx, "ANALYZE") // without it all is only slower
		}
		progress(done, len(p.events))
		if done == len(p.events) {
			close(ready)
		}
	}
	if len(p.events) == 0 {
		close(ready)
	}
	var running sync.WaitGroup
	for range workers {
		h, err := newHand(ctx, db)
		if err != nil {
			stop(err)
			break
		}
		running.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case e, more := <-ready:
					if !more {
						return
					}
					h.log.Clock = ids.NewClock(e.at, rand.New(rand.NewPCG(seed, uint64(e.number))))
					if err := e.do(ctx, h); err != nil {
						stop(err)
						return
					}
					ended(e)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}
