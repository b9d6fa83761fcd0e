package transport_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"go.uber.org/goleak"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

var (
	badSockets = flag.Int("bad-sockets", 100, "how many clients misbehave at a time in TestMisbehaviour")
	badFor     = flag.Duration("bad-for", 0, "how long they go on; 0: once each")
)

// misbehaviour is one way to treat a server badly. It ends with the connection.
type misbehaviour struct {
	name string
	run  func(c *testserver.Client)
}

const anEvents = `{"id":"%s","type":"subscribe","payload":{"query":"subscription { events(topic: \"%s\", after: \"0\") { cursor body } }"}}`

func initialise(c *testserver.Client) {
	_ = c.Send(`{"type":"connection_init"}`)
	_, _ = c.Read()
}

// untilDropped waits, without reading, for the server to give up.
func untilDropped(c *testserver.Client) {
	deadline := time.Now().Add(testserver.Patience)
	for c.Send(`{"type":"pong"}`) == nil && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond) // the pace of a client that does not read
	}
}

// untilClosed reads whatever comes until the server closes.
func untilClosed(c *testserver.Client) {
	_ = c.Conn.SetReadDeadline(time.Now().Add(testserver.Patience))
	_, _ = io.Copy(io.Discard, c.Conn)
}

var misbehaviours = []misbehaviour{
	{"never initialises", untilClosed},
	{"leaves before it initialises", func(*testserver.Client) {}},
	{"half a header", func(c *testserver.Client) { _ = c.Raw([]byte{0x81}); untilClosed(c) }},
	{"half a message", func(c *testserver.Client) {
		initialise(c)
		_ = c.Raw(append(binary.BigEndian.AppendUint16([]byte{0x81, 0xfe}, 60000), 1, 2, 3, 4, 5, 6))
		untilClosed(c)
	}},
	{"half a message and gone", func(c *testserver.Client) {
		initialise(c)
		_ = c.Raw([]byte{0x81, 0xfe, 100, 0, 1, 2, 3, 4, 5, 6})
	}},
	{"init with a list", func(c *testserver.Client) {
		_ = c.Send(`{"type":"connection_init","payload":[]}`)
		untilClosed(c)
	}},
	{"init twice", func(c *testserver.Client) {
		initialise(c)
		_ = c.Send(`{"type":"connection_init"}`)
		untilClosed(c)
	}},
	{"leaves during Init", func(c *testserver.Client) {
		_ = c.Send(`{"type":"connection_init","payload":{"wait":"for ever"}}`)
	}},
	{"hangs in Init", func(c *testserver.Client) {
		_ = c.Send(`{"type":"connection_init","payload":{"wait":"for ever"}}`)
		untilClosed(c)
	}},
	{"subscribes before init", func(c *testserver.Client) {
		_ = c.Send(anEvents, "a", "bad")
		untilClosed(c)
	}},
	{"uses an id twice", func(c *testserver.Client) {
		initialise(c)
		_ = c.Send(anEvents, "a", "bad")
		_ = c.Send(anEvents, "a", "bad")
		untilClosed(c)
	}},
	{"opens a thousand subscriptions", func(c *testserver.Client) {
		initialise(c)
		for i := range 1000 {
			if c.Send(anEvents, fmt.Sprint(i), "none") != nil {
				return
			}
		}
		untilClosed(c)
	}},
	{"opens and completes in a loop", func(c *testserver.Client) {
		initialise(c)
		for range 500 {
			if c.Send(anEvents, "a", "bad") != nil || c.Send(`{"id":"a","type":"complete"}`) != nil {
				return
			}
		}
	}},
	{"never reads", func(c *testserver.Client) {
		_ = c.Send(`{"type":"connection_init"}`)
		_, _ = c.Read()
		_ = c.Send(anEvents, "a", "big")
		untilDropped(c)
	}},
	{"pings without reading", func(c *testserver.Client) {
		ping := sized(30 << 10)
		for range 1000 {
			if c.Send("%s", ping) != nil {
				return
			}
		}
	}},
	{"never answers pings", func(c *testserver.Client) {
		initialise(c)
		_ = c.Send(anEvents, "a", "bad")
		untilClosed(c)
	}},
	{"asks and leaves", func(c *testserver.Client) {
		initialise(c)
		for i := range 20 {
			_ = c.Send(`{"id":"%d","type":"subscribe","payload":{"query":"{ wait(key: \"nobody\") }"}}`, i)
		}
	}},
	{"resets the connection", func(c *testserver.Client) {
		initialise(c)
		_ = c.Send(anEvents, "a", "bad")
		_ = c.Conn.(*net.TCPConn).SetLinger(0)
	}},
	{"closes one half", func(c *testserver.Client) {
		initialise(c)
		_ = c.Send(anEvents, "a", "bad")
		_ = c.Conn.(*net.TCPConn).CloseWrite()
		untilClosed(c)
	}},
	{"binary", func(c *testserver.Client) { _ = c.Frame(ws.NewBinaryFrame([]byte{1})); untilClosed(c) }},
	{"unmasked", func(c *testserver.Client) {
		_ = c.Raw(ws.MustCompileFrame(ws.NewTextFrame([]byte("{}"))))
		untilClosed(c)
	}},
	{"bad UTF-8", func(c *testserver.Client) { _ = c.Frame(ws.NewTextFrame([]byte{0xff})); untilClosed(c) }},
	{"claims 2^62 bytes", func(c *testserver.Client) {
		_ = c.Raw(append(binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, 1<<62), 1, 2, 3, 4))
		untilClosed(c)
	}},
	{"five megabytes", func(c *testserver.Client) {
		_ = c.Frame(ws.NewTextFrame(make([]byte, 5<<20)))
		untilClosed(c)
	}},
	{"a flood of empty fragments", func(c *testserver.Client) {
		initialise(c)
		_ = c.Frame(ws.NewFrame(ws.OpText, false, nil))
		empty := ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpContinuation, false, nil)))
		flood := []byte(strings.Repeat(string(empty), 10_000))
		_ = c.Raw(flood)
		untilClosed(c)
	}},
	{"compressed without being asked", func(c *testserver.Client) {
		_ = c.Raw([]byte{0xc1, 0x85, 0, 0, 0, 0, 0x4a, 0xad, 0x4a, 0x2d, 0x06})
		untilClosed(c)
	}},
}

// Whatever clients do, no goroutine, no descriptor and no memory stays behind, and clients that behave
// get everything.
func TestMisbehaviour(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	// Enough for those who behave, on a machine that has all the others to do as well.
	pongTimeout := time.Second * time.Duration(max(8, *badSockets/200))
	s := unstartedService(&transport.Websocket{
		InitTimeout: time.Second, WriteTimeout: time.Second,
		PingInterval: 200 * time.Millisecond, PongTimeout: pongTimeout, AckDelay: 50 * time.Millisecond,
	})
	s.http.Start()
	defer s.close(t)
	s.url = "ws" + strings.TrimPrefix(s.http.URL, "http")
	s.Log.Publish("bad", "x", 3)
	s.Log.Publish("big", blob, 100)

	round := func(d time.Duration) {
		stop := make(chan struct{})
		neighbours := goodNeighbours(t, s, 5, stop)
		deadline := time.Now().Add(d)
		var wg sync.WaitGroup
		var next atomic.Int64
		for range *badSockets {
			wg.Go(func() {
				for first := true; first || time.Now().Before(deadline); first = false {
					c, err := testserver.Dial(s.url, nil, "graphql-transport-ws")
					if err != nil {
						t.Errorf("the server is closed to others: %v", err)
						return
					}
					misbehaviours[int(next.Add(1))%len(misbehaviours)].run(c)
					c.Close()
				}
			})
		}
		wg.Wait()
		close(stop)
		neighbours()
		t.Logf("%d clients misbehaved; %+v", next.Load(), s.door.Registry.Stats())
		eventually(t, "no socket and no subscription is left", func() bool {
			return s.door.Registry.Len() == 0 && s.Log.Readers() == 0
		})
	}
	round(0) // what the runtime and the pools keep is warm after this
	descriptors, goroutines, heap := openDescriptors(t), runtime.NumGoroutine(), liveHeap()
	round(*badFor)
	eventually(t, "all descriptors are closed", func() bool { return openDescriptors(t) <= descriptors })
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
	const slack = 4 << 20 // pools, and what the neighbours' events take in the log
	if now := liveHeap(); now > heap+slack {
		t.Errorf("the heap has grown from %d to %d KiB", heap>>10, now>>10)
	}
}

// goodNeighbours connects n clients that follow a topic, published to until stop. The returned function
// waits for them; each must have got every event.
func goodNeighbours(t *testing.T, s *service, n int, stop <-chan struct{}) (wait func()) {
	t.Helper()
	topic := fmt.Sprintf("good %d", time.Now().UnixNano())
	published := make(chan int, 1)
	var wg sync.WaitGroup
	for range n {
		c, err := testserver.Dial(s.url, nil, "graphql-transport-ws")
		must(t, err)
		initialise(c)
		must(t, c.Send(anEvents, "a", topic))
		wg.Go(func() {
			defer c.Close()
			for want := 1; ; {
				m, err := c.Read()
				switch {
				case err != nil:
					t.Errorf("a good client, after %d events: %v", want-1, err)
					return
				case m.Type == "ping":
					_ = c.Send(`{"type":"pong","payload":%s}`, orNull(m.Payload))
				case m.Type != "next" || !strings.Contains(m.Raw, fmt.Sprintf(`"cursor":"%d"`, want)):
					t.Errorf("a good client got %s %d %s, want event %d", m.Raw, m.CloseCode, m.CloseReason, want)
					return
				case strings.Contains(m.Raw, `"last"`):
					return
				default:
					want++
				}
			}
		})
	}
	go func() {
		count := 0
		for {
			select {
			case <-stop:
				s.Log.Publish(topic, "last", 1)
				published <- count
				return
			case <-time.After(time.Millisecond): // the pace of the events
				s.Log.Publish(topic, "x", 1)
				count++
			}
		}
	}()
	return func() {
		t.Logf("%d events were published to the good clients", <-published)
		wg.Wait()
	}
}

func orNull(raw []byte) []byte {
	if len(raw) == 0 {
		return []byte("null")
	}
	return raw
}

func openDescriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	must(t, err)
	return len(entries)
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // pools give up their contents in two steps
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
