// Package binary runs the program itself, for tests that kill it, start it again and look at it from
// outside: over HTTP, over websockets, and in its log. It imports nothing of the program.
package binary

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Built returns the path of the program, built from the module that the test is in, once for each test
// binary. Main removes it.
func Built(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var built = sync.OnceValues(func() (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w", err)
	}
	folder, err := os.MkdirTemp("", "notewire-binary-")
	if err != nil {
		return "", err
	}
	builtIn = folder
	path := filepath.Join(folder, "notewire")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = strings.TrimSpace(string(root))
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, consult(build.Dir)
})

// consult looks at every file that the program is built of: go test then knows that the result of these tests
// depends on them, and does not take an old one from its cache.
func consult(root string) error {
	list := exec.Command("go", "list", "-deps", "-f", `{{if .Module}}{{if .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}
{{end}}{{end}}{{end}}`, ".")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	return nil
}

// builtIn is the folder of the built program, "" before there is one.
var builtIn string

// Main runs the tests of a package, then removes the built program. It returns the exit code.
func Main(m *testing.M) int {
	code := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn) // in the system's temporary folder: what stays is removed with that
	}
	return code
}

// Folder makes an empty folder for a server. Unlike T.TempDir it lets the user pass that Postgres runs as
// when the tests run as root.
func Folder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "notewire-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Errorf("something still writes in the folder of a server that has ended: %v", err)
		}
	})
	return folder
}
