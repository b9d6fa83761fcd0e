//go:build clients

package clients

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"testing"
)

// The compiler takes the schema that the server hands out, and then the artifacts run. It reads only files
// that end in .graphql, and of others says that there is no Query.
func TestRelay(t *testing.T) {
	runScript(t, "relay.mjs", func(t *testing.T, s *site) {
		resp, err := http.Get(s.server.URL + "/schema.graphqls")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		schema, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("/schema.graphqls: %s, %v", resp.Status, err)
		}
		if err := os.WriteFile("relay/schema.graphql", schema, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("relay/__generated__", 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("node_modules/.bin/relay-compiler", "relay.config.json", "--noWatchman").CombinedOutput(); err != nil {
			t.Fatalf("relay-compiler: %v\n%s", err, out)
		}
	})
}
