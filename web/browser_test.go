//go:build browser

package web_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience bounds each wait for the browser. It is generous, because nothing here measures speed.
const patience = 30 * time.Second

// tab is one tab of a fresh Chromium and what happened in it that must not happen.
type tab struct {
	t      *testing.T
	ctx    context.Context
	origin string

	// workers gets the name of each worker that starts. 64 is far more than the three a page has; beyond it names are lost.
	workers chan string

	mu       sync.Mutex
	problems []string
	expected []string // what a problem may contain without being reported
}

// openTab starts Chromium with an empty profile of its own and watches a tab for errors on the console, violations of the
// policy and requests to anywhere but origin. It is closed, and the problems are reported, when the test ends.
func openTab(t *testing.T, origin string, width, height int64) *tab {
	t.Helper()
	tab := &tab{t: t, origin: origin, workers: make(chan string, 64)}

	// Whatever is not loopback goes to a proxy that refuses it and takes note, requests of workers included. Chromium also
	// asks its maker for updates, whatever its flags say.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ":")
		if !strings.HasSuffix(host, ".google.com") && !strings.HasSuffix(host, ".googleapis.com") &&
			!strings.HasSuffix(host, ".gvt1.com") {
			tab.problem("a request left for %s", r.Host)
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(cmp.Or(os.Getenv("CHROMIUM"), "/usr/bin/chromium")),
		chromedp.NoSandbox, // Containers and root have no sandbox; the pages are our own.
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// A machine without a mouse would pass for one that is touched: the pages ask whether there is a keyboard by this.
		chromedp.Flag("blink-settings", "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"),
		chromedp.ProxyServer(proxy.URL),
		chromedp.UserDataDir(t.TempDir()),
	)
	allocator, closeBrowser := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(allocator, chromedp.WithListener(tab.watch))
	tab.ctx = ctx
	t.Cleanup(func() {
		// Cancel closes the browser and waits for it, so that its profile can be removed.
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("closing Chromium: %v", err)
		}
		closeTab()
		closeBrowser()
		tab.mu.Lock()
		defer tab.mu.Unlock()
		for _, problem := range tab.problems {
			if !slices.ContainsFunc(tab.expected, func(part string) bool { return strings.Contains(problem, part) }) {
				t.Error(problem)
			}
		}
	})
	// The context of the first call is the life of the browser, so this one has no time limit.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	return tab
}

func (tab *tab) problem(format string, arguments ...any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.problems = append(tab.problems, fmt.Sprintf(format, arguments...))
}

// expect lets problems that contain part pass.
func (tab *tab) expect(part string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.expected = append(tab.expected, part)
}

// saw reports whether there was a problem that contains part.
func (tab *tab) saw(part string) bool {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.ContainsFunc(tab.problems, func(problem string) bool { return strings.Contains(problem, part) })
}

// watch sees every event of the tab, in order, on the goroutine that reads them.
func (tab *tab) watch(event any) {
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		url := event.Request.URL
		if !tab.isOurs(url) && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "about:") {
			tab.problem("the page asked %s", url)
		}
	case *network.EventWebSocketCreated:
		if !tab.isOurs("http" + strings.TrimPrefix(event.URL, "ws")) {
			tab.problem("the page opened a socket to %s", event.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.ConsoleAPICalledTypeError || event.Type == runtime.ConsoleAPICalledTypeWarning {
			var text []string
			for _, argument := range event.Args {
				text = append(text, cmp.Or(string(argument.Value), argument.Description))
			}
			tab.problem("console.%s: %s", event.Type, strings.Join(text, " "))
		}
	case *runtime.EventExceptionThrown:
		tab.problem("exception: %s", event.ExceptionDetails.Text)
		if exception := event.ExceptionDetails.Exception; exception != nil {
			tab.problem("exception: %s", exception.Description)
		}
	case *log.EventEntryAdded:
		// Violations of the policy come this way, and failed requests.
		if event.Entry.Level == log.EntryLevelError || event.Entry.Level == log.EntryLevelWarning {
			tab.problem("log: %s %s", event.Entry.Text, event.Entry.URL)
		}
	case *target.EventAttachedToTarget:
		if event.TargetInfo.Type == "worker" {
			select {
			case tab.workers <- event.TargetInfo.Title:
			default:
			}
		}
	}
}

func (tab *tab) isOurs(url string) bool {
	return url == tab.origin || strings.HasPrefix(url, tab.origin+"/")
}

// do runs actions, each bounded by patience; a failure ends the test.
func (tab *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tab.t.Fatal(err)
	}
}

// eval runs JavaScript in the page and returns what it gives.
func eval[T any](tab *tab, script string) T {
	tab.t.Helper()
	value, err := chromedp.Run(tab.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %v", script, err)
	}
	return value
}

// wait returns when a JavaScript expression becomes true. When it does not, the test ends with what is on the page.
func (tab *tab) wait(what, expression string) {
	tab.t.Helper()
	_, err := chromedp.Run(tab.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(patience)))
	if err != nil {
		tab.t.Fatalf("waiting for %s: %v\nThe page reads:\n%s", what, err, eval[string](tab, "document.body.innerText"))
	}
}

// wantWorkers waits until workers of these names have started.
func (tab *tab) wantWorkers(names ...string) {
	tab.t.Helper()
	missing := make(map[string]bool)
	for _, name := range names {
		missing[name] = true
	}
	timeout := time.After(patience)
	for len(missing) > 0 {
		select {
		case name := <-tab.workers:
			delete(missing, name)
		case <-timeout:
			tab.t.Fatalf("these workers did not start: %v", missing)
		}
	}
}

// setEditor puts text into one of GraphiQL's editors: operation.graphql, variables.json or request-headers.json.
func (tab *tab) setEditor(name, text string) {
	tab.t.Helper()
	eval[chromedp.Void](tab, fmt.Sprintf("__MONACO.editor.getModels().find(m => m.uri.path.endsWith(%q)).setValue(%q)", name, text))
}

func (tab *tab) wantNoHorizontalScroll() {
	tab.t.Helper()
	if wide := eval[[2]int](tab, "[document.documentElement.scrollWidth, innerWidth]"); wide[0] > wide[1] {
		out := eval[[]string](tab, `[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
			.map(e => e.tagName + '.' + e.className)`)
		tab.t.Errorf("the page is %d pixels wide in a window of %d at %s, by %s", wide[0], wide[1], eval[string](tab, "location.hash"), strings.Join(out, ", "))
	}
}
