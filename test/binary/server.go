package binary

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Patience bounds every wait for what must come. It is never the time that something takes.
const Patience = 20 * time.Second

// Options say how a server is run.
type Options struct {
	Folder string   // where it runs; its data goes to .notewire in there
	Addr   string   // where it listens; "": a free port
	Args   []string // more of the command line
	Env    []string // more variables
}

// Server is a running server.
type Server struct {
	URL  string // http://127.0.0.1:8080, from its log
	Addr string // 127.0.0.1:8080

	t       testing.TB
	options Options
	cmd     *exec.Cmd
	log     *logBook
	exited  chan struct{} // closed when it has ended and its log is complete
}

// Start runs a server and returns once it says that it is ready. It ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := launch(t, o)
	t.Cleanup(func() {
		if s.Running() {
			s.Terminate()
			if code := s.ExitCode(); code != 0 {
				t.Errorf("the server ended with %d:\n%s", code, s.log)
			}
		}
		if t.Failed() {
			t.Logf("log of the server at %s:\n%s", s.Addr, s.log)
		}
	})
	select {
	case ready := <-s.log.ready:
		s.URL = strings.TrimSuffix(ready, "/")
		s.Addr = strings.TrimPrefix(s.URL, "http://")
	case <-s.exited:
		t.Fatalf("the server did not start:\n%s", s.log)
	case <-time.After(Patience):
		t.Fatalf("the server is not ready:\n%s", s.log)
	}
	return s
}

// Refused runs a server that must not start, and returns what it says on standard error.
func Refused(t testing.TB, o Options) string {
	t.Helper()
	s := launch(t, o)
	select {
	case <-s.exited:
	case ready := <-s.log.ready:
		s.Kill()
		t.Fatalf("the server started at %s", ready)
	case <-time.After(Patience):
		s.Kill()
		t.Fatalf("the server neither started nor ended:\n%s", s.log)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("exit code %d, not 1:\n%s", code, s.log)
	}
	return s.log.String()
}

func launch(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	s := &Server{t: t, options: o, log: newLogBook(), exited: make(chan struct{})}
	// What comes later on the command line counts: Args may set another drain delay.
	s.cmd = exec.Command(Built(t), append([]string{"--addr", o.Addr, "--drain-delay", "0s"}, o.Args...)...)
	s.cmd.Dir = o.Folder
	s.cmd.Env = append(cleanEnv(), o.Env...)
	s.cmd.Stderr = s.log
	s.cmd.WaitDelay = 5 * time.Second // for what it may have started with our end of the log in hand
	endWithTest(s.cmd)
	started := make(chan error, 1) // one answer
	go func() {
		runtime.LockOSThread() // whose end would be the server's; it ends with this goroutine
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait() // ProcessState says the same
		}
		close(s.exited)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	return s
}

// cleanEnv is the environment without what would change the server.
func cleanEnv() (env []string) {
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "NOTEWIRE_") && !strings.HasPrefix(v, "DATABASE_URL=") && !strings.HasPrefix(v, "PG") {
			env = append(env, v)
		}
	}
	return env
}

// Running says whether the process lives.
func (s *Server) Running() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// Kill ends the server as kill -9 does, and waits until it is gone.
func (s *Server) Kill() {
	s.signal(syscall.SIGKILL)
	<-s.exited
}

// Terminate asks the server to end, and does not wait.
func (s *Server) Terminate() { s.signal(syscall.SIGTERM) }

// Stop lets the server stand still, its connections open, until GoOn.
func (s *Server) Stop() { s.signal(syscall.SIGSTOP) }

// GoOn lets a server go on that was stopped.
func (s *Server) GoOn() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Fatal(err)
	}
}

// ExitCode waits for the end of the server that was asked to end. One that does not is killed.
func (s *Server) ExitCode() int {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(Patience): // its own promise is the same
		s.Kill()
		s.t.Fatalf("the server did not end within %s:\n%s", Patience, s.log)
	}
	return s.cmd.ProcessState.ExitCode()
}

// Again starts a server that has ended once more: the same folder, the same address.
func (s *Server) Again(t testing.TB) *Server {
	t.Helper()
	o := s.options
	o.Addr = s.Addr
	return Start(t, o)
}

// Log is what the server has said on standard error so far.
func (s *Server) Log() string { return s.log.String() }

// DSN names the database of the server's own Postgres, for others on this machine.
func (s *Server) DSN() string {
	s.t.Helper()
	entry, ok := s.log.entry("local Postgres is ready")
	if !ok {
		s.t.Fatalf("no local Postgres in the log:\n%s", s.log)
	}
	data, _ := entry["data"].(string)
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		s.t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 5 { // the fifth is the first folder of unix_socket_directories
		s.t.Fatalf("postmaster.pid is short:\n%s", text)
	}
	return fmt.Sprintf("host='%s' port=5432 user=notewire dbname=notewire sslmode=disable", lines[4])
}

// Readiness is the status of /readyz, 0 when nobody listens any more.
func (s *Server) Readiness() (status int, body string) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/readyz", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.TrimSpace(string(text))
}

// FixedAddr is a free loopback address for a server that is to be started again on it. The system gives
// no port below 32768 to outgoing connections, so that nobody takes it while the server is away.
func FixedAddr(t testing.TB) string {
	t.Helper()
	for range 1000 {
		// Processes begin at different places, and nobody gets an address that somebody else has.
		port := 20000 + (os.Getpid()*50+int(fixed.Add(1)))%12000
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no free port between 20000 and 32000")
	return ""
}

// fixed counts the addresses that FixedAddr has tried.
var fixed atomic.Int64

// logBook keeps the log of a server.
type logBook struct {
	ready chan string // gets the address of the page, once

	mu   sync.Mutex
	text bytes.Buffer
	read int // how much of it was looked at
}

func newLogBook() *logBook { return &logBook{ready: make(chan string, 1)} }

// Write implements io.Writer.
func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(b)
	for {
		rest := l.text.Bytes()[l.read:]
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return len(b), nil
		}
		l.read += end + 1
		var entry struct{ Msg, Page string }
		if json.Unmarshal(rest[:end], &entry) == nil && entry.Msg == "ready" {
			select {
			case l.ready <- entry.Page:
			default:
			}
		}
	}
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// entry finds the first entry of a message.
func (l *logBook) entry(message string) (map[string]any, bool) {
	for lines := bufio.NewScanner(strings.NewReader(l.String())); lines.Scan(); {
		var entry map[string]any
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry["msg"] == message {
			return entry, true
		}
	}
	return nil, false
}

// PID is the process id of the server.
func (s *Server) PID() int { return s.cmd.Process.Pid }
