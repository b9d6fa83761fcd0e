//go:build unix && !linux

package postgres

import (
	"os/exec"
	"strconv"
	"syscall"
)

// endWithParent can do nothing here: a server left behind by a kill -9 is ended at the next start.
func endWithParent(*syscall.SysProcAttr) {}

// workingDir is not told by this system.
func workingDir(int) string { return "" }

// commandLine returns the program and the arguments of a process, parted by spaces.
func commandLine(pid int) string {
	line, _ := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return string(line)
}

// processesIn is not told by this system: children of a killed Postgres end by themselves.
func processesIn(string) []int { return nil }
