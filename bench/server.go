package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// server is a Notewire that this program has built and started.
type server struct {
	dir  string   // of the program and its data
	env  []string // more variables of the program
	cmd  *exec.Cmd
	host string
}

func build(ctx context.Context) (*server, error) {
	dir, err := os.MkdirTemp("", "notewire-bench")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "notewire"), "github.com/notewire/notewire").CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("go build: %w\n%s", err, out), s.remove())
	}
	return s, nil
}

// admin is where profiles of the server can be had while it is measured.
const admin = "127.0.0.1:9099"

// start runs the program, with some more variables, until stop is called.
func (s *server) start(ctx context.Context, env ...string) error {
	s.cmd = exec.CommandContext(ctx, filepath.Join(s.dir, "notewire"), "--addr", "127.0.0.1:0", "--admin-addr", admin, "--drain-delay", "0s", "--data-dir", filepath.Join(s.dir, "data"))
	s.cmd.Env = append(append(os.Environ(), s.env...), env...)
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	log, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var entry struct{ Level, Msg, API string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "ready" {
			s.host = strings.TrimSuffix(strings.TrimPrefix(entry.API, "http://"), "/graphql")
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return nil
		}
		if entry.Level != "INFO" {
			fmt.Fprintln(os.Stderr, lines.Text())
		}
	}
	return fmt.Errorf("the server ended before it was ready: %w", s.cmd.Wait())
}

func (s *server) stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

func (s *server) remove() error { return os.RemoveAll(s.dir) }

// memory is what the process holds, in KiB: its resident set, without the pages of files.
func (s *server) memory() (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("memory is read from /proc, so on Linux only: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			return strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	return 0, errors.New("/proc has no RssAnon")
}

// do runs an operation over HTTP and decodes its data.
func (s *server) do(ctx context.Context, token, query string, variables map[string]any, data any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.host+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return errors.New(answer.Errors[0].Message)
	}
	return json.Unmarshal(answer.Data, data)
}

// register makes users and returns their tokens and ids.
func (s *server) register(ctx context.Context, n int) (tokens, ids []string, err error) {
	tokens, ids = make([]string, n), make([]string, n)
	err = parallel(4, n, func(i int) error {
		var d struct {
			Register struct {
				Token  string
				Viewer struct{ User struct{ ID string } }
			}
		}
		err := s.do(ctx, "", `mutation($u: String!) { register(input: {username: $u, password: "correct horse"}) { token viewer { user { id } } } }`,
			map[string]any{"u": fmt.Sprintf("user_%d", i)}, &d)
		tokens[i], ids[i] = d.Register.Token, d.Register.Viewer.User.ID
		return err
	})
	return tokens, ids, err
}
