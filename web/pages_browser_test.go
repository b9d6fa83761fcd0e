//go:build browser

package web_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/notewire/notewire/web"
)

// widths are a small phone, a phone and a desktop window.
var widths = []int64{320, 390, 1440}

// TestDemoPageInChromium looks at the demo client alone: there is no /graphql behind it, so what it asks of that fails, and
// that is the only thing on the console.
func TestDemoPageInChromium(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(web.Handler(web.Options{}))
	t.Cleanup(server.Close)
	for _, width := range widths {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			tab := openTab(t, server.URL, width, 844)
			tab.expect("404 (Not Found) " + server.URL + "/graphql")
			tab.do(chromedp.Navigate(server.URL + "/"))
			tab.wait("the page", "!!document.querySelector('.main.column')")
			tab.wait("the style", "getComputedStyle(document.querySelector('.bar')).display === 'flex'")
			tab.wait("the picture", "document.querySelector('.bar img').naturalWidth > 0")
			tab.wait("a word about the server", "!!document.querySelector('.main .state button')")
			tab.wantNoHorizontalScroll()
		})
	}
}

// TestPlaygroundPageInChromium looks at the page alone: there is no /graphql behind it, so its one request for the schema
// fails, and that is the only thing on the console.
func TestPlaygroundPageInChromium(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(web.Handler(web.Options{}))
	t.Cleanup(server.Close)
	for _, width := range widths {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			tab := openTab(t, server.URL, width, 844)
			tab.expect("404 (Not Found) " + server.URL + "/graphql")
			tab.do(chromedp.Navigate(server.URL + "/playground"))
			tab.wait("the editor", "document.querySelector('.graphiql-query-editor .view-line')?.textContent.includes('Welcome')")
			tab.wait("the icon font", "document.fonts.load('16px codicon').then(fonts => fonts.length === 1)")
			tab.wantWorkers("editor", "json", "graphql")
			tab.wantNoHorizontalScroll()

			// The JSON worker answers: it finds the missing value.
			tab.setEditor("variables.json", `{"missing": }`)
			tab.wait("a mark under bad JSON", "document.querySelector('.graphiql-editor-tool .squiggly-error')")

			// Prettify goes through modules that are loaded on demand.
			tab.setEditor("variables.json", `{"a":[1,{"b":null}],"쪽지":"알림"}`)
			tab.do(chromedp.Click(chromedp.CSS(`button[aria-label^="Prettify"]`)))
			tab.wait("pretty JSON", `__MONACO.editor.getModels().some(m => m.getValue().includes('  "쪽지": "알림"'))`)
		})
	}
}

// TestWatchSeesViolations makes sure that the watching tab can fail: each of these scripts does one forbidden thing.
func TestWatchSeesViolations(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(web.Handler(web.Options{}))
	t.Cleanup(server.Close)
	for name, test := range map[string]struct{ script, want string }{
		"inline style":   {`document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>")`, "Content Security Policy"},
		"inline script":  {`document.head.append(Object.assign(document.createElement("script"), {text: "1"}))`, "Content Security Policy"},
		"foreign image":  {`new Image().src = "https://notewire.example/a.png"`, "the page asked https://notewire.example"},
		"missing script": {`document.head.append(Object.assign(document.createElement("script"), {src: "/none.js"}))`, "404"},
		"console":        {`console.error("oh")`, "oh"},
		"exception":      {`setTimeout(() => { throw new Error("oh") })`, "oh"},
		"socket":         {`new WebSocket("ws://127.0.0.1:1/")`, "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			tab := openTab(t, server.URL, 390, 844)
			tab.expect("") // Everything: this test looks for itself.
			tab.do(chromedp.Navigate(server.URL + "/"))
			eval[chromedp.Void](tab, test.script)
			deadline := time.Now().Add(patience)
			for !tab.saw(test.want) {
				if time.Now().After(deadline) {
					t.Fatalf("nothing was seen of %q", test.want)
				}
				eval[chromedp.Void](tab, "new Promise(requestAnimationFrame)") // The next frame: the log is asynchronous.
			}
		})
	}
}
