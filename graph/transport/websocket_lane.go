package transport

import "sync"

// lane runs what is pushed, in order, on at most limit goroutines. They live only while there is work.
type lane struct {
	limit int

	mu      sync.Mutex
	queue   []task
	head    int
	running int
}

type task interface{ run() }

// laneKeep is how many places an empty queue keeps: a storm of wake-ups must not hold memory for ever.
const laneKeep = 1024

// push never blocks. The queue is bounded by its users: each operation and each socket is in it at most
// once.
func (l *lane) push(t task) {
	l.mu.Lock()
	l.queue = append(l.queue, t)
	more := l.running < l.limit
	if more {
		l.running++
	}
	l.mu.Unlock()
	if more {
		go l.work()
	}
}

func (l *lane) work() {
	for {
		t := l.pop()
		if t == nil {
			return
		}
		t.run()
	}
}

// pop returns nil after it has counted the caller out.
func (l *lane) pop() task {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.head == len(l.queue) {
		l.running--
		l.head = 0
		l.queue = l.queue[:0]
		if cap(l.queue) > laneKeep {
			l.queue = nil
		}
		return nil
	}
	t := l.queue[l.head]
	l.queue[l.head] = nil
	l.head++
	if l.head >= laneKeep && l.head*2 >= len(l.queue) { // a queue that is never empty must not grow either
		n := copy(l.queue, l.queue[l.head:])
		clear(l.queue[n:])
		l.queue, l.head = l.queue[:n], 0
	}
	return t
}
