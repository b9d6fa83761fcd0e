//go:build browser

package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/notewire/notewire/test/binary"
)

// These are the hands of a user of the page: they find what they use by what it is called on the screen.

// control is a script that gives the visible, enabled control of a pane whose name, or a line of it, begins so.
func (p pane) control(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('%s :is(button, a, input, textarea)')].find(e => e.checkVisibility() && !e.disabled &&
		[e.getAttribute('aria-label'), e.labels?.[0]?.innerText, ...e.innerText.split("\n")].some(text => text?.trim().startsWith(%q)))`, p.at, name)
}

// press clicks on a control.
func (p pane) press(name string) {
	p.tab.t.Helper()
	p.tab.wait("the control "+name, "!!"+p.control(name))
	eval[chromedp.Void](p.tab, p.control(name)+".click()")
}

// fill puts text where the focus goes with a control, as an input method does: at once.
func (p pane) fill(name, text string) {
	p.tab.t.Helper()
	p.tab.wait("the field "+name, "!!"+p.control(name))
	eval[chromedp.Void](p.tab, p.control(name)+".focus()")
	p.tab.insert(text)
}

// insert types into what has the focus.
func (tab *tab) insert(text string) {
	tab.t.Helper()
	tab.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

func (tab *tab) key(key string, options ...chromedp.KeyOption) {
	tab.t.Helper()
	tab.do(chromedp.KeyEvent(key, options...))
}

// enter presses Enter as a keyboard does: unlike KeyEvent it lets the page keep the key from becoming a new line.
func (tab *tab) enter() {
	tab.t.Helper()
	tab.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, Text: "\r", UnmodifiedText: "\r"}
		if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, key); err != nil {
			return err
		}
		key.Type, key.Text, key.UnmodifiedText = input.DispatchKeyEventTypeKeyUp, "", ""
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, key)
		return err
	}))
}

// say writes a note into the open conversation and sends it by Enter. It does not wait for anything to come of it.
func (p pane) say(body string) {
	p.tab.t.Helper()
	p.fill("Write a note", body)
	p.tab.enter()
}

// signIn uses the form.
func (p pane) signIn(who person) {
	p.tab.t.Helper()
	p.fill("Username", who.Username)
	p.fill("Password", binary.Password)
	p.tab.enter()
	p.waitConnected(who)
}

func (p pane) waitConnected(who person) {
	p.tab.t.Helper()
	p.tab.wait(who.name+" to be signed in", "!!"+p.control("Account: Signed in as "+who.name))
	p.waitLine("Connected")
}

// waitLine waits until the line of the pane is said to be so.
func (p pane) waitLine(state string) {
	p.tab.t.Helper()
	p.waitFor("the line", "[role=status]", state)
}

// goTo opens a place of the first pane by its address.
func (tab *tab) goTo(hash string) {
	tab.t.Helper()
	eval[chromedp.Void](tab, fmt.Sprintf("location.hash = %q", hash))
}

// shownNotes is a script that gives what the open conversation shows, from top to bottom, what is on its way included.
func (p pane) shownNotes() string {
	return fmt.Sprintf(`[...document.querySelectorAll('%s [role=log] article .text')].map(e => e.textContent)`, p.at)
}

// waitNotes waits until the open conversation shows these notes and no others, in this order, and none is on its way.
func (p pane) waitNotes(bodies []string) {
	p.tab.t.Helper()
	want, err := json.Marshal(bodies)
	if err != nil {
		p.tab.t.Fatal(err)
	}
	isSo := fmt.Sprintf("JSON.stringify(%s) === JSON.stringify(%s) && !document.querySelector('%s .pending')", p.shownNotes(), want, p.at)
	if !p.tab.becomes(isSo) {
		p.tab.t.Errorf("%s shows:\n%s\nwant:\n%s", p.at, strings.Join(eval[[]string](p.tab, p.shownNotes()), "\n"), strings.Join(bodies, "\n"))
	}
}

// becomes waits for an expression to become true, and reports whether it did.
func (tab *tab) becomes(expression string) bool {
	_, err := chromedp.Run(tab.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(patience)))
	return err == nil
}

// bell is a script that gives the sentences of the alerts that the pane shows.
func (p pane) bell() string {
	return fmt.Sprintf("[...document.querySelectorAll('%s [data-alert] .alert-text')].map(e => e.textContent)", p.at)
}

// waitBell waits until the bell shows these sentences and no others, in any order.
func (p pane) waitBell(sentences ...string) {
	p.tab.t.Helper()
	sentences = append([]string{}, sentences...) // none is [], not null
	slices.Sort(sentences)
	want, err := json.Marshal(sentences)
	if err != nil {
		p.tab.t.Fatal(err)
	}
	if !p.tab.becomes(fmt.Sprintf("JSON.stringify(%s.sort()) === JSON.stringify(%s)", p.bell(), want)) {
		p.tab.t.Errorf("the bell says:\n%s\nwant:\n%s", strings.Join(eval[[]string](p.tab, p.bell()), "\n"), strings.Join(sentences, "\n"))
	}
}

// since logs how long something took. It is for the reader of the log: no test depends on it.
func (tab *tab) since(what string, began time.Time) {
	tab.t.Helper()
	tab.t.Logf("%s after %s", what, time.Since(began).Round(time.Millisecond))
}

// expectLostLine lets those complaints pass that a browser writes on the console by itself when there is no way to the server.
func (tab *tab) expectLostLine() {
	tab.expect("Failed to load resource: net::ERR_")
	tab.expect("WebSocket connection to")
}

// setOffline has the browser do as if there were no network, and say so to the page.
func (tab *tab) setOffline(isOffline bool) {
	tab.t.Helper()
	tab.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		everything := &network.Conditions{Offline: isOffline, DownloadThroughput: -1, UploadThroughput: -1} // without other limits
		if _, err := cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{everything},
		}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, network.OverrideNetworkState, network.OverrideNetworkStateParams{
			Offline: isOffline, DownloadThroughput: -1, UploadThroughput: -1,
		})
		return err
	}))
}
