//go:build clients

package clients

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

const curlSubscription = `subscription { noteReceived { cursor note { body } } }`

// curl runs curl to its end and returns the body and the status.
func curl(t *testing.T, args ...string) (body, status string) {
	t.Helper()
	out, err := exec.Command("curl", append([]string{"-sS", "-w", "\n%{http_code}"}, args...)...).Output()
	if err != nil {
		t.Fatalf("curl %v: %v", args, err)
	}
	end := strings.LastIndexByte(string(out), '\n')
	return string(out[:end]), string(out[end+1:])
}

// follow is a curl -N that prints an event stream.
type follow struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  chan string // closed when curl has ended
	late   <-chan time.Time
	last   string   // the id of the last event
	bodies []string // of the notes
}

// followBy starts curl and returns once the stream has begun.
func followBy(t *testing.T, u, token string, headers ...string) *follow {
	t.Helper()
	args := []string{"-sSN", "--get", u + "/graphql", "-H", "Accept: text/event-stream", "-H", "Authorization: Bearer " + token, "--data-urlencode", "query=" + curlSubscription}
	for _, h := range headers {
		args = append(args, "-H", h)
	}
	f := &follow{t: t, cmd: exec.Command("curl", args...), lines: make(chan string), late: time.After(2 * binary.Patience)}
	stdout, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(f.lines)
		for scan := bufio.NewScanner(stdout); scan.Scan(); {
			f.lines <- scan.Text()
		}
	}()
	t.Cleanup(f.stop)
	if line := f.line(); line != ":" {
		t.Fatalf("the stream begins with %q", line)
	}
	return f
}

func (f *follow) stop() {
	_ = f.cmd.Process.Kill()
	for range f.lines {
	}
	_ = f.cmd.Wait()
}

// line returns the next line; "end" after the last.
func (f *follow) line() string {
	f.t.Helper()
	select {
	case line, open := <-f.lines:
		if !open {
			return "end"
		}
		return line
	case <-f.late: // of the stream's whole life, for it is never silent
		f.t.Fatalf("it does not come; there were %v", f.bodies)
		return ""
	}
}

// until reads the stream until it has so many notes.
func (f *follow) until(count int) {
	f.t.Helper()
	for len(f.bodies) < count {
		line := f.line()
		if line == "end" {
			f.t.Fatalf("the stream ended after %v", f.bodies)
		}
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			f.last = id
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var result map[string]any
			if err := json.Unmarshal([]byte(data), &result); err != nil {
				f.t.Fatal(err)
			}
			if cursor := binary.Text(f.t, result, "data.noteReceived.cursor"); cursor != f.last {
				f.t.Errorf("the id of an event is %q and its cursor %q", f.last, cursor)
			}
			f.bodies = append(f.bodies, binary.Text(f.t, result, "data.noteReceived.note.body"))
		}
	}
}

func TestCurl(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	user := s.user()
	api, token := s.server.URL+"/graphql", "Authorization: Bearer "+user.Token

	t.Run("query", func(t *testing.T) {
		const want = `{"data":{"viewer":{"user":{"username":"user_1"}}}}`
		query := "{ viewer { user { username } } }"
		if body, status := curl(t, api, "-H", token, "-H", "Content-Type: application/json", "-d", `{"query":"`+query+`"}`); body != want || status != "200" {
			t.Errorf("POST: %s %s", status, body)
		}
		if body, status := curl(t, api+"?query="+url.QueryEscape(query), "-H", token); body != want || status != "200" {
			t.Errorf("GET: %s %s", status, body)
		}
		if body, status := curl(t, api, "-H", "Authorization: Bearer nobody", "-H", "Content-Type: application/json", "-d", `{"query":"`+query+`"}`); status != "401" || !strings.Contains(body, `"UNAUTHENTICATED"`) {
			t.Errorf("with a bad token: %s %s", status, body)
		}
	})
	t.Run("mutation", func(t *testing.T) {
		if _, err := curlNote(s.server.URL, user.Token, s.friend.ID, "by curl"); err != nil {
			t.Error(err)
		}
		if body, status := curl(t, "--get", api, "-H", token, "--data-urlencode", "query=mutation { logout { userErrors { code } } }"); status != "405" {
			t.Errorf("a mutation by GET: %s %s", status, body)
		}
	})
	t.Run("subscription, and resume by Last-Event-ID after kill -9", func(t *testing.T) {
		friend := s.friend.In(t)
		stream := followBy(t, s.server.URL, user.Token, "Last-Event-ID: "+user.In(t).Cursor())
		friend.Send(user.ID, "one")
		friend.Send(user.ID, "two")
		stream.until(2)
		s.restart()
		for line := stream.line(); line != "end"; line = stream.line() {
			if line != "" && line != ":" {
				t.Errorf("after kill -9 came %q", line)
			}
		}
		friend.Send(user.ID, "three")
		again := followBy(t, s.server.URL, user.Token, "Last-Event-ID: "+stream.last)
		friend.Send(user.ID, "four")
		again.until(2)
		if got := append(stream.bodies, again.bodies...); !slices.Equal(got, []string{"one", "two", "three", "four"}) {
			t.Errorf("got %v", got)
		}
		stranger := followBy(t, s.server.URL, s.user().Token)
		friend.Send(user.ID, "five")
		again.until(3)
		if len(stranger.bodies) > 0 {
			t.Error("somebody else got it too")
		}
	})
	t.Run("revoked token", func(t *testing.T) {
		stream := followBy(t, s.server.URL, user.Token)
		user.In(t).Logout()
		s.friend.In(t).Send(user.ID, "not for this session")
		endsUnauthenticated(t, stream, api, token)
	})
	t.Run("expired token", func(t *testing.T) {
		other := s.user()
		if err := s.expire(other.Username, 2*time.Second); err != nil {
			t.Fatal(err)
		}
		stream := followBy(t, s.server.URL, other.Token)
		endsUnauthenticated(t, stream, api, "Authorization: Bearer "+other.Token)
	})
}

// endsUnauthenticated expects the stream to end as that of a session which is over, and a further one to be
// refused.
func endsUnauthenticated(t *testing.T, stream *follow, api, token string) {
	t.Helper()
	var lines []string
	for line := stream.line(); line != "end"; line = stream.line() {
		if line != "" && line != ":" {
			lines = append(lines, line)
		}
	}
	all := strings.Join(lines, "\n")
	if !strings.Contains(all, "retry: 30000\nevent: next\ndata: ") || !strings.Contains(all, `"UNAUTHENTICATED"`) || !strings.HasSuffix(all, "event: complete\ndata:") || strings.Contains(all, "not for") {
		t.Errorf("the stream ended with\n%s", all)
	}
	body, status := curl(t, "--get", api, "-H", "Accept: text/event-stream", "-H", token, "--data-urlencode", "query="+curlSubscription)
	if status != "401" || !strings.Contains(body, `"UNAUTHENTICATED"`) {
		t.Errorf("once more: %s %s", status, body)
	}
}
