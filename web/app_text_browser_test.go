//go:build browser

package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/notewire/notewire/test/binary"
)

// TestMarkupIsText has markup wherever users write: names, notes, titles, texts and comments show it, and run nothing of it.
//
// Red when Text puts its parts on the page as HTML.
func TestMarkupIsText(t *testing.T) {
	t.Parallel()
	const evil = `<img src=x onerror="window.ran=1"><script>window.ran=1</script>`
	server := startSite(t)
	mina, joon := newPerson(t, server, "mina", "Mina"), newPerson(t, server, "joon", `<b onclick=1>Joon</b>`)
	acquaint(mina, joon)
	joon.Send(mina.ID, "note "+evil+" javascript:window.ran=1")
	post := mina.post("title "+evil, "body "+evil)
	joon.Comment(post, "comment "+evil)

	tab := openTab(t, server.URL, 1440, 900)
	tab.do(chromedp.Navigate(server.URL + "/"))
	page := pane{tab, ".pane"}
	page.signIn(mina)
	page.waitFor("the name in the mailbox", ".row-title", joon.name)
	page.waitFor("the note in the mailbox", ".row-body", "note "+evil)
	page.waitFor("the name in the bell", ".alert-text", joon.name)
	page.waitFor("the title in the bell", ".alert .row-body", "title "+evil)
	page.waitFor("the title on the board", ".card-title", "title "+evil)
	tab.goTo("#/post/" + post)
	page.waitFor("the title", ".post-title", "title "+evil)
	page.waitFor("the text", ".post-body", "body "+evil)
	page.waitFor("the comment", ".comment-body", "comment "+evil)
	tab.goTo("#/conversation/" + mina.conversationWith(joon))
	page.waitFor("the note", ".note .text", "note "+evil)
	if got := eval[string](tab, `String(window.ran) + document.querySelectorAll('img[src="x"], [onclick], [onerror], a[href^="javascript"]').length`); got != "undefined0" {
		t.Errorf("markup of users became part of the page: %s", got)
	}
}

// TestKeyboardAlone signs in, writes, hears of something and reads it with no pointer.
//
// Red when Escape does not close a menu.
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	mina, joon := newPerson(t, server, "mina", "Mina"), newPerson(t, server, "joon", "Joon")
	acquaint(mina, joon)
	post := mina.post("Desk plants", "Show yours.")
	tab := openTab(t, server.URL, 1440, 900)
	tab.do(chromedp.Navigate(server.URL + "/"))
	page := pane{tab, ".pane"}
	page.waitFor("the login", ".welcome form", "")
	tab.tabTo("document.activeElement.name === 'username'")
	tab.insert(mina.Username)
	tab.tabTo("document.activeElement.name === 'password'")
	tab.insert(binary.Password)
	tab.enter()
	page.waitConnected(mina)

	page.waitFor("the conversation", ".row[data-conversation]", "Joon")
	tab.tabTo("document.activeElement.matches('.row[data-conversation]')")
	tab.enter()
	page.waitNotes([]string{"Hello Joon", "Hello Mina"})
	tab.tabTo("document.activeElement.matches('.composer textarea')")
	tab.insert("By hand")
	tab.enter()
	page.waitNotes([]string{"Hello Joon", "Hello Mina", "By hand"})

	joon.Like(post)
	page.waitBell("Joon liked your post", "Joon sent a note")
	tab.tabTo(`document.activeElement.closest('.alert')?.innerText.includes('liked') && document.activeElement.ariaHasPopup === 'menu'`)
	tab.enter()
	page.waitFor("the menu", ".alert .menu-list", "Mark as read")
	tab.key(kb.Escape)
	page.waitGone("the menu", ".alert .menu-list")
	tab.wait("the focus to be back", "document.activeElement.ariaHasPopup === 'menu'")
	tab.enter()
	page.waitFor("the menu", ".alert .menu-list", "Mark as read")
	tab.enter() // its first entry
	tab.wait("the like to be read", `[...document.querySelectorAll('.alert:not(.unread)')].some(e => e.innerText.includes('liked'))`)
}

// tabTo presses Tab until the focus is where an expression says; 100 times are more than the page has stops.
func (tab *tab) tabTo(where string) {
	tab.t.Helper()
	for range 100 {
		tab.key(kb.Tab)
		if eval[bool](tab, fmt.Sprintf("!!(%s)", where)) {
			return
		}
	}
	tab.t.Fatalf("Tab never leads to %s", where)
}
