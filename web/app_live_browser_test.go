//go:build browser

package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestNoteReachesAnotherBrowser has two browsers, each with a user of its own, and a note that goes from one to the other.
//
// Red when the events are subscribed to without their counters.
func TestNoteReachesAnotherBrowser(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	first := pane{openTab(t, server.URL, 1440, 900), ".pane"}
	second := pane{openTab(t, server.URL, 1440, 900), ".pane"}
	for _, p := range []pane{first, second} {
		p.tab.do(chromedp.Navigate(server.URL + "/"))
	}
	mina, joon := first.register("Mina"), second.register("Joon")

	first.write(joon, "Hello Joon")
	second.press("Requests")
	second.press("Mina")
	second.press("Accept")
	second.press("Inbox")
	second.press("Board")
	second.tab.wait("no badge", "document.title === 'Notewire'")

	began := time.Now()
	first.say("Tea at four?")
	second.tab.wait("the badge in the title", "document.title === '(1) Notewire'")
	second.tab.since("the badge was there", began)
	if took := time.Since(began); took > 10*time.Second { // a tenth of a second on an idle machine: a hundredfold
		t.Errorf("the badge came after %s", took)
	}
	second.waitBell("Mina sent a note")
	second.waitFor("the unread note", ".row.unread", "Tea at four?")
	second.waitFor("the badge of the notes", `[data-place="notes"] .badge`, "1")

	// It is read, and answered; the tab of the other is in no conversation with "mina" but this.
	second.press("Mina")
	second.tab.wait("the end of the badge", "document.title === 'Notewire'")
	began = time.Now()
	second.say("At five.")
	first.waitNotes([]string{"Hello Joon", "Tea at four?", "At five."})
	first.tab.since("the answer was there", began)
	second.waitNotes([]string{"Hello Joon", "Tea at four?", "At five."})
	if mina == joon {
		t.Error("both browsers have the same user")
	}
}
