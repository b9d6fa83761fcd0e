//go:build unix

package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// folder is LocalConfig.Dir while this process has it.
type folder struct {
	dir  string // absolute, without symbolic links
	lock *os.File
}

// openFolder makes the folder and takes it for this process. The kernel gives the lock back when
// the process ends, however it ends.
func openFolder(dir string) (*folder, error) {
	if dir == "" {
		return nil, errors.New("the local Postgres needs a folder for its data: NOTEWIRE_DATA_DIR is empty")
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // the user that Postgres runs as must pass through
	}
	if err := os.MkdirAll(path, mode); err != nil {
		return nil, fmt.Errorf("cannot make the data folder %s: %w; choose another with NOTEWIRE_DATA_DIR", path, err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, fmt.Errorf("cannot use the data folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write in the data folder %s: %w; choose another with NOTEWIRE_DATA_DIR", path, err)
	}
	if taken, err := flock(lock); err != nil || taken {
		defer lock.Close()
		if err != nil {
			return nil, fmt.Errorf("cannot lock %s: %w", lock.Name(), err)
		}
		return nil, fmt.Errorf("the data folder %s is in use by another process%s: stop that one, or choose another folder with NOTEWIRE_DATA_DIR", path, holder(lock))
	}
	f := &folder{dir: path, lock: lock}
	if err := errors.Join(lock.Truncate(0), writeAt(lock, strconv.Itoa(os.Getpid())+"\n")); err != nil {
		f.close()
		return nil, fmt.Errorf("cannot write in the data folder %s: %w", path, err)
	}
	return f, nil
}

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

// holder names the process that wrote its id into the lock; nothing if it has not come to that yet.
func holder(lock *os.File) string {
	id, _ := io.ReadAll(io.LimitReader(lock, 20)) // more digits than a process id has
	if id = bytes.TrimSpace(id); len(id) == 0 {
		return ""
	}
	return fmt.Sprintf(" (pid %s)", id)
}

// close gives the folder back. Closing alone would leave the lock with a program that some other
// goroutine is just about to start, until that has begun.
func (f *folder) close() {
	_ = syscall.Flock(int(f.lock.Fd()), syscall.LOCK_UN) // what cannot be unlocked is closed all the same
	f.lock.Close()
}

func (f *folder) logPath() string { return filepath.Join(f.dir, "postgres.log") }

// rotateLog opens an empty log and keeps the previous one, so that two starts bound what the folder holds.
func (f *folder) rotateLog() (*os.File, error) {
	path := f.logPath()
	if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot put the old log of Postgres aside: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the log of Postgres: %w", err)
	}
	return file, nil
}

// logTail returns the last ten lines of the log, or why they cannot be read.
func (f *folder) logTail() string {
	file, err := os.Open(f.logPath())
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	const most = 4096 // ten long lines
	if info, err := file.Stat(); err == nil && info.Size() > most {
		if _, err := file.Seek(-most, io.SeekEnd); err != nil {
			return err.Error()
		}
	}
	text, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// flock takes a file for this open description and those who inherit it; taken means somebody else has it.
func flock(f *os.File) (taken bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}
