//go:build clients

package clients

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy stands before a server and counts who connects.
type proxy struct {
	addr     string
	upstream string
	listener net.Listener
	serving  sync.WaitGroup

	mu       sync.Mutex
	accepted []time.Time
	open     map[net.Conn]struct{}
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), upstream: upstream, listener: l, open: map[net.Conn]struct{}{}}
	p.serving.Go(p.serve)
	t.Cleanup(p.close)
	return p
}

func (p *proxy) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.accepted = append(p.accepted, time.Now())
		p.mu.Unlock()
		p.serving.Go(func() { p.join(conn) })
	}
}

// join passes bytes both ways until either side ends, and then ends the other.
func (p *proxy) join(conn net.Conn) {
	onward, err := net.Dial("tcp", p.upstream)
	if err != nil {
		_ = conn.(*net.TCPConn).SetLinger(0) // a reset, which is what a closed port answers
		_ = conn.Close()
		return
	}
	p.mu.Lock()
	p.open[conn], p.open[onward] = struct{}{}, struct{}{}
	p.mu.Unlock()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{conn, onward}, {onward, conn}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			done <- struct{}{}
		}()
	}
	<-done
	_ = conn.Close()
	_ = onward.Close()
	<-done
	p.mu.Lock()
	delete(p.open, conn)
	delete(p.open, onward)
	p.mu.Unlock()
}

// between counts the connections accepted from one moment to another.
func (p *proxy) between(from, to time.Time) (count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.accepted {
		if at.After(from) && at.Before(to) {
			count++
		}
	}
	return count
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for conn := range p.open {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
}
