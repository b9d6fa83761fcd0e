//go:build clients

package clients

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// packageTests is where the tests of the client package are, which share the scenarios of this folder.
const packageTests = "../../web/client/test/"

// packageBuilt makes JavaScript of the client package, which bundlers take as TypeScript.
var packageBuilt = sync.OnceValue(func() error {
	if _, err := os.Stat("../../web/node_modules"); err != nil {
		if out, err := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--prefix", "../../web").CombinedOutput(); err != nil {
			return fmt.Errorf("npm ci: %w\n%s", err, out)
		}
	}
	if out, err := exec.Command("../../web/node_modules/.bin/tsc", "-p", "../../web/client").CombinedOutput(); err != nil {
		return fmt.Errorf("tsc: %w\n%s", err, out)
	}
	return nil
})

func runPackageScript(t *testing.T, name string) {
	t.Helper()
	if err := packageBuilt(); err != nil {
		t.Fatal(err)
	}
	runScript(t, packageTests+name)
}

func TestPackage(t *testing.T)         { runPackageScript(t, "unit.mjs") }
func TestPackageInApollo(t *testing.T) { runPackageScript(t, "apollo.mjs") }
func TestPackageInURQL(t *testing.T)   { runPackageScript(t, "urql.mjs") }
