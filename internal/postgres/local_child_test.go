//go:build unix

package postgres

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// init makes this test binary a program of its own when it is run as a child: one that starts a local
// Postgres, says so, and waits for its end.
func init() {
	role, dir := os.Getenv("LOCAL_TEST_ROLE"), os.Getenv("LOCAL_TEST_DIR")
	if role == "" {
		return
	}
	l, err := StartLocal(context.Background(), quick(dir))
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ready", l.PID())
	if role == "once" {
		if err := l.Stop(context.Background()); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	select {}
}

type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	// postgres is the id that the child told of its server.
	postgres int
}

// launch runs this test binary in a role, on a folder. Settings change the command before it starts.
func launch(t *testing.T, role, dir string, settings ...func(*exec.Cmd)) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LOCAL_TEST_ROLE="+role, "LOCAL_TEST_DIR="+dir)
	cmd.Stderr = os.Stderr
	for _, set := range settings {
		set(cmd)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(c.kill)
	return c
}

// startChild launches a child and waits until its server is ready.
func startChild(t *testing.T, role, dir string, settings ...func(*exec.Cmd)) *child {
	t.Helper()
	c := launch(t, role, dir, settings...)
	id, ready := strings.CutPrefix(c.line(), "ready ")
	if !ready {
		t.Fatal("the child is not ready")
	}
	var err error
	if c.postgres, err = strconv.Atoi(id); err != nil {
		t.Fatal(err)
	}
	return c
}

// line returns the next line that the child wrote.
func (c *child) line() string {
	c.t.Helper()
	if !c.lines.Scan() {
		c.t.Fatalf("the child ended: %v", c.lines.Err())
	}
	c.t.Log("child:", c.lines.Text())
	return c.lines.Text()
}

func (c *child) pid() string { return strconv.Itoa(c.cmd.Process.Pid) }

// kill is kill -9. The child has gone when it returns.
func (c *child) kill() {
	if c.cmd.ProcessState == nil {
		c.cmd.Process.Kill()
		c.cmd.Wait()
	}
}

// asNobody has a child run as an ordinary user, from a copy of the program that this user can reach.
func asNobody(t *testing.T) func(*exec.Cmd) {
	t.Helper()
	needRoot(t)
	program := filepath.Join(passable(t), "program")
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	nobody, err := unprivileged(-1)
	if err != nil {
		t.Fatal(err)
	}
	return func(cmd *exec.Cmd) {
		cmd.Path, cmd.Dir = program, "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(nobody.uid), Gid: uint32(nobody.gid)}}
	}
}

// needRoot leaves out what only root can arrange: another user, a full disk. Everything else about
// the same code runs for ordinary users too.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can set this scene")
	}
}
