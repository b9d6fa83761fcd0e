//go:build clients

package clients

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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
	return consult("../../web/client/src", packageTests)
})

// consult looks at every file of these folders that a test depends on without reading it: go test takes no old result from
// its cache then.
func consult(folders ...string) error {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "dist" || entry.Name() == "__generated__") {
				return filepath.SkipDir
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func runPackageScript(t *testing.T, name string) {
	t.Helper()
	if err := packageBuilt(); err != nil {
		t.Fatal(err)
	}
	runScript(t, packageTests+name)
}

func TestPackage(t *testing.T) { runPackageScript(t, "unit.mjs") }

// Caches show what has changed from events alone, and subscriptions resume.
//
// Seen red: without the id of UnreadCounts, without likeCount of a notification's subject, with NotificationReceived
// changing no list, and with answers that events have overtaken taken as they are.
func TestPackageInApollo(t *testing.T) { runPackageScript(t, "apollo.mjs") }
func TestPackageInURQL(t *testing.T)   { runPackageScript(t, "urql.mjs") }
