package check_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
)

// pooler is one in transaction mode, as pgbouncer can be: whoever asks for something gets any of its
// connections, and keeps it to the end of the transaction. It has two, and the last that was free comes
// first.
type pooler struct {
	addr   string
	target string
	mu     sync.Mutex
	free   []net.Conn
	hello  []byte // what the server says to who has connected
	wake   *sync.Cond
	all    []net.Conn
	made   int
}

func newPooler(t *testing.T, target string) *pooler {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pooler{addr: listener.Addr().String(), target: target}
	p.wake = sync.NewCond(&p.mu)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.all = append(p.all, c)
			p.mu.Unlock()
			running.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for _, c := range p.all {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.wake.Broadcast()
		running.Wait()
	})
	return p
}

// message reads one message; the first of a client has no type.
func message(c io.Reader, typed bool) ([]byte, error) {
	size := 4
	if typed {
		size = 5
	}
	head := make([]byte, size)
	if _, err := io.ReadFull(c, head); err != nil {
		return nil, err
	}
	rest := make([]byte, binary.BigEndian.Uint32(head[size-4:])-4)
	_, err := io.ReadFull(c, rest)
	return slices.Concat(head, rest), err
}

// take gives a connection of the server, made with the words of the first client.
func (p *pooler) take(startup []byte) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.free) == 0 && p.made == 2 {
		p.wake.Wait()
	}
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return c, nil
	}
	p.made++
	c, err := net.Dial("unix", p.target)
	if err != nil {
		return nil, err
	}
	p.all = append(p.all, c)
	if _, err := c.Write(startup); err != nil {
		return nil, err
	}
	p.hello = nil
	for {
		m, err := message(c, true)
		if err != nil {
			return nil, err
		}
		p.hello = append(p.hello, m...)
		if m[0] == 'Z' {
			return c, nil
		}
	}
}

func (p *pooler) give(c net.Conn) {
	p.mu.Lock()
	p.free = append(p.free, c)
	p.mu.Unlock()
	p.wake.Signal()
}

// serve is the life of a client's connection.
func (p *pooler) serve(client net.Conn) {
	defer client.Close()
	startup, err := message(client, false)
	if err != nil {
		return
	}
	server, err := p.take(startup)
	if err != nil {
		return
	}
	p.mu.Lock()
	hello := bytes.Clone(p.hello)
	p.mu.Unlock()
	p.give(server)
	server = nil
	defer func() {
		if server != nil { // in the middle of a transaction
			_, _ = server.Write([]byte("Q\x00\x00\x00\x0dROLLBACK\x00"))
			for m, err := message(server, true); err == nil && m[0] != 'Z'; m, err = message(server, true) {
			}
			p.give(server)
		}
	}()
	if _, err := client.Write(hello); err != nil {
		return
	}
	for {
		var request []byte
		for ends := false; !ends; {
			m, err := message(client, true)
			if err != nil || m[0] == 'X' {
				return
			}
			request = append(request, m...)
			ends = m[0] == 'Q' || m[0] == 'S'
		}
		if server == nil {
			if server, err = p.take(startup); err != nil {
				return
			}
		}
		if _, err := server.Write(request); err != nil {
			return
		}
		for {
			m, err := message(server, true)
			if err != nil {
				return
			}
			if _, err := client.Write(m); err != nil {
				return
			}
			if m[0] == 'Z' {
				if m[5] == 'I' {
					p.give(server)
					server = nil
				}
				break
			}
		}
	}
}
