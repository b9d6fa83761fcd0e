package transport_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

// The clients of BenchmarkIdleSockets are another process, the same test binary run with this variable, so
// that only the server's memory is counted.
const (
	idleClientsURL   = "WEBSOCKET_TEST_IDLE_CLIENTS_URL"
	idleClientsCount = "WEBSOCKET_TEST_IDLE_CLIENTS"
	idleSockets      = 10_000
)

// BenchmarkIdleSockets measures what an idle socket with one subscription costs: all memory of the process
// over its start, after every subscription has had one event. Run it with -benchtime 1x; it needs 10,100
// descriptors in each of two processes.
func BenchmarkIdleSockets(b *testing.B) {
	for range b.N {
		s := newService(b, &transport.Websocket{})
		warm := connect(b, s.url)
		warm.subscribe("a", idleQuery)
		before := residentKiB(b)
		cmd := exec.Command(os.Args[0], "-test.run", "^TestIdleClients$", "-test.v")
		cmd.Env = append(os.Environ(), idleClientsURL+"="+s.url, idleClientsCount+"="+strconv.Itoa(idleSockets))
		stdin, err := cmd.StdinPipe()
		must(b, err)
		stdout, err := cmd.StdoutPipe()
		must(b, err)
		cmd.Stderr = os.Stderr
		must(b, cmd.Start())
		lines := bufio.NewScanner(stdout)
		awaitLine(b, lines, "subscribed")
		subscribed := residentKiB(b)
		s.Log.Publish("idle", "one event", 1)
		awaitLine(b, lines, "received")
		used := residentKiB(b)
		b.ReportMetric(float64(subscribed-before)/idleSockets, "KiB/socket-subscribed")
		b.ReportMetric(float64(used-before)/idleSockets, "KiB/socket-used")
		b.ReportMetric(float64(runtime.NumGoroutine())/idleSockets, "goroutines/socket")
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.StackInuse)/1024/idleSockets, "KiB-stack/socket")
		b.ReportMetric(float64(m.HeapAlloc)/1024/idleSockets, "KiB-heap/socket")
		_ = stdin.Close()
		_ = cmd.Wait()
	}
}

const idleQuery = `subscription Idle($topic: String!) { events(topic: $topic, after: "0") { cursor body } }`

// TestIdleClients is no test by itself: it is the other process.
func TestIdleClients(t *testing.T) {
	url := os.Getenv(idleClientsURL)
	if url == "" {
		return
	}
	n, err := strconv.Atoi(os.Getenv(idleClientsCount))
	must(t, err)
	clients := make([]*testserver.Client, n)
	each := func(do func(i int) error) {
		const workers = 16
		failed := make(chan error, workers)
		for w := range workers {
			go func() {
				for i := w; i < n; i += workers {
					if err := do(i); err != nil {
						failed <- fmt.Errorf("client %d: %w", i, err)
						return
					}
				}
				failed <- nil
			}()
		}
		for range workers {
			must(t, <-failed)
		}
	}
	expect := func(c *testserver.Client, kind string) error {
		m, err := c.Read()
		if err == nil && m.Type != kind {
			err = fmt.Errorf("got %s, want %s", m.Raw, kind)
		}
		return err
	}
	each(func(i int) (err error) {
		if clients[i], err = testserver.Dial(url, nil, "graphql-transport-ws"); err != nil {
			return err
		}
		c := clients[i]
		_ = c.Send(`{"type":"connection_init","payload":{"user":"user-%d","session":"session-%d"}}`, i/10, i)
		if err := expect(c, "connection_ack"); err != nil {
			return err
		}
		_ = c.Send(`{"id":"3c2f1c0a-8a52-4d3a-9c56-1f8f3f8d5b11","type":"subscribe","payload":{"query":%q,"variables":{"topic":"idle"}}}`, idleQuery)
		_ = c.Send(`{"type":"ping"}`)
		return expect(c, "pong")
	})
	fmt.Println("subscribed")
	each(func(i int) error {
		for {
			m, err := clients[i].Read()
			if err != nil || m.Type == "next" {
				return err
			}
			_ = clients[i].Send(`{"type":"pong"}`)
		}
	})
	fmt.Println("received")
	_, _ = bufio.NewReader(os.Stdin).ReadString(0) // until the server has looked
	for _, c := range clients {
		c.Close()
	}
}

func awaitLine(t testing.TB, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == want {
			return
		}
	}
	t.Fatalf("the clients ended before they said %q", want)
}

// residentKiB is the memory of this process after the collector has had its say.
func residentKiB(t testing.TB) int {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	must(t, err)
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			must(t, err)
			return kib
		}
	}
	t.Fatal("/proc/self/status has no VmRSS")
	return 0
}
