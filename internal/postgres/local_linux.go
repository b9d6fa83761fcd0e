package postgres

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// endWithParent has the kernel send a fast shutdown when we end, however we end.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// workingDir returns the current folder of a process, or nothing if the kernel does not tell us.
func workingDir(pid int) string {
	dir, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return dir
}

// commandLine returns the program and the arguments of a process, parted by spaces.
func commandLine(pid int) string {
	line, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return string(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
}

// processesIn returns the processes whose current folder is dir, as Postgres and all its children have it.
func processesIn(dir string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && workingDir(pid) == dir {
			pids = append(pids, pid)
		}
	}
	return pids
}
