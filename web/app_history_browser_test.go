//go:build browser

package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestHistoryHasNoGap reads a long conversation to its beginning, hears more of it, leaves it and comes back: its newest page ends
// elsewhere now than where the page behind it begins.
func TestHistoryHasNoGap(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	mina, joon := newPerson(t, server, "mina", "Mina"), newPerson(t, server, "joon", "Joon")
	acquaint(mina, joon)
	said := []string{"Hello Joon", "Hello Mina"}
	for i := range 40 { // a page has 30
		said = append(said, fmt.Sprintf("Long ago %d", i))
		joon.Send(mina.ID, said[len(said)-1])
	}
	tab := openTab(t, server.URL, 1440, 900)
	tab.do(chromedp.Navigate(server.URL + "/"))
	page := pane{tab, ".pane"}
	page.signIn(mina)
	here := "#/conversation/" + mina.conversationWith(joon)
	tab.goTo(here)
	// toTheBeginning scrolls up until there is nothing more to come.
	toTheBeginning := func() {
		t.Helper()
		page.waitFor("the newest note", "[role=log] article", said[len(said)-1])
		tab.wait("the beginning", `(log => { log.scrollTop = 0; return log.querySelector('.edge').textContent !== '' && log.textContent.includes('Hello Joon') })(document.querySelector('[role=log]'))`)
		page.waitNotes(said)
	}
	toTheBeginning()
	for i := range 5 {
		said = append(said, fmt.Sprintf("Just now %d", i))
		joon.Send(mina.ID, said[len(said)-1])
	}
	page.waitNotes(said)
	tab.goTo("#/board")
	page.waitGone("the conversation", "[role=log]")
	tab.goTo(here)
	toTheBeginning()
	tab.do(chromedp.Reload())
	page.waitConnected(mina)
	toTheBeginning()
}
