//go:build node

package transport_test

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

// TestConformanceOfReference runs the checks against the server of the npm package graphql-ws: a check
// that fails there asks for something that the specification does not. It needs Node.js, and `npm ci` in
// testdata/reference.
func TestConformanceOfReference(t *testing.T) {
	schema, err := filepath.Abs("internal/testserver/schema.graphqls")
	must(t, err)
	url := startNode(t, "server.js", strconv.Itoa(int(initTimeout.Milliseconds())), strconv.Itoa(maxMessage), schema)()
	t.Run("reference", func(t *testing.T) { runConformance(t, url, false) })
}

// The stock client gets its events, acknowledges them without a line of code, comes back after 4403 and
// 1012, and its keep-alive is answered.
func TestStockClient(t *testing.T) {
	s := newService(t, &transport.Websocket{AckDelay: 10 * time.Millisecond})
	acks := s.Log.Acknowledgements()
	s.Log.Publish("stock", "x", 3)
	next := startNode(t, "client.js", s.url, "ada")
	expect := func(lines ...string) {
		t.Helper()
		for _, want := range lines {
			got := next()
			for got == "pong" && want != "pong" {
				got = next()
			}
			if got != want {
				t.Fatalf("the client says %q, want %q", got, want)
			}
		}
	}
	expect("connected", "event 1", "event 2", "event 3", "pong")
	select {
	case ack := <-acks:
		if ack != (testserver.Ack{Topic: "stock", Cursor: "3"}) {
			t.Fatalf("acknowledged %v", ack)
		}
	case <-time.After(testserver.Patience):
		t.Fatal("no acknowledgement")
	}
	s.door.Registry.CloseUser("ada")
	expect("closed 4403", "connected", "event 1", "event 2", "event 3")
	ctx, cancel := context.WithTimeout(t.Context(), testserver.Patience)
	defer cancel()
	must(t, s.door.Registry.Drain(ctx, 0))
	expect("closed 1012", "closed 1006") // and then 503 until another server takes over
}

// startNode runs a script of testdata/reference until the test ends. The returned function gives its next
// line.
func startNode(t *testing.T, args ...string) (next func() string) {
	t.Helper()
	cmd := exec.Command("node", args...)
	cmd.Dir = "testdata/reference"
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		hung := time.AfterFunc(testserver.Patience, func() { _ = cmd.Process.Kill() })
		defer hung.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", args[0], err, stderr.String())
		}
	})
	lines := bufio.NewScanner(stdout)
	return func() string {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("%s has ended; is `npm ci` done in testdata/reference?", args[0])
		}
		return lines.Text()
	}
}
