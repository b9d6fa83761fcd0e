package postgrestest

import (
	"os"
	"syscall"
)

// memory returns a folder in memory for servers that need not outlive the machine, or nothing: making
// the 300 files of a database there takes 25 ms, and up to ten times that on a disk. TMPDIR, where it
// is set, decides instead.
func memory() string {
	const dir = "/dev/shm"
	const enough = 2 << 30 // bytes: 512 MB of WAL, 39 MB of cluster and 8 MB a database; containers often have 64 MB in all
	var stat syscall.Statfs_t
	if os.Getenv("TMPDIR") != "" || syscall.Statfs(dir, &stat) != nil || stat.Bavail*uint64(stat.Bsize) < enough {
		return ""
	}
	return dir
}
