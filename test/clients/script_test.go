//go:build clients

package clients

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

var installed = sync.OnceValue(func() error {
	if _, err := os.Stat("node_modules"); err == nil {
		return nil
	}
	if out, err := exec.Command("npm", "ci", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
})

func TestApollo(t *testing.T)     { runScript(t, "apollo.mjs") }
func TestURQL(t *testing.T)       { runScript(t, "urql.mjs") }
func TestGraphQLWS(t *testing.T)  { runScript(t, "graphql-ws.mjs") }
func TestGraphQLSSE(t *testing.T) { runScript(t, "graphql-sse.mjs") }

// message is what a script says: a scenario ended, or something is noted, or something is to be done.
type message struct {
	End, Failed, Log, Ask string

	N            int
	Name         string
	To           string
	Body         string
	Bodies       []string
	Token        string
	Username     string
	Milliseconds int
}

// script is a running script and its site.
type script struct {
	*site
	messages chan message
	answers  *json.Encoder
	watched  time.Time // the beginning of the 3 s in which attempts are counted
	people   map[string]*binary.Client
}

// runScript runs a script of scenarios, each as a subtest, after whatever else there is to prepare.
func runScript(t *testing.T, name string, prepare ...func(*testing.T, *site)) {
	t.Parallel()
	if err := installed(); err != nil {
		t.Fatal(err)
	}
	site := newSite(t)
	for _, p := range prepare {
		p(t, site)
	}
	node := exec.Command(cmp.Or(os.Getenv("NODE"), "node"), name, site.server.URL, "http://"+site.proxy.addr)
	node.Stderr = os.Stderr
	stdin, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	s := &script{site: site, messages: make(chan message), answers: json.NewEncoder(stdin), people: map[string]*binary.Client{}}
	var reading sync.WaitGroup
	reading.Go(func() { s.read(stdout) })
	t.Cleanup(func() { // ends the script if the test gave up on it
		_ = node.Process.Kill()
		for range s.messages {
		}
		reading.Wait()
		_ = node.Wait()
	})
	scenarios := 0
	for m := range s.messages {
		if m.Ask != "begin" {
			t.Fatalf("%+v between two scenarios", m)
		}
		scenarios++
		selected := false // by -run
		t.Run(m.Name, func(t *testing.T) {
			selected = true
			s.answer(t, m, map[string]any{"selected": true}, nil)
			s.scenario(t)
		})
		if !selected {
			s.answer(t, m, map[string]any{"selected": false}, nil)
		}
	}
	if scenarios == 0 {
		t.Error("the script ran no scenario")
	}
}

func (s *script) read(stdout io.Reader) {
	defer close(s.messages)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			m = message{Log: lines.Text()}
		}
		s.messages <- m
	}
}

// scenario serves a script until its scenario ends.
func (s *script) scenario(t *testing.T) {
	outer := s.t
	s.t = t
	defer func() { s.t = outer }()
	for {
		select {
		case m, open := <-s.messages:
			switch {
			case !open:
				t.Fatal("the script ended amid a scenario")
			case m.Ask != "":
				answer, err := s.do(t, outer, m)
				s.answer(t, m, answer, err)
			case m.Log != "":
				t.Log(m.Log)
			case m.Failed != "":
				t.Error(m.Failed)
				return
			case m.End != "":
				return
			}
		case <-time.After(2 * time.Minute): // longer than a script waits for anything
			t.Fatal("the script says nothing")
		}
	}
}

// answer tells a script what came of what it asked for.
func (s *script) answer(t *testing.T, m message, answer map[string]any, err error) {
	t.Helper()
	if answer == nil {
		answer = map[string]any{}
	}
	if answer["n"] = m.N; err != nil {
		answer["error"] = err.Error()
	}
	if err := s.answers.Encode(answer); err != nil {
		t.Fatal(err)
	}
}

// do does what a script asks for. Servers live as long as the outer test.
func (s *script) do(t, outer *testing.T, m message) (map[string]any, error) {
	switch m.Ask {
	case "user":
		u := s.user()
		s.people[u.Username] = u
		return map[string]any{"id": u.ID, "username": u.Username, "token": u.Token}, nil
	case "login":
		u := s.people[m.Username].In(t)
		u.Login()
		return map[string]any{"token": u.Token}, nil
	case "logout":
		u := binary.As(t, s.server.URL, m.Token)
		u.Logout()
	case "expire":
		return nil, s.expire(m.Username, time.Duration(m.Milliseconds)*time.Millisecond)
	case "expired":
		u := binary.As(t, s.server.URL, m.Token)
		for end := time.Now().Add(binary.Patience); ; time.Sleep(20 * time.Millisecond) {
			a, err := u.Try(`{ viewer { id } }`, nil)
			if err != nil || a.Status == 401 {
				return nil, err
			}
			if time.Now().After(end) {
				return nil, fmt.Errorf("the session goes on: %s", a.Raw)
			}
		}
	case "send":
		friend := s.friend.In(t)
		for _, body := range m.Bodies {
			friend.Send(m.To, body)
		}
	case "curl":
		return curlNote(s.server.URL, s.friend.Token, m.To, m.Body)
	case "watch":
		s.watched = time.Now()
	case "attempts":
		end := s.watched.Add(3 * time.Second)
		time.Sleep(time.Until(end)) // this is what is measured
		return map[string]any{"connections": s.proxy.between(s.watched, end)}, nil
	case "kill":
		s.server.Kill()
	case "terminate":
		s.server.Terminate()
		if code := s.server.ExitCode(); code != 0 {
			t.Errorf("the server ended with %d", code)
		}
	case "stop":
		s.server.Stop()
	case "go on":
		s.server.GoOn()
	case "start":
		s.server = s.server.Again(outer)
	default:
		return nil, fmt.Errorf("nobody knows how to %q", m.Ask)
	}
	return nil, nil
}

// curlNote sends a note by curl, and says when it was started, when it connected and when it had the
// answer, in milliseconds since 1970.
func curlNote(url, token, to, body string) (map[string]any, error) {
	document, err := json.Marshal(map[string]any{
		"query":     `mutation($to: ID!, $body: String!) { sendNote(input: {toUserIds: [$to], body: $body}) { userErrors { code } } }`,
		"variables": binary.Vars{"to": to, "body": body},
	})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	out, err := exec.Command("curl", "-sS", "-w", "\n%{time_namelookup} %{time_total}", url+"/graphql",
		"-H", "Content-Type: application/json", "-H", "Authorization: Bearer "+token, "--data-binary", string(document)).Output()
	if err != nil {
		return nil, fmt.Errorf("curl: %w", err)
	}
	answer, times, _ := strings.Cut(string(out), "\n")
	if !strings.Contains(answer, `"userErrors":[]`) {
		return nil, fmt.Errorf("the note was not sent: %s", answer)
	}
	var connecting, answered float64
	if _, err := fmt.Sscan(times, &connecting, &answered); err != nil {
		return nil, err
	}
	return map[string]any{"began": float64(began.UnixNano()) / 1e6, "connecting": connecting * 1000, "answered": answered * 1000}, nil
}
