//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// account is the user that Postgres runs as: this process's own, except that Postgres refuses root.
type account struct {
	name     string
	uid, gid int
	other    bool // not the user of this process, which then is root
}

// chooseAccount returns the user for the folder: the owner of its data where there is some.
func chooseAccount(ctx context.Context, dir string) (account, error) {
	home, found := existingHome(dir)
	owner := -1
	if found {
		info, err := os.Stat(clusterIn(home))
		if err != nil {
			return account{}, err
		}
		owner = ownerOf(info)
	}
	if euid := os.Geteuid(); euid != 0 {
		if found && owner != euid {
			return account{}, fmt.Errorf("the data in %s belongs to %s, and this program runs as %s: run it as that user or as root, or change the owner of the folder",
				clusterIn(home), nameOf(owner), nameOf(euid))
		}
		return account{name: nameOf(euid), uid: euid, gid: os.Getegid()}, nil
	}
	a, err := unprivileged(owner)
	if err != nil {
		return account{}, err
	}
	if owner == 0 {
		return account{}, fmt.Errorf("the data in %s belongs to root, which Postgres refuses: chown -R %s %[1]s", clusterIn(home), a.name)
	}
	if out, err := a.run(ctx, "/", "/bin/sh", "-c", ":"); err != nil {
		return account{}, fmt.Errorf("Postgres refuses to run as root, and no program could be started as the user %s (%w %s): run this program as an ordinary user, or set DATABASE_URL", a.name, err, out)
	}
	return a, nil
}

// unprivileged returns the user that root hands Postgres to: the given one if it is not root or unknown (-1).
func unprivileged(owner int) (account, error) {
	var tries []func() (*user.User, error)
	if owner > 0 {
		tries = append(tries, func() (*user.User, error) { return user.LookupId(strconv.Itoa(owner)) })
	}
	for _, name := range []string{"postgres", "nobody"} {
		tries = append(tries, func() (*user.User, error) { return user.Lookup(name) })
	}
	for _, try := range tries {
		u, err := try()
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && (owner <= 0 || uid == owner) {
			return account{name: u.Username, uid: uid, gid: gid, other: true}, nil
		}
	}
	if owner > 0 { // data from elsewhere: its owner has no name here, and Postgres asks for one
		return account{}, fmt.Errorf("the data belongs to the user id %d, which does not exist here: change the owner of the folder, or set DATABASE_URL", owner)
	}
	return account{}, errors.New("Postgres refuses to run as root, and there is no user postgres or nobody to run it as: run this program as an ordinary user, or set DATABASE_URL")
}

// command prepares a program to run as this user in a folder. It ends with this process where the system
// can arrange that, is out of reach of the terminal's Ctrl-C (we decide when it ends), and sees
// neither our secrets nor the variables that would change Postgres.
func (a account) command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(cmd.SysProcAttr)
	if a.other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if value, set := os.LookupEnv(name); set {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	return cmd
}

// run runs a program to its end and returns all that it wrote. When ctx ends it is interrupted, and
// three seconds later killed: initdb needs a moment to clear up.
func (a account) run(ctx context.Context, dir, program string, args ...string) ([]byte, error) {
	// The program would be ended with the thread that started it, so nobody else may end that thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := a.command(ctx, dir, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 3 * time.Second
	return cmd.CombinedOutput()
}

// canEnter reports whether the user can make a folder the current one. It tries, rather than reads modes.
func (a account) canEnter(ctx context.Context, dir string) bool {
	if !a.other {
		return true
	}
	_, err := a.run(ctx, "/", "/bin/sh", "-c", `cd -- "$1"`, "sh", dir)
	return err == nil
}

// makePrivate makes a folder that only the user may enter, or takes one left by an earlier run. The parent
// may be open to all: what somebody else put there is refused. Everything goes through one descriptor, so
// that it cannot be exchanged under us.
func (a account) makePrivate(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if uid := ownerOf(info); uid != os.Geteuid() && uid != a.uid {
		return fmt.Errorf("%s belongs to %s: remove it", path, nameOf(uid))
	}
	if a.other {
		if err := f.Chown(a.uid, a.gid); err != nil {
			return err
		}
	}
	return f.Chmod(0o700)
}

func ownerOf(info fs.FileInfo) (uid int) { return int(info.Sys().(*syscall.Stat_t).Uid) }

func nameOf(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "the user id " + strconv.Itoa(uid)
}
