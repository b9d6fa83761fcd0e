package faults_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/notewire/notewire/test/binary"
)

// F11: the disk under Postgres is full. Writes fail with an answer, reads go on, and when there is room
// again all is well without anybody's help. It needs root, for a small disk.
//
// Planted, and seen red: a full disk that is an internal error (I11).
func TestF11DiskFull(t *testing.T) {
	if !*long {
		t.Skip("only in the long set: it needs root, for a small disk")
	}
	t.Parallel()
	disk := binary.Folder(t)
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256m,mode=711"); err != nil {
		t.Fatalf("a small disk, for which this must run as root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	s := begin(t, setup{ownPostgres: true, folder: disk})
	s.write()
	for range 3 {
		ballast := filepath.Join(disk, "ballast")
		fill(t, ballast)
		lost := s.lostAnswers()
		s.await("writes do not fail", allBackTime, func() bool { return s.lostAnswers() > lost+100 })
		for _, p := range s.people { // reads go on
			var got struct {
				Viewer struct{ Unread unread }
			}
			if err := s.ask(t.Context(), 0, p.token, `{ viewer { unread { notes } notes(first: 100) { nodes { id body } } notifications { nodes { id } } } }`, nil, &got); err != nil {
				s.violated("F11", "a read on a full disk: %v", err)
			}
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		s.healed("there is room again")
	}
	s.finish()
}

// fill writes a file until there is no room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		for block := make([]byte, size); ; {
			if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// lostAnswers is how many writes have been answered with UNAVAILABLE or not at all.
func (s *site) lostAnswers() (n int) {
	for _, p := range s.people {
		p.mu.Lock()
		for _, w := range p.writes {
			n += w.lost
		}
		p.mu.Unlock()
	}
	return n
}
