//go:build browser

package web_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/notewire/notewire/test/binary"
)

var updateScreenshots = flag.Bool("update-screenshots", false, "write the pictures of the README to docs/images")

// mostPicture bounds a picture of the README, in bytes.
const mostPicture = 300_000

// TestLooks goes through the places of a seeded site at three widths, light and dark, in English and Korean: nothing is wider
// than the window, and axe-core finds nothing. Some of the places are the pictures of the README.
//
// Red when --soft is as light as #aaa, and when a card of the board is 900 pixels wide.
func TestLooks(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v: run npm ci --prefix web", err)
	}
	pictures := t.TempDir()
	if *updateScreenshots {
		pictures = filepath.Join("..", "docs", "images")
	}
	folder := binary.Folder(t)
	said, code := binary.Run(t, folder, "seed", "--users", "20", "--conversations", "120", "--posts", "25")
	if code != 0 {
		t.Fatalf("seed ended with %d:\n%s", code, said)
	}
	server := binary.Start(t, binary.Options{Folder: folder})
	for _, test := range []struct {
		width, height         int64
		theme, language, user string
		pictures              map[string]string // by place
	}{
		{1440, 900, "light", "en", "alex", map[string]string{"conversation": "demo-desktop.png"}},
		{1440, 900, "dark", "ko", "mina", map[string]string{"post": "demo-dark.png"}},
		{768, 1024, "light", "ko", "mina", nil},
		{768, 1024, "dark", "en", "alex", nil},
		{390, 844, "light", "en", "alex", map[string]string{"conversation": "demo-phone.png"}},
		{390, 844, "dark", "ko", "mina", nil},
	} {
		t.Run(fmt.Sprint(test.width, "-", test.theme, "-", test.language), func(t *testing.T) {
			who := binary.LoginAs(t, server.URL, test.user)
			first := who.Do(`{ viewer { conversations(first: 20) { nodes { id kind } } } posts(first: 1) { nodes { id } } }`, nil)
			conversation := ""
			for _, node := range binary.Get(t, first, "viewer.conversations.nodes").([]any) {
				if conversation == "" && binary.Text(t, node, "kind") == "GROUP" { // where several people wrote
					conversation = binary.Text(t, node, "id")
				}
			}
			tab := openTab(t, server.URL, test.width, test.height)
			tab.do(chromedp.Navigate(server.URL + "/"))
			eval[chromedp.Void](tab, fmt.Sprintf(`localStorage.setItem('notewire.token.a', %q), localStorage.setItem('notewire.theme', %q),
				localStorage.setItem('notewire.language', %q)`, who.Token, test.theme, test.language))
			tab.do(chromedp.Reload())
			page := pane{tab, ".pane"}
			page.waitFor("the line", ".dot.connected", "")
			const paint = "performance.getEntriesByName('first-contentful-paint')[0]"
			tab.wait("the first paint", "!!"+paint)
			t.Logf("first paint after %.0f ms", eval[float64](tab, paint+".startTime"))
			eval[chromedp.Void](tab, string(axe)+";0")
			for _, place := range []struct{ name, hash, until string }{
				{"board", "#/board", ".card"},
				{"notes", "#/notes", ".row[data-conversation]"},
				{"alerts", "#/alerts", "[data-alert]"},
				{"new", "#/new", `[role="combobox"]`},
				{"write", "#/write", ".main form"},
				{"post", "#/post/" + binary.Text(t, first, "posts.nodes.0.id"), ".post-title"},
				{"conversation", "#/conversation/" + conversation, "[role=log] article"},
			} {
				tab.goTo(place.hash)
				page.waitFor(place.name, place.until, "")
				tab.settle()
				tab.wantWellMade(place.name)
				if name := test.pictures[place.name]; name != "" {
					tab.picture(filepath.Join(pictures, name))
				}
			}
			page.lookAround()
		})
	}
}

// lookAround opens what has no address: the boxes of the mailbox, who takes part in the conversation that is open, the settings,
// what they lead to, and a second user.
func (p pane) lookAround() {
	p.tab.t.Helper()
	well := func(place string) {
		p.tab.t.Helper()
		p.tab.settle()
		p.tab.wantWellMade(place)
	}
	closeDialog := func() {
		p.tab.t.Helper()
		p.click("dialog[open] .dialog-head .icon-button")
		p.waitGone("the dialog", "dialog[open]")
	}
	p.click(".main .head .menu > button")
	p.waitFor("what can be done", ".main .menu-list", "")
	well("menu of a conversation")
	p.click(".main .menu-item") // its first entry
	p.waitFor("the participants", "dialog[open] .person", "")
	well("participants")
	closeDialog()

	p.tab.goTo("#/notes")
	for box := 2; box <= 4; box++ {
		p.click(fmt.Sprintf(".mailbox-tools .tab:nth-child(%d)", box))
		p.waitFor("the box", ".notes .scroll :is(.row, .state:not(.waiting))", "")
		well("box " + fmt.Sprint(box))
	}
	p.click(".notes .more .button") // of the rooms
	p.waitFor("the form", "dialog[open] form", "")
	well("new room")
	closeDialog()

	settings := func(entry int) {
		p.tab.t.Helper()
		p.click(`.bar .menu button[aria-haspopup="menu"]:not(.who)`)
		p.waitFor("the settings", ".menu-list", "")
		if entry == 1 {
			well("settings")
		}
		p.click(fmt.Sprintf(".bar .menu-item:nth-child(%d)", entry))
	}
	settings(1)
	second := pane{p.tab, ".pane:nth-child(2)"}
	second.waitFor("the second login", ".welcome form", "")
	well("two users")
	// Where there is no room for both, the second stands before the first.
	if eval[bool](p.tab, "innerWidth < 44 * 16") {
		p.tab.do(chromedp.Click(chromedp.CSS(".pane-tab:first-child")))
	}
	settings(1)
	settings(7)
	p.tab.wait("the dialog", "!!document.querySelector('dialog[open]')")
	well("about")
	p.tab.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('dialog[open] .icon-button').click()"))
	settings(2)
	p.tab.wait("the traffic", "!!document.querySelector('.traffic-line')")
	p.tab.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('.traffic-line').click()"))
	p.tab.wait("a frame", "!!document.querySelector('.traffic-detail pre')")
	well("traffic")
}

// settle waits for the fonts, the pictures and the ends of what moves.
func (tab *tab) settle() {
	tab.t.Helper()
	eval[chromedp.Void](tab, `document.fonts.ready.then(() => Promise.all(document.getAnimations()
		.filter(a => a.effect.getComputedTiming().iterations !== Infinity).map(a => a.finished.catch(() => 0))))
		.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))).then(() => undefined)`)
}

// wantWellMade asks axe-core by the rules of WCAG 2.2, A and AA, and its best practices, and whether something is wider than the window.
func (tab *tab) wantWellMade(place string) {
	tab.t.Helper()
	tab.wantNoHorizontalScroll()
	for _, violation := range eval[[]string](tab, `axe.run(document, {
			resultTypes: ['violations'],
			runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
			rules: {'label-content-name-mismatch': {enabled: true}},
		}).then(({violations}) =>
		violations.map(({id, help, nodes}) => id + ': ' + help + '\n' + nodes.slice(0, 3).map(n => n.html.slice(0, 200) + '\n' + n.failureSummary).join('\n')))`) {
		tab.t.Errorf("%s: %s", place, violation)
	}
	const wide = `[...document.querySelectorAll('.pane *, dialog[open] *')].filter(e => e.checkVisibility() && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 &&
		['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && !e.matches('pre, .code')).map(e => e.className + ' ' + e.scrollWidth + ' > ' + e.clientWidth)`
	if found := eval[[]string](tab, wide); len(found) > 0 {
		tab.t.Errorf("%s: these scroll sideways: %s", place, strings.Join(found, ", "))
	}
}

// picture takes one of the window, into a file that is not empty and not large.
func (tab *tab) picture(path string) {
	tab.t.Helper()
	png, err := chromedp.Run(tab.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		tab.t.Fatal(err)
	}
	if len(png) < 10_000 || len(png) > mostPicture {
		tab.t.Errorf("%s has %d bytes, want 10,000 to %d", filepath.Base(path), len(png), mostPicture)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		tab.t.Fatal(err)
	}
}

// TestReducedMotion asks for less motion: nothing moves.
//
// Red when the rule for it is taken out of base.css.
func TestReducedMotion(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	tab := openTab(t, server.URL, 390, 844)
	tab.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return err
	}), chromedp.Navigate(server.URL+"/"))
	tab.wait("the page", "!!document.querySelector('.pane button')")
	moving := eval[[]string](tab, `(() => {
		const probe = document.body.appendChild(document.createElement('div'));
		probe.className = 'waiting';
		return [...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);
			return s.animationName !== 'none' || s.transitionDuration.split(',').some(d => parseFloat(d) > 0) && s.transitionProperty !== 'none'; }).map(e => e.tagName + '.' + e.className);
	})()`)
	if len(moving) > 0 {
		t.Errorf("these move: %v", moving)
	}
}
