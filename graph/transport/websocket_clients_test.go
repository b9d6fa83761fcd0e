package transport_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

// The clients of a benchmark are another process, the same test binary run with these variables, so that
// only what the server costs is counted.
const (
	clientsURL    = "WEBSOCKET_TEST_CLIENTS_URL"
	clientsCount  = "WEBSOCKET_TEST_CLIENTS"
	clientsEvents = "WEBSOCKET_TEST_CLIENTS_EVENTS"
)

type clientProcess struct {
	t     testing.TB
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

// startClients starts a process whose clients follow one topic until each has had that many events. It
// says "subscribed" and "received".
func startClients(t testing.TB, url string, count, events int) *clientProcess {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestClientProcess$", "-test.v")
	cmd.Env = append(os.Environ(), clientsURL+"="+url, clientsCount+"="+strconv.Itoa(count), clientsEvents+"="+strconv.Itoa(events))
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	return &clientProcess{t, cmd, stdin, bufio.NewScanner(stdout)}
}

func (p *clientProcess) await(want string) {
	p.t.Helper()
	for p.lines.Scan() {
		if strings.TrimSpace(p.lines.Text()) == want {
			return
		}
	}
	p.t.Fatalf("the clients ended before they said %q", want)
}

func (p *clientProcess) stop() {
	_ = p.stdin.Close()
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("the clients: %v", err)
	}
}

// TestClientProcess is no test by itself: it is the other process.
func TestClientProcess(t *testing.T) {
	url := os.Getenv(clientsURL)
	if url == "" {
		return
	}
	n, err := strconv.Atoi(os.Getenv(clientsCount))
	must(t, err)
	events, err := strconv.Atoi(os.Getenv(clientsEvents))
	must(t, err)
	clients := make([]*testserver.Client, n)
	gate := make(chan struct{}, 16) // connect so many at a time
	each := func(do func(i int) error) {
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				if err := do(i); err != nil {
					t.Errorf("client %d: %v", i, err)
				}
			})
		}
		wg.Wait()
	}
	each(func(i int) (err error) {
		gate <- struct{}{}
		defer func() { <-gate }()
		clients[i], err = follow(url, i)
		return err
	})
	if t.Failed() {
		return
	}
	fmt.Println("subscribed")
	each(func(i int) error {
		for seen := 0; seen < events; {
			m, err := clients[i].Read()
			switch {
			case err != nil:
				return err
			case m.Type == "next":
				seen++
			case m.Type == "ping":
				if err := clients[i].Send(`{"type":"pong","payload":%s}`, orNull(m.Payload)); err != nil {
					return err
				}
			default:
				return fmt.Errorf("got %s %d", m.Raw, m.CloseCode)
			}
		}
		return nil
	})
	fmt.Println("received")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the server has looked
	for _, c := range clients {
		c.Close()
	}
}

func follow(url string, i int) (*testserver.Client, error) {
	c, err := testserver.Dial(url, nil, "graphql-transport-ws")
	if err != nil {
		return nil, err
	}
	_ = c.Send(`{"type":"connection_init","payload":{"user":"user-%d","session":"session-%d"}}`, i/10, i)
	_ = c.Send(`{"type":"ping"}`)
	if _, err = c.Read(); err == nil { // the pong or the ack, in any order
		_, err = c.Read()
	}
	_ = c.Send("%s", followMessage())
	_ = c.Send(`{"type":"ping"}`)
	if err == nil {
		_, err = c.Read()
	}
	return c, err
}
