//go:build node

package transport_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/notewire/notewire/graph/transport"
)

// nodeFolder holds the scripts and the lock file of their dependencies.
const nodeFolder = "testdata/audit"

var nodeModules = sync.OnceValues(func() ([]byte, error) {
	if _, err := os.Stat(filepath.Join(nodeFolder, "node_modules")); err == nil {
		return nil, nil
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	install.Dir = nodeFolder
	return install.CombinedOutput()
})

// node runs a script against a new service and returns what it printed, and how it ended.
func node(t *testing.T, script string, args ...string) ([]byte, error) {
	t.Helper()
	if out, err := nodeModules(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	f := newPersistedFixture(t, transport.TrustedOff, nil)
	run := exec.CommandContext(f.ctx, "node", append([]string{script, f.url + "/graphql"}, args...)...)
	run.Dir = nodeFolder
	var stderr bytes.Buffer
	run.Stderr = &stderr
	out, err := run.Output()
	if stderr.Len() > 0 {
		t.Logf("%s", stderr.Bytes())
	}
	return out, err
}

// The audit suite of graphql-http finds nothing, neither error nor warning nor notice.
func TestNodeAudit(t *testing.T) {
	out, err := node(t, "audit.mjs")
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var audit struct{ ID, Name, Status, Reason string }
		if err := json.Unmarshal(lines.Bytes(), &audit); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		if audit.Status != "ok" {
			t.Errorf("%s %s: %s, %s", audit.Status, audit.ID, audit.Name, audit.Reason)
			continue
		}
		passed++
	}
	if passed != 61 {
		t.Errorf("%d of 61 audits passed", passed)
	}
}

func TestNodeClients(t *testing.T) {
	for _, client := range []string{"apollo", "urql", "graphql-sse", "eventsource"} {
		t.Run(client, func(t *testing.T) {
			out, err := node(t, "clients.mjs", client)
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}
