//go:build unix

package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// A home holds what Postgres itself must reach: the cluster, the socket, and downloaded programs. It
// is the folder of the configuration, unless the user that Postgres runs as cannot enter that.

func clusterIn(home string) string { return filepath.Join(home, "postgres") }

// homes lists where the home of a folder may be, best first. Names are made from the folder's path,
// so that they are the same at every start.
func homes(dir string) []string {
	all := []string{dir}
	if os.Geteuid() == 0 {
		all = append(all, filepath.Join("/var/lib/notewire", shortName(dir)), filepath.Join(os.TempDir(), "notewire-"+shortName(dir)))
	}
	return all
}

// shortName is 48 bits of a hash of the path: enough among the folders of one machine, and short for a socket.
func shortName(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:6])
}

// existingHome returns the home that has a cluster. Homes outside the folder count only if we made them.
func existingHome(dir string) (string, bool) {
	for _, home := range homes(dir) {
		_, err := os.Stat(filepath.Join(clusterIn(home), "PG_VERSION"))
		there := err == nil || errors.Is(err, fs.ErrPermission) // somebody else's, which is said later
		if there && (home == dir || checkOurs(home) == nil) {
			return home, true
		}
	}
	return "", false
}

func checkOurs(home string) error {
	info, err := os.Lstat(home)
	if err != nil {
		return err
	}
	if uid := ownerOf(info); !info.IsDir() || uid != os.Geteuid() {
		return fmt.Errorf("%s is not a folder of this user: remove it", home)
	}
	return nil
}

// chooseHome returns the home that has the cluster already, or else the first that the user can enter.
func chooseHome(ctx context.Context, dir string, a account, log *slog.Logger) (string, error) {
	if home, found := existingHome(dir); found {
		if !a.canEnter(ctx, clusterIn(home)) {
			return "", fmt.Errorf("the data is in %s, where its owner %s can no longer enter: allow passing through the folders above it (chmod o+x)", clusterIn(home), a.name)
		}
		return home, nil
	}
	var refused []error
	for _, home := range homes(dir) {
		if home != dir {
			if err := errors.Join(os.MkdirAll(home, 0o711), checkOurs(home)); err != nil {
				refused = append(refused, err)
				continue
			}
		}
		if a.canEnter(ctx, home) {
			if home != dir {
				log.Info("the data of the local Postgres goes elsewhere, since its user cannot enter the data folder", "user", a.name, "folder", dir, "data", clusterIn(home))
			}
			return home, nil
		}
		refused = append(refused, fmt.Errorf("%s cannot enter %s", a.name, home))
	}
	return "", fmt.Errorf("no folder for the data of Postgres: %w; choose another with NOTEWIRE_DATA_DIR", errors.Join(refused...))
}

// makeSocketDir makes the folder of the socket, in a temporary folder if the path does not do for one.
func makeSocketDir(ctx context.Context, home string, a account) (string, error) {
	const name = "/.s.PGSQL.5432"
	longest := len(syscall.RawSockaddrUnix{}.Path) - 1 // 107 on Linux, 103 on macOS
	places := []string{filepath.Join(home, "run")}
	for _, temp := range []string{os.TempDir(), "/tmp"} {
		places = append(places, filepath.Join(temp, "notewire-run-"+shortName(home)))
	}
	for _, dir := range places {
		if len(dir+name) > longest || strings.Contains(dir, ",") { // lib/pq takes a comma for a list of hosts
			continue
		}
		if err := a.makePrivate(dir); err != nil {
			return "", fmt.Errorf("cannot make a folder for the socket of Postgres: %w", err)
		}
		if a.canEnter(ctx, dir) {
			// Left by a killed server; the process id in it may by now be that of some other program.
			os.Remove(dir + name + ".lock")
			return dir, nil
		}
		os.Remove(dir)
	}
	return "", fmt.Errorf("no folder does for the socket of Postgres (at most %d bytes, no comma): %s", longest, strings.Join(places, ", "))
}

// quoteListItem quotes a path for a setting that is a list of paths.
func quoteListItem(path string) string { return `"` + strings.ReplaceAll(path, `"`, `""`) + `"` }

// clusterVersion returns the major version that made the cluster of a home, and 0 if there is none.
func clusterVersion(home string) (int, error) {
	path := filepath.Join(clusterIn(home), "PG_VERSION")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cannot read the version of the data: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s does not name a version of Postgres: %q", path, text)
	}
	return major, nil
}

// makeCluster runs initdb unless there is a cluster. It works beside the final place and renames
// at the end, so that a cluster is whole or absent. Without sync a power failure may undo that.
func makeCluster(ctx context.Context, home string, programs install, a account, noSync bool) error {
	data := clusterIn(home)
	leftovers, _ := filepath.Glob(escapeGlob(data) + ".new-*") // its only error is a bad pattern
	for _, path := range leftovers {
		os.RemoveAll(path)
	}
	if version, err := clusterVersion(home); version != 0 || err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(home, "postgres.new-")
	if err != nil {
		return fmt.Errorf("cannot make the data of Postgres: %w", err)
	}
	defer os.RemoveAll(fresh)
	if err := a.makePrivate(fresh); err != nil {
		return fmt.Errorf("cannot make the data of Postgres: %w", err)
	}
	args := []string{"-D", fresh, "-U", localUser, "-E", "UTF8", "--locale=C", "--auth-local=trust", "--auth-host=reject"}
	if noSync {
		args = append(args, "--no-sync")
	}
	initdb := filepath.Join(programs.bin, "initdb")
	if out, err := a.run(ctx, fresh, initdb, args...); err != nil {
		return fmt.Errorf("%s could not make the data of Postgres in %s: %w\n%s", initdb, home, err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(fresh, data); err != nil {
		return fmt.Errorf("cannot put the data of Postgres in its place: %w", err)
	}
	parent, err := os.Open(home)
	if err != nil {
		return err
	}
	defer parent.Close()
	return parent.Sync() // the rename outlives a power failure
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
