package binary

import (
	"os/exec"
	"syscall"
)

// endWithTest has the kernel kill a program when the thread that started it ends, so that a test binary
// that is killed, or runs out of time, leaves no server behind.
func endWithTest(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
