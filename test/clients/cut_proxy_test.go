//go:build clients

package clients

import (
	"bufio"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sort"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// cutter is a proxy that understands graphql-transport-ws. It knows which pongs the server has taken: behind
// each it sends a ping of its own, which the server answers in its order; the answer stays here. What is
// acknowledged so has been read before anything that comes over a later connection.
type cutter struct {
	addr, upstream string
	listener       net.Listener
	serving        sync.WaitGroup
	subscribed     chan *line // a connection whose operations have all been sent to the server

	mu       sync.Mutex
	open     map[*line]struct{}
	acked    []acknowledged    // in the order of their answers
	accepted map[int]time.Time // by the number of the connection
	pongs    int               // of the client, with cursors
	afters   []string          // with which the client subscribed
}

type acknowledged struct {
	name, cursor string
	at           time.Time
}

// turn is how long the server may take, after it has read a pong, to hand it to the subscription: one that
// is cut off before is not told.
const turn = 100 * time.Millisecond

// known are the cursors that the server must have been told of when a connection was accepted. The client
// waits for 250 ms before it connects again.
func (c *cutter) known(connection int) []acknowledged {
	n := sort.Search(len(c.acked), func(i int) bool { return c.acked[i].at.After(c.accepted[connection].Add(-250*time.Millisecond - turn)) })
	return c.acked[:n]
}

// line is one connection of the client.
type line struct {
	client, server *net.TCPConn
	names          map[string]string // operation ids; of the client's side only

	mu      sync.Mutex
	asked   [][]acknowledged // the pongs behind which a ping of ours went out
	stalled chan struct{}    // closed when nothing passes any more
}

func newCutter(t *testing.T, upstream string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{addr: l.Addr().String(), upstream: upstream, listener: l, subscribed: make(chan *line, 1000), open: map[*line]struct{}{}, accepted: map[int]time.Time{}}
	c.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.serving.Go(func() { c.carry(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		c.mu.Lock()
		for l := range c.open {
			l.end()
		}
		c.mu.Unlock()
		c.serving.Wait()
	})
	return c
}

// end closes both sides.
func (l *line) end() {
	_ = l.client.Close()
	_ = l.server.Close()
}

// reset ends both sides with a reset: what is on its way is lost.
func (l *line) reset() {
	_ = l.client.SetLinger(0)
	_ = l.server.SetLinger(0)
	l.end()
}

// stall lets nothing pass any more. The client's side is reset after a while; the server is told nothing.
func (l *line) stall(after time.Duration) {
	l.mu.Lock()
	close(l.stalled)
	l.mu.Unlock()
	time.Sleep(after) // this is the stall
	_ = l.client.SetLinger(0)
	_ = l.client.Close()
}

// cut ends the line in one of these ways.
func (l *line) cut(random *rand.Rand) {
	switch random.IntN(3) {
	case 0:
		l.end()
	case 1:
		l.reset()
	default:
		l.stall(time.Duration(random.IntN(200)) * time.Millisecond)
	}
}

func (c *cutter) carry(client *net.TCPConn) {
	defer client.Close()
	conn, err := net.Dial("tcp", c.upstream)
	if err != nil {
		return
	}
	defer conn.Close()
	l := &line{client: client, server: conn.(*net.TCPConn), names: map[string]string{}, stalled: make(chan struct{})}
	fromClient, fromServer := bufio.NewReader(client), bufio.NewReader(conn)
	request, err := http.ReadRequest(fromClient)
	if err != nil {
		return
	}
	number, err := strconv.Atoi(request.URL.Query().Get("connection"))
	if err != nil {
		return
	}
	c.mu.Lock()
	c.open[l] = struct{}{}
	c.accepted[number] = time.Now()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.open, l)
		c.mu.Unlock()
	}()
	if request.Write(conn) != nil {
		return
	}
	response, err := http.ReadResponse(fromServer, request)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols || response.Write(client) != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		c.toClient(l, fromServer)
		_ = client.Close()
	})
	c.toServer(l, fromClient)
	select {
	case <-l.stalled: // the server is not told
	default:
		_ = conn.Close()
	}
	back.Wait()
}

type frame struct {
	Type, ID string
	Payload  struct {
		OperationName string
		Proxy         bool
		P             map[string]string
		Variables     struct{ After string }
	}
}

func (l *line) passes() bool {
	select {
	case <-l.stalled:
		return false
	default:
		return true
	}
}

func (c *cutter) toServer(l *line, from io.Reader) {
	operations := 0
	for {
		f, err := ws.ReadFrame(from)
		if err != nil || !l.passes() {
			return
		}
		text := ws.UnmaskFrame(f)
		var m frame
		_ = json.Unmarshal(text.Payload, &m) // what is no message is passed on
		if m.Type == "subscribe" {
			l.names[m.ID] = m.Payload.OperationName
			operations++
			c.mu.Lock()
			c.afters = append(c.afters, m.Payload.Variables.After)
			c.mu.Unlock()
		}
		if ws.WriteFrame(l.server, f) != nil {
			return
		}
		if operations == 4 && m.Type == "subscribe" {
			c.subscribed <- l
		}
		if m.Type != "pong" || len(m.Payload.P) == 0 {
			continue
		}
		var list []acknowledged
		for id, cursor := range m.Payload.P {
			list = append(list, acknowledged{name: l.names[id], cursor: cursor})
		}
		c.mu.Lock()
		c.pongs++
		c.mu.Unlock()
		l.mu.Lock()
		l.asked = append(l.asked, list)
		l.mu.Unlock()
		if ws.WriteFrame(l.server, ws.MaskFrame(ws.NewTextFrame([]byte(`{"type":"ping","payload":{"proxy":true}}`)))) != nil {
			return
		}
	}
}

func (c *cutter) toClient(l *line, from io.Reader) {
	for {
		f, err := ws.ReadFrame(from)
		if err != nil {
			return
		}
		var m frame
		_ = json.Unmarshal(f.Payload, &m)
		if m.Type == "pong" && m.Payload.Proxy {
			l.mu.Lock()
			list := l.asked[0]
			l.asked = l.asked[1:]
			l.mu.Unlock()
			c.mu.Lock()
			for _, a := range list {
				a.at = time.Now()
				c.acked = append(c.acked, a)
			}
			c.mu.Unlock()
			continue
		}
		if !l.passes() {
			continue // the server's own patience ends this
		}
		if ws.WriteFrame(l.client, f) != nil {
			return
		}
	}
}
