//go:build clients

package clients

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/notewire/notewire/test/binary"
)

// browser opens a page in a Chromium of its own, which reaches nothing but this machine.
func browser(t *testing.T, page string) context.Context {
	t.Helper()
	nowhere := httptest.NewServer(http.NotFoundHandler()) // whatever the browser asks of its maker ends here
	t.Cleanup(nowhere.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(cmp.Or(os.Getenv("CHROMIUM"), "/usr/bin/chromium")),
		chromedp.NoSandbox, // Containers and root have no sandbox; the page is our own.
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.ProxyServer(nowhere.URL),
		chromedp.UserDataDir(t.TempDir()),
	)
	allocator, closeBrowser := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("closing Chromium: %v", err)
		}
		closeTab()
		closeBrowser()
	})
	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// followPost makes an EventSource and keeps what it gets, and how often it had to come back.
const followPost = `
	window.got = []; window.opened = 0; window.failed = 0; window.told = [];
	window.source = new EventSource('/graphql?query=' + encodeURIComponent(%s) + '&variables=' + encodeURIComponent(%s));
	source.onopen = () => { opened += 1 };
	source.onerror = () => { failed += 1 };
	source.addEventListener('next', (event) => {
		const { data, errors } = JSON.parse(event.data);
		if (errors) return told.push(errors[0].extensions.code);
		got.push({ body: data.commentAdded.comment.body, named: data.commentAdded.cursor === event.lastEventId });
	});
	source.addEventListener('complete', () => told.push('complete'));
	true`

func follows(t *testing.T, ctx context.Context, document string, variables binary.Vars) {
	t.Helper()
	vars, err := json.Marshal(variables)
	if err != nil {
		t.Fatal(err)
	}
	value[bool](t, ctx, fmt.Sprintf(followPost, quoted(document), quoted(string(vars))))
}

// value evaluates an expression in the page.
func value[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string always can
	return string(b)
}

// await waits in the page until an expression is true.
func await(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	_, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(30*time.Second)))
	if err != nil {
		t.Fatalf("%s: %v; the page has %s", expression, err, value[string](t, ctx, `JSON.stringify({got, opened, failed, told, state: source.readyState})`))
	}
}

// An EventSource of a browser follows a post, comes back by itself when the server does, and misses nothing.
func TestEventSource(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	post := s.friend.Post("Of birds on wires")
	ctx := browser(t, s.server.URL+"/")
	const document = `subscription($post: ID!) { commentAdded(postId: $post) { cursor comment { body author { username } } } }`

	follows(t, ctx, document, binary.Vars{"post": post})
	await(t, ctx, `opened === 1`)
	want := []string{"one", "two"}
	s.friend.Comment(post, "one")
	s.friend.Comment(post, "two")
	await(t, ctx, `got.length >= 2`)
	for round := 1; round <= 2; round++ {
		if round == 1 {
			s.server.Kill()
		} else { // which takes leave of its clients
			s.server.Terminate()
			if code := s.server.ExitCode(); code != 0 {
				t.Errorf("the server ended with %d", code)
			}
		}
		await(t, ctx, fmt.Sprintf(`failed >= %d && source.readyState === EventSource.CONNECTING`, round))
		s.server = s.server.Again(t)
		for i := range 3 { // the first of them before the browser is back
			body := fmt.Sprintf("%d of life %d", i, round+1)
			s.friend.Comment(post, body)
			want = append(want, body)
		}
		await(t, ctx, fmt.Sprintf(`got.length >= %d`, len(want)))
	}
	s.friend.Comment(post, "last")
	want = append(want, "last")
	await(t, ctx, fmt.Sprintf(`got.length >= %d`, len(want)))
	type event struct {
		Body  string
		Named bool
	}
	got := value[[]event](t, ctx, `source.close(); got`)
	var bodies []string
	for _, g := range got {
		bodies = append(bodies, g.Body)
		if !g.Named {
			t.Errorf("the id of the event of %q is not its cursor", g.Body)
		}
	}
	if !slices.Equal(bodies, want) {
		t.Errorf("got  %q\nwant %q", bodies, want)
	}
	opened, failed := value[int](t, ctx, `opened`), value[int](t, ctx, `failed`)
	t.Logf("over two restarts the stream was opened %d times and failed %d times", opened, failed)
}

// A page cannot give an EventSource a token: what is private is refused in words, and the browser does not
// ask again and again.
func TestEventSourceRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := browser(t, "http://"+s.proxy.addr+"/")
	began := time.Now()
	follows(t, ctx, `subscription { noteReceived { note { body } } }`, nil)
	await(t, ctx, `told.length >= 2`)
	if told := value[[]string](t, ctx, `told`); !slices.Equal(told, []string{"UNAUTHENTICATED", "complete"}) {
		t.Errorf("it was told %v", told)
	}
	end := began.Add(3 * time.Second)
	time.Sleep(time.Until(end)) // this is what is measured
	opened := value[int](t, ctx, `opened`)
	attempts := max(opened, s.proxy.between(began, end))
	t.Logf("%d attempts in the first 3 s", attempts)
	if opened != 1 || attempts > 5 {
		t.Errorf("the browser opened the stream %d times, and connected %d times in 3 s", opened, attempts)
	}
}
