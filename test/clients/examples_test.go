//go:build clients

package clients

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/notewire/notewire/test/binary"
)

const examples = "../../examples/"

// examplesBuilt installs the examples with the client package as it is now, and checks their types.
var examplesBuilt = sync.OnceValue(func() error {
	for _, args := range [][]string{{"ci", "--no-audit", "--no-fund"}, {"run", "build"}} {
		if out, err := exec.Command("npm", append(args, "--prefix", examples)...).CombinedOutput(); err != nil {
			return fmt.Errorf("npm %s: %w\n%s", args[0], err, out)
		}
	}
	return consult(examples)
})

var viteAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)

// serveExamples starts what `npm run apollo`, `urql` and `relay` start, but for the browser, and returns its address.
func serveExamples(t *testing.T, notewire string) string {
	t.Helper()
	vite := exec.Command("node_modules/.bin/vite", "--host", "127.0.0.1", "--port", "0", "--clearScreen", "false")
	vite.Dir = examples
	vite.Env = append(os.Environ(), "NOTEWIRE_URL="+notewire, "NO_COLOR=1")
	vite.Stderr = os.Stderr
	stdout, err := vite.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := vite.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if found := viteAddress.FindString(lines.Text()); found != "" {
				select {
				case address <- found:
				default:
				}
			}
		}
	})
	t.Cleanup(func() {
		_ = vite.Process.Signal(syscall.SIGTERM)
		reading.Wait()
		_ = vite.Wait()
	})
	select {
	case a := <-address:
		return a
	case <-time.After(2 * binary.Patience):
		t.Fatal("vite does not say where it listens")
		return ""
	}
}

// Each example signs in, shows the bell as it grows and shrinks, and goes on after kill -9 of the server with what came
// meanwhile.
func TestExamples(t *testing.T) {
	t.Parallel()
	if err := examplesBuilt(); err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	address := serveExamples(t, s.server.URL)
	for _, name := range []string{"apollo", "urql", "relay"} {
		t.Run(name, func(t *testing.T) {
			user, one, two, three := s.user().In(t), s.user().In(t), s.user().In(t), s.user().In(t)
			post := user.Post("Of " + name)
			ctx := browser(t, address+name+"/")
			awaitPage(t, ctx, `document.querySelector('form') !== null`)
			signIn(t, ctx, user.Username, "wrong")
			awaitPage(t, ctx, `document.querySelector('output').textContent !== ''`)
			signIn(t, ctx, user.Username, binary.Password)
			shows(t, ctx, "0 unread, connected", nil)
			one.Like(post)
			line := func(who string, likes int) string {
				return fmt.Sprintf("%s: like on “Of %s”, liked by %d", who, name, likes)
			}
			shows(t, ctx, "1 unread, connected", []string{line(one.Username, 1)})
			two.Like(post)
			three.Like(post)
			shows(t, ctx, "1 unread, connected", []string{line(three.Username+" and 2 more", 3)})
			three.Do(`mutation($id: ID!) { unlike(input: {subjectId: $id}) { userErrors { code } } }`, binary.Vars{"id": post})
			shows(t, ctx, "1 unread, connected", []string{line(two.Username+" and 1 more", 2)})

			s.server.Kill()
			awaitPage(t, ctx, `document.querySelector('#status').textContent !== 'connected'`)
			s.restart()
			three.Like(post)
			one.Comment(post, "missed")
			shows(t, ctx, "2 unread, connected", []string{
				fmt.Sprintf("%s: comment on “Of %s”, liked by 3", one.Username, name),
				line(three.Username+" and 2 more", 3),
			})
		})
	}
}

func signIn(t *testing.T, ctx context.Context, username, password string) {
	t.Helper()
	value[bool](t, ctx, fmt.Sprintf(`
		document.querySelector('[name=username]').value = %s;
		document.querySelector('[name=password]').value = %s;
		document.querySelector('button').click();
		true`, quoted(username), quoted(password)))
}

// shows waits until the page has this heading and these lines.
func shows(t *testing.T, ctx context.Context, heading string, lines []string) {
	t.Helper()
	want, _ := json.Marshal(append([]string{heading}, lines...)) // strings always can
	awaitPage(t, ctx, fmt.Sprintf(`JSON.stringify([...document.querySelectorAll('h1, li')].map((e) => e.textContent)) === %s`, quoted(string(want))))
}

func awaitPage(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	_, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(30*time.Second)))
	if err != nil {
		t.Fatalf("%s: %v; the page has %s", expression, err, value[string](t, ctx, `document.body.innerText`))
	}
}

// The example for curl prints each event once, over kill -9 of the server.
func TestExampleCurl(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	user := s.user()
	bell := exec.Command(examples+"curl/bell.sh", user.Username)
	bell.Env = append(os.Environ(), "NOTEWIRE_URL="+s.server.URL, "PASSWORD="+binary.Password)
	bell.Stderr = os.Stderr
	bell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its curl ends with it
	stdout, err := bell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bell.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(stdout); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-bell.Process.Pid, syscall.SIGKILL)
		for range lines {
		}
		_ = bell.Wait()
	})
	// next passes over what says only that the stream is live.
	next := func(contains ...string) {
		t.Helper()
		for late := time.After(2 * binary.Patience); ; {
			select {
			case line := <-lines:
				if strings.Contains(line, `"StreamReady"`) && contains[0] != `"StreamReady"` {
					continue
				}
				for _, c := range contains {
					if !strings.Contains(line, c) {
						t.Fatalf("came %s, not %q", line, contains)
					}
				}
				return
			case <-late:
				t.Fatalf("there comes no %q", contains)
			}
		}
	}
	post := user.Post("Of curl")
	next(`"StreamReady"`)
	s.friend.Like(post)
	next(`"NotificationReceived"`, `"LIKE"`, `"notifications":1`)
	for count := 1; count <= 3; count++ {
		if count < 3 { // the last of them comes over a line that is open
			s.restart()
		}
		s.friend.Comment(post, "one more")
		next(`"COMMENT"`, fmt.Sprintf(`"count":%d`, count))
	}
}
