//go:build browser

package web_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// cable is a way to a server that can be cut and mended. What is on its way when it is cut is lost, in both directions.
type cable struct {
	URL string // of the server, by this way

	server   string
	listener net.Listener

	mu     sync.Mutex
	isCut  bool
	isMute bool
	ends   map[net.Conn]struct{} // of what goes through it
}

func newCable(t *testing.T, server string) *cable {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{URL: "http://" + listener.Addr().String(), server: server, listener: listener, ends: map[net.Conn]struct{}{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			browser, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { c.carry(browser) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		c.cut()
		running.Wait()
	})
	return c
}

// carry ends when either side does.
func (c *cable) carry(browser net.Conn) {
	defer browser.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	if !c.hold(browser, server) {
		return
	}
	defer c.release(browser, server)
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(answers{c, browser}, server)
		_ = browser.Close()
	}()
	_, _ = io.Copy(server, browser)
	_ = server.Close()
	<-back
}

func (c *cable) hold(ends ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, end := range ends {
		c.ends[end] = struct{}{}
	}
	return !c.isCut
}

func (c *cable) release(ends ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, end := range ends {
		delete(c.ends, end)
	}
}

// cut closes what goes through the cable, and whatever comes until it is mended.
func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = true
	for end := range c.ends {
		_ = end.Close()
	}
}

// mute loses whatever the server says from now on, until the cable is mended: it still hears what it is told.
func (c *cable) mute() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isMute = true
}

func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut, c.isMute = false, false
}

// answers are on their way from the server to the browser.
type answers struct {
	cable   *cable
	browser net.Conn
}

func (a answers) Write(b []byte) (int, error) {
	a.cable.mu.Lock()
	isMute := a.cable.isMute
	a.cable.mu.Unlock()
	if isMute {
		return len(b), nil
	}
	return a.browser.Write(b)
}
