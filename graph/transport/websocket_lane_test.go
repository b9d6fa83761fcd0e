package transport

import (
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

type taskFunc func()

func (f taskFunc) run() { f() }

// Everything pushed runs once, at most limit at a time, and nothing is left behind.
func TestLaneIsBounded(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	const pushers, each, limit = 8, 5000, 4
	l := lane{limit: limit}
	var ran, now, most atomic.Int64
	var done sync.WaitGroup
	done.Add(pushers * each)
	for range pushers {
		go func() {
			for range each {
				l.push(taskFunc(func() {
					defer done.Done()
					n := now.Add(1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					ran.Add(1)
					now.Add(-1)
				}))
			}
		}()
	}
	done.Wait()
	if ran.Load() != pushers*each || most.Load() > limit {
		t.Fatalf("%d of %d ran, %d at a time", ran.Load(), pushers*each, most.Load())
	}
}

// A lane that is never empty keeps its order, and its queue does not grow with what has passed through.
func TestLaneKeepsOrder(t *testing.T) {
	l := lane{limit: 1}
	const tasks, ahead = 100_000, 3000
	var pushed, next int
	finished := make(chan struct{})
	var push func()
	push = func() {
		n := pushed
		pushed++
		l.push(taskFunc(func() {
			if n != next {
				t.Errorf("task %d ran in place of %d", n, next)
			}
			next++
			if pushed < tasks {
				push() // one goroutine runs everything: limit is 1
			}
			if next == tasks {
				l.mu.Lock()
				if cap(l.queue) > 10*ahead {
					t.Errorf("the queue has %d places for %d tasks", cap(l.queue), ahead)
				}
				l.mu.Unlock()
				close(finished)
			}
		}))
	}
	l.push(taskFunc(func() { // so that the first ones wait for each other
		for range ahead {
			push()
		}
	}))
	<-finished
}
