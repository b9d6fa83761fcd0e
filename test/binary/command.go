package binary

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Run runs a command of the program to its end, in a folder whose .notewire has the data, and returns what it
// wrote to both outputs and its exit code.
func Run(t testing.TB, folder string, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.Command(Built(t), args...)
	cmd.Dir, cmd.Env = folder, cleanEnv()
	out, _ := cmd.CombinedOutput() // the code says how it ended
	return string(out), cmd.ProcessState.ExitCode()
}

// Command is a command of the program that goes on until it is interrupted.
type Command struct {
	t      testing.TB
	cmd    *exec.Cmd
	mu     sync.Mutex
	text   bytes.Buffer  // of both outputs
	more   chan struct{} // size 1: there is more text
	exited chan struct{}
}

// Begin starts a command in a folder. It ends with the test.
func Begin(t testing.TB, folder string, args ...string) *Command {
	t.Helper()
	c := &Command{t: t, cmd: exec.Command(Built(t), args...), more: make(chan struct{}, 1), exited: make(chan struct{})}
	c.cmd.Dir, c.cmd.Env = folder, cleanEnv()
	c.cmd.Stdout, c.cmd.Stderr = c, c
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.exited)
		_ = c.cmd.Wait() // ProcessState says the same
	}()
	t.Cleanup(func() {
		if err := c.cmd.Process.Kill(); err == nil {
			<-c.exited
		}
	})
	return c
}

// Write implements io.Writer.
func (c *Command) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.more <- struct{}{}:
	default:
	}
	return c.text.Write(b)
}

// Said is all that the command has written so far.
func (c *Command) Said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// Await waits until the command has written something.
func (c *Command) Await(text string) {
	c.t.Helper()
	late := time.After(Patience)
	for !strings.Contains(c.Said(), text) {
		select {
		case <-c.more:
		case <-c.exited:
			if !strings.Contains(c.Said(), text) {
				c.t.Fatalf("it ended and did not say %q:\n%s", text, c.Said())
			}
		case <-late:
			c.t.Fatalf("it does not say %q:\n%s", text, c.Said())
		}
	}
}

// Interrupt is Ctrl-C. It returns the exit code.
func (c *Command) Interrupt() int {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		c.t.Fatal(err)
	}
	select {
	case <-c.exited:
	case <-time.After(Patience):
		c.t.Fatalf("it did not end:\n%s", c.Said())
	}
	return c.cmd.ProcessState.ExitCode()
}

// LoginAs is somebody whose account was there before.
func LoginAs(t testing.TB, url, username string) *Client {
	t.Helper()
	c := &Client{URL: url, Username: username, t: t}
	c.Login()
	return c
}
