//go:build browser

package web_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestNotesWrittenOffline cuts the line in a conversation and has both sides go on writing.
//
// Red when a note that could not be sent is dropped.
func TestNotesWrittenOffline(t *testing.T) {
	t.Parallel()
	mina, joon, line, tab := conversationOverCable(t)
	page, said := pane{tab, ".pane"}, []string{"Hello Joon", "Hello Mina"}
	page.say("Before")
	said = append(said, "Before")
	page.waitNotes(said)

	for round := range 2 {
		line.cut()
		page.waitLine("Offline")
		var mine, others []string
		for i := range 3 {
			mine = append(mine, fmt.Sprintf("Mina, offline %d.%d", round, i))
			page.say(mine[i])
			others = append(others, fmt.Sprintf("Joon, meanwhile %d.%d", round, i))
			joon.Send(mina.ID, others[i])
		}
		// What waits is on the screen, in its order, and is said to wait; so it is after a reload.
		tab.wait("the notes that wait", fmt.Sprintf("document.querySelectorAll('.pending').length === 3 && %s.at(-1) === %q", page.shownNotes(), mine[2]))
		page.waitFor("a word about it", ".note-meta", "Waiting for the connection")

		line.mend()
		page.waitLine("Connected")
		said = slices.Concat(said, others, mine)
		page.waitNotes(said)
		if got := joon.history(mina); !slices.Equal(got, said) {
			t.Errorf("the server has %q, want %q", got, said)
		}
	}

	// The same after a reload, from the server alone.
	tab.do(chromedp.Reload())
	page.waitConnected(mina)
	page.waitNotes(said)
}

// conversationOverCable shows mina what she and joon have said to each other, over a line that can be cut.
func conversationOverCable(t *testing.T) (mina, joon person, line *cable, tab *tab) {
	t.Helper()
	server := startSite(t)
	mina, joon = newPerson(t, server, "mina", "Mina"), newPerson(t, server, "joon", "Joon")
	acquaint(mina, joon)
	line = newCable(t, server.Addr)
	tab = openTab(t, line.URL, 1440, 900)
	tab.expectLostLine()
	tab.do(chromedp.Navigate(line.URL + "/"))
	page := pane{tab, ".pane"}
	page.signIn(mina)
	tab.goTo("#/conversation/" + mina.conversationWith(joon))
	page.waitNotes([]string{"Hello Joon", "Hello Mina"})
	return mina, joon, line, tab
}

// TestAnswerIsLost loses the answer to a note that the server has taken: the page sends it again, and it is there once.
//
// Red when the idempotency key is made anew on each try.
func TestAnswerIsLost(t *testing.T) {
	t.Parallel()
	mina, joon, line, tab := conversationOverCable(t)
	page, said := pane{tab, ".pane"}, []string{"Hello Joon", "Hello Mina"}

	line.mute()
	page.say("Once")
	said = append(said, "Once")
	for late := time.Now().Add(patience); !slices.Equal(joon.history(mina), said); {
		if time.Now().After(late) {
			t.Fatal("the note does not reach the server")
		}
	}
	line.cut()
	page.waitLine("Offline")
	page.waitFor("a word about it", ".note-meta", "Waiting for the connection")
	line.mend()
	page.waitNotes(said)
	if got := joon.history(mina); !slices.Equal(got, said) {
		t.Errorf("the server has %q, want %q", got, said)
	}
}

// TestBrowserGoesOffline has the browser itself say that there is no network.
//
// Red when the page waits for its socket to find out.
func TestBrowserGoesOffline(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	mina, joon := newPerson(t, server, "mina", "Mina"), newPerson(t, server, "joon", "Joon")
	acquaint(mina, joon)
	tab := openTab(t, server.URL, 390, 844)
	tab.expectLostLine()
	tab.do(chromedp.Navigate(server.URL + "/"))
	page := pane{tab, ".pane"}
	page.press("Sign in")
	page.signIn(mina)
	tab.goTo("#/conversation/" + mina.conversationWith(joon))
	page.waitNotes([]string{"Hello Joon", "Hello Mina"})

	tab.setOffline(true)
	began := time.Now()
	page.waitFor("the state of the line", ".dot.offline", "")
	if took := time.Since(began); took > 10*time.Second { // by its silence a socket is found out after 12 s and more
		t.Errorf("the page said so after %s", took)
	}
	page.say("From a tunnel")
	tab.wait("the note that waits", "document.querySelectorAll('.pending').length === 1")
	tab.setOffline(false)
	page.waitNotes([]string{"Hello Joon", "Hello Mina", "From a tunnel"})
	page.waitFor("the state of the line", ".dot.connected", "")
	if got := joon.history(mina); len(got) != 3 {
		t.Errorf("the server has %q", got)
	}
}

// TestPageCatchesUp cuts the line of a page and mends it with much missed: the page says that it is catching up before it says that
// it is connected, and then it shows all of it.
//
// Red when ConnectionState takes a socket for a line that has caught up.
func TestPageCatchesUp(t *testing.T) {
	t.Parallel()
	mina, joon, line, tab := conversationOverCable(t)
	page, said := pane{tab, ".pane"}, []string{"Hello Joon", "Hello Mina"}

	line.cut()
	page.waitLine("Offline")
	for i := range 25 {
		said = append(said, fmt.Sprintf("Meanwhile %d", i))
		joon.Send(mina.ID, said[len(said)-1])
	}
	eval[chromedp.Void](tab, `(line => { window.lines = []; new MutationObserver(() => lines.push(line.innerText.trim()))
		.observe(line, {subtree: true, characterData: true, childList: true, attributes: true}) })(document.querySelector('.line-state'))`)
	line.mend()
	page.waitLine("Connected")
	page.waitNotes(said)
	lines := slices.Compact(eval[[]string](tab, "lines"))
	if at := slices.Index(lines, "Catching up"); at < 0 || lines[len(lines)-1] != "Connected" || slices.Contains(lines[:at], "Connected") {
		t.Errorf("the line was said to be %q", lines)
	}
}

// TestQueryIsAskedAgain opens a place of the page while the server cannot be reached: when it can, the place is filled, and nobody
// has to ask for it.
//
// Red when resumeExchange does not send again what failed.
func TestQueryIsAskedAgain(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	mina := newPerson(t, server, "mina", "Mina")
	post := mina.post("Desk plants", "Show yours.")
	line := newCable(t, server.Addr)
	tab := openTab(t, line.URL, 1440, 900)
	tab.expectLostLine()
	tab.do(chromedp.Navigate(line.URL + "/"))
	page := pane{tab, ".pane"}
	page.signIn(mina)
	line.cut()
	page.waitLine("Offline")
	tab.goTo("#/post/" + post)
	page.press("Rooms")
	page.waitFor("a word about the failure", ".main .state", "")
	page.waitFor("a word about the failure", ".notes .state", "Try again")
	line.mend()
	page.waitLine("Connected")
	page.waitFor("the post", ".post-body", "Show yours.")
	page.waitFor("the rooms", ".notes .state", "no rooms")
}
