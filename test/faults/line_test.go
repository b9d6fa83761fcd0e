package faults_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// line is a TCP port through which a server reaches something, such as its Postgres. It can be cut, and
// held: then what is sent waits, in either direction, as behind a network that has gone silent.
type line struct {
	addr            string // where it is reached
	network, target string // where it leads

	mu      sync.Mutex
	closed  bool
	refuses bool
	there   chan struct{} // closed while requests may pass
	back    chan struct{} // closed while replies may pass
	judge   func(request []byte) verdict
	open    map[net.Conn]struct{}
	running sync.WaitGroup
}

func newLine(t testing.TB, network, target string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := make(chan struct{})
	close(free)
	l := &line{addr: listener.Addr().String(), network: network, target: target, there: free, back: free, open: map[net.Conn]struct{}{}}
	l.running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			l.running.Go(func() { l.carry(near) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		l.free()
		l.cut()
		l.running.Wait()
	})
	return l
}

func (l *line) carry(near net.Conn) {
	defer near.Close()
	far, err := net.Dial(l.network, l.target)
	if err != nil {
		return
	}
	defer far.Close()
	l.mu.Lock()
	if l.closed || l.refuses {
		l.mu.Unlock()
		return
	}
	l.open[near], l.open[far] = struct{}{}, struct{}{}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.open, near)
		delete(l.open, far)
		l.mu.Unlock()
	}()
	var unheard atomic.Bool
	l.running.Go(func() {
		l.pass(far, near, &l.there, func(request []byte) bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.judge == nil {
				return true
			}
			v := l.judge(request)
			unheard.Store(v == cutAfter)
			return v != cutBefore
		})
	})
	l.pass(near, far, &l.back, func([]byte) bool { return !unheard.Load() })
}

// verdict is what becomes of a connection at a request.
type verdict int

const (
	let       verdict = iota
	cutBefore         // it is cut, and the request does not arrive
	cutAfter          // it is cut when the request was answered, and the answer does not arrive
)

// judged sets who judges requests from now on; nil: nobody.
func (l *line) judged(judge func(request []byte) verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.judge = judge
}

// pass hands on what one end says and what may pass, until either end is gone.
func (l *line) pass(to, from net.Conn, gate *chan struct{}, may func([]byte) bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			l.mu.Lock()
			open := *gate
			l.mu.Unlock()
			<-open
			if !may(buffer[:n]) {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hold lets nothing pass any more, in the directions that are named, and cuts nothing: requests go to the
// target, replies come from it.
func (l *line) hold(requests, replies bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if requests {
		l.there = make(chan struct{})
	}
	if replies {
		l.back = make(chan struct{})
	}
}

// free lets everything pass again, first what had to wait, and new connections too.
func (l *line) free() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuses = false
	for _, gate := range []chan struct{}{l.there, l.back} {
		select {
		case <-gate:
		default:
			close(gate)
		}
	}
}

// cut ends all connections that are open; new ones can be made.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		_ = c.Close()
	}
}

// sever cuts, and lets nobody through until free.
func (l *line) sever() {
	l.mu.Lock()
	l.refuses = true
	l.mu.Unlock()
	l.cut()
}
