//go:build node

package transport_test

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestConformanceOfReference runs the checks against the server of the npm package graphql-ws: a check
// that fails there asks for something that the specification does not. It needs Node.js, and `npm ci` in
// testdata/reference.
func TestConformanceOfReference(t *testing.T) {
	schema, err := filepath.Abs("internal/testserver/schema.graphqls")
	must(t, err)
	cmd := exec.Command("node", "server.js", strconv.Itoa(int(initTimeout.Milliseconds())), strconv.Itoa(maxMessage), schema)
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
		if err := cmd.Wait(); err != nil {
			t.Errorf("the reference server: %v\n%s", err, stderr.String())
		}
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal("the reference server did not start; is `npm ci` done in testdata/reference?")
	}
	t.Run("reference", func(t *testing.T) { runConformance(t, strings.TrimSpace(url), false) })
}
