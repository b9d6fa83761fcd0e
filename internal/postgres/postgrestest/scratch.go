package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// clearing waits for the end of its input, which comes when the test binary ends, however it ends. It then
// ends Postgres, where the kernel has not done so already, waits for it, and removes the folder.
const clearing = `
trap '' INT TERM HUP
cat >/dev/null
pid=$(head -n 1 "$1/postgres/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
	kill -INT "$pid" 2>/dev/null
	tries=0
	while [ -e "$1/postgres/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
fi
rm -rf "$1"
`

// scratch makes a folder in parent (empty: where temporary files go), and a process that removes it after this one: a panic in a test and
// os.Exit skip everything that is deferred. Remove ends that process and waits for it.
func scratch(parent string) (dir string, remove func() error, err error) {
	if dir, err = os.MkdirTemp(parent, "notewire-test-"); err != nil {
		return "", nil, err
	}
	// Started by root, Postgres runs as a user that must be able to pass through.
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", nil, errors.Join(err, os.Remove(dir))
	}
	clearer := exec.Command("/bin/sh", "-c", clearing, "sh", dir)
	alive, err := clearer.StdinPipe()
	if err == nil {
		err = clearer.Start()
	}
	if err != nil {
		return "", nil, errors.Join(err, os.Remove(dir))
	}
	return dir, func() error {
		if err := errors.Join(alive.Close(), clearer.Wait()); err != nil {
			return fmt.Errorf("cannot remove %s: %w", dir, err)
		}
		return nil
	}, nil
}
