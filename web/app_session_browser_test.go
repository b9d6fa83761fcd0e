//go:build browser

package web_test

import (
	"database/sql"
	"testing"

	"github.com/chromedp/chromedp"
	_ "github.com/lib/pq" // the driver

	"github.com/notewire/notewire/test/binary"
)

// TestSessionEndsElsewhere ends the session of the page from another device: the page says so, and nothing of it stays but
// what was being written.
//
// Red when the page does not look at the code with which its socket was closed.
func TestSessionEndsElsewhere(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	mina, joon := newPerson(t, server, "mina", "Mina"), newPerson(t, server, "joon", "Joon")
	acquaint(mina, joon)
	conversation := mina.conversationWith(joon)
	tab := openTab(t, server.URL, 1440, 900)
	tab.expect("401") // what was asked in the moment of the end
	tab.do(chromedp.Navigate(server.URL + "/"))
	page := pane{tab, ".pane"}

	password := binary.Password
	for _, test := range []struct {
		name string
		end  func()
	}{
		{"revokeSession", func() {
			data := mina.Do(`{ viewer { sessions { nodes { id isCurrent } } } }`, nil)
			sessions, _ := binary.Get(t, data, "viewer.sessions.nodes").([]any)
			for _, session := range sessions {
				if binary.Get(t, session, "isCurrent") == false {
					mina.Do(`mutation($id: ID!) { revokeSession(input: {id: $id}) { userErrors { message } } }`,
						binary.Vars{"id": binary.Text(t, session, "id")})
				}
			}
		}},
		{"changePassword", func() {
			password = "another horse battery"
			mina.Do(`mutation($old: String!, $new: String!) { changePassword(input: {currentPassword: $old, newPassword: $new}) { userErrors { message } } }`,
				binary.Vars{"old": binary.Password, "new": password})
		}},
	} {
		page.fill("Username", mina.Username)
		page.fill("Password", password)
		page.press("Sign in")
		page.waitConnected(mina)
		tab.goTo("#/conversation/" + conversation)
		page.waitNotes([]string{"Hello Joon", "Hello Mina"})
		page.fill("Write a note", "half a sentence")

		test.end()
		page.waitFor("a word about the end", "[role=alert]", "Your session has ended")
		page.waitGone("the notes", "[role=log] article")
		page.waitGone("the mailbox", "[data-conversation]")
		if left := eval[[]string](tab, "Object.keys(localStorage).filter(key => key.startsWith('notewire.token'))"); len(left) > 0 {
			t.Errorf("after %s the browser keeps %v", test.name, left)
		}
	}

	// The old password opens nothing any more; the new one does, and the draft is still there.
	page.fill("Username", mina.Username)
	page.fill("Password", binary.Password)
	page.press("Sign in")
	page.waitFor("what is wrong", "form [role=alert]", "")
	eval[chromedp.Void](tab, page.control("Password")+".select()")
	tab.insert(password)
	page.press("Sign in")
	page.waitConnected(mina)
	tab.goTo("#/conversation/" + conversation)
	tab.wait("the draft", page.control("Write a note")+"?.value.startsWith('half a sentence')")
}

// TestSessionExpires has the session of the page run out while its line is down: when it is back the page says so, and shows
// nothing more.
//
// Red when the page does not look at the code with which its socket was closed.
func TestSessionExpires(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	mina, joon := newPerson(t, server, "mina", "Mina"), newPerson(t, server, "joon", "Joon")
	acquaint(mina, joon)
	line := newCable(t, server.Addr)
	tab := openTab(t, line.URL, 1440, 900)
	tab.expectLostLine()
	tab.expect("401") // what was asked in the moment of the end
	tab.do(chromedp.Navigate(line.URL + "/"))
	page := pane{tab, ".pane"}
	page.signIn(mina)
	page.waitFor("the conversation", "[data-conversation]", "Hello Mina")
	line.cut()
	page.waitLine("Offline")
	db, err := sql.Open("postgres", server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE tokens SET expires_at = now()`); err != nil {
		t.Fatal(err)
	}
	line.mend()
	page.waitFor("a word about the end", "[role=alert]", "Your session has ended")
	page.waitGone("the mailbox", "[data-conversation]")
	if left := eval[[]string](tab, "Object.keys(localStorage).filter(key => key.startsWith('notewire.token'))"); len(left) > 0 {
		t.Errorf("the browser keeps %v", left)
	}
}
