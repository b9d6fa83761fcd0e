//go:build unix

package postgres

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestLocalFolderThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(passable(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	startFails(t, LocalConfig{Dir: file}, file, "not a directory", "NOTEWIRE_DATA_DIR")
	startFails(t, LocalConfig{Dir: filepath.Join(file, "below")}, file, "not a directory", "NOTEWIRE_DATA_DIR")
	startFails(t, LocalConfig{}, "NOTEWIRE_DATA_DIR is empty")
}

func TestLocalAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	ordinary := asNobody(t)
	parent := passable(t)
	refused := launch(t, "once", filepath.Join(parent, "data"), ordinary)
	if line := refused.line(); !strings.HasPrefix(line, "error ") || !strings.Contains(line, "permission denied") || !strings.Contains(line, parent) {
		t.Errorf("in a folder that it cannot write it says: %s", line)
	}
	if err := os.Chmod(parent, 0o777); err != nil {
		t.Fatal(err)
	}
	c := startChild(t, "once", filepath.Join(parent, "data"), ordinary)
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("the child: %v", err)
	}
	// Root goes on with the same data, as its owner; and what is the owner's stays the owner's.
	l := startAt(t, LocalConfig{Dir: filepath.Join(parent, "data")})
	info, err := os.Stat(l.DataDir())
	if err != nil {
		t.Fatal(err)
	}
	if uid := ownerOf(info); nameOf(uid) != "nobody" && uid == 0 {
		t.Errorf("the data belongs to %s", nameOf(uid))
	}
	query(t, l.DSN(), "SELECT 1")
}

func TestLocalWhereItsUserCannotEnter(t *testing.T) {
	t.Parallel()
	needRoot(t)
	closed := passable(t)
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := quick(filepath.Join(closed, "checkout"))
	log := records(&cfg)
	l := startAt(t, cfg)
	t.Cleanup(func() {
		os.RemoveAll(filepath.Dir(l.DataDir()))
		os.Remove("/var/lib/notewire") // unless there is something else
	})
	if strings.HasPrefix(l.DataDir(), closed) {
		t.Fatalf("the data is in %s", l.DataDir())
	}
	if !strings.Contains(log.String(), "goes elsewhere") || !strings.Contains(log.String(), l.DataDir()) {
		t.Errorf("the log does not say where the data is:\n%s", log)
	}
	exec1(t, l.DSN(), "CREATE TABLE kept AS SELECT 'here'::text AS word")
	data := l.DataDir()
	stop(t, l)
	// The folder being opened later must not begin a second, empty cluster.
	if err := os.Chmod(closed, 0o711); err != nil {
		t.Fatal(err)
	}
	l = startAt(t, cfg)
	if l.DataDir() != data {
		t.Errorf("the data moved from %s to %s", data, l.DataDir())
	}
	if got := query(t, l.DSN(), "SELECT word FROM kept"); got != "here" {
		t.Errorf("the word is %q", got)
	}
}

func TestLocalPathTooLongForSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(passable(t), strings.Repeat("long, 'odd' \"name\" ", 5), "x")
	l := startAt(t, quick(dir))
	if strings.HasPrefix(l.socket, dir) {
		t.Errorf("the socket is in %s", l.socket)
	}
	if info, err := os.Stat(l.socket); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the socket: %v %v", info, err)
	}
	query(t, l.DSN(), "SELECT 1")
	stop(t, l)
	if _, err := os.Stat(l.socket); !os.IsNotExist(err) {
		t.Errorf("the folder of the socket is left: %v", err)
	}
}

func TestLocalPathWithQuotes(t *testing.T) {
	t.Parallel()
	for name, inside := range map[string]bool{`a 'b" \c [d]*`: true, "a,b": false} {
		l := startAt(t, quick(filepath.Join(passable(t), name)))
		if strings.HasPrefix(l.socket, l.files.dir) != inside {
			t.Errorf("the socket is in %s", l.socket)
		}
		query(t, l.DSN(), "SELECT 1")
	}
}

func TestLocalDiskFull(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := passable(t)
	// 16 MB: enough for the folder, too small for a cluster.
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m,mode=0711", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v\n%s", err, out)
		}
	})
	startFails(t, LocalConfig{Dir: dir}, "No space left on device", dir)
	if left, _ := filepath.Glob(filepath.Join(dir, "postgres*")); len(left) > 1 {
		t.Errorf("a half cluster is left: %v", left)
	}
}

func TestLocalOtherVersionsData(t *testing.T) {
	t.Parallel()
	cfg := quick(passable(t))
	l := startAt(t, cfg)
	stop(t, l)
	version := filepath.Join(l.DataDir(), "PG_VERSION")
	if err := os.WriteFile(version, []byte("99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	startFails(t, cfg, l.DataDir(), "Postgres 99", "/bin)", "install Postgres 99", "DATABASE_URL")
	if err := os.WriteFile(version, []byte("junk\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	startFails(t, cfg, version, `"junk\n"`)
}
