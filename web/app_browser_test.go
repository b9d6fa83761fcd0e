//go:build browser

package web_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestDemoOfServer uses the demo client of a real server as two users beside each other: both make an account, one writes, and
// the other sees it live.
func TestDemoOfServer(t *testing.T) {
	t.Parallel()
	url := strings.TrimSuffix(startServer(t), "/")
	tab := openTab(t, url, 1440, 900)
	tab.do(chromedp.Navigate(url + "/"))
	first, second := pane{tab, ".pane:nth-child(1)"}, pane{tab, ".pane:nth-child(2)"}

	first.register("미나")
	tab.do(chromedp.Click(chromedp.CSS(`[aria-pressed="false"].icon-button.roomy`)))
	joon := second.register("Joon")

	// A first note waits among the requests: no bell rings. It is accepted.
	first.write(joon, "안녕하세요! 처음 뵙겠습니다.")
	second.click(".mailbox-tools .tab:nth-child(2)")
	second.waitFor("the request", ".row[data-conversation]", "안녕하세요!")
	second.click(".row[data-conversation]")
	second.click(".banner .button.primary")
	second.waitGone("the banner", ".banner")
	second.click(".mailbox-tools .tab:nth-child(1)")

	// While the other is elsewhere, the next one rings.
	second.click(`.tab[data-place="board"]`)
	first.send("토요일 열 시에 봐요.")
	second.waitFor("the bell", ".alerts .head-badge", "1")
	second.waitFor("the alert", ".alert.unread", "미나")
	tab.wait("the title", `document.title === "(1) Notewire"`)
	second.waitFor("the unread note", ".row.unread", "토요일 열 시에 봐요.")

	// Reading it silences the bell, on both sides of the line.
	second.click(".row[data-conversation]")
	second.waitFor("the note", ".note .bubble", "토요일 열 시에 봐요.")
	second.waitGone("the unread alert", ".alert.unread")
	first.waitFor("the read mark", ".note.mine .seen", "Seen")
	second.send("좋아요 <b>그때</b> https://notewire.example/?a=1&b=2")
	first.waitFor("the answer, as text", ".note:not(.mine) .bubble", "<b>그때</b>")
	first.waitFor("a safe link", `.bubble a[href="https://notewire.example/?a=1&b=2"][rel~="noopener"]`, "https://")

	// The board: a post, a like, an alert.
	first.click(`.tab[data-place="board"]`)
	first.click(".main .head .button.primary")
	first.typeInto(".main form .field:nth-child(1) .input", "Desk plants")
	first.typeInto(".main form .field:nth-child(2) .input", "Show yours.")
	first.click(`.main form [type="submit"]`)
	first.waitFor("the post", ".post-title", "Desk plants")
	second.click(`.tab[data-place="board"]`)
	second.waitFor("the card", ".card-title button", "Desk plants")
	second.click(".card .like")
	first.waitFor("the like", ".alert.unread", "Joon liked your post")

	// Nothing that signs anybody in is shown among what passes by.
	tab.do(chromedp.Click(chromedp.CSS(`.icon-button.roomy:nth-of-type(2)`)))
	tab.wait("the frames", "document.querySelectorAll('.traffic-line').length > 10")
	if leaked := eval[bool](tab, `(() => {
		const secrets = ['a', 'b'].map((pane) => localStorage.getItem('notewire.token.' + pane));
		return [...document.querySelectorAll('.traffic-line')].some((line) => {
			line.click();
			return secrets.some((secret) => document.querySelector('.traffic').textContent.includes(secret));
		});
	})()`); leaked {
		t.Error("the traffic shows a token")
	}

	// Out and to the login again, with nothing of the account left.
	first.click(".who")
	first.click(".menu-item")
	first.waitFor("the login", ".welcome form", "")
	first.waitGone("the notes", ".row[data-conversation]")
}

// pane is one user of the demo client.
type pane struct {
	tab *tab
	at  string
}

func (p pane) click(selector string) {
	p.tab.t.Helper()
	p.tab.wait(selector, fmt.Sprintf("(e => !!e && !e.disabled)(document.querySelector(%q))", p.at+" "+selector))
	eval[chromedp.Void](p.tab, fmt.Sprintf("document.querySelector(%q).click()", p.at+" "+selector))
}

func (p pane) typeInto(selector, text string) {
	p.tab.t.Helper()
	p.tab.do(chromedp.SendKeys(chromedp.CSS(p.at+" "+selector), text))
}

// waitFor returns when an element that contains text is there.
func (p pane) waitFor(what, selector, text string) {
	p.tab.t.Helper()
	p.tab.wait(what, fmt.Sprintf("[...document.querySelectorAll(%q)].some(e => e.textContent.includes(%q))", p.at+" "+selector, text))
}

func (p pane) waitGone(what, selector string) {
	p.tab.t.Helper()
	p.tab.wait("the end of "+what, fmt.Sprintf("!document.querySelector(%q)", p.at+" "+selector))
}

// register makes an account by the form and returns its username.
func (p pane) register(displayName string) string {
	p.tab.t.Helper()
	username := "app_" + strings.ToLower(rand.Text()[:12])
	p.click(".welcome-other")
	p.typeInto(`[name="username"]`, username)
	p.typeInto(`[name="password"]`, rand.Text())
	p.typeInto(`[name="displayName"]`, displayName)
	p.click(`.welcome form [type="submit"]`)
	p.waitFor("the account", ".who", "")
	p.waitFor("the line", ".dot.connected", "")
	return username
}

// write opens a new note, finds its recipient by name and sends it.
func (p pane) write(username, body string) {
	p.tab.t.Helper()
	p.click(".notes .head .button")
	p.typeInto(`[role="combobox"]`, username)
	p.waitFor("the recipient", `[role="option"]`, username)
	p.typeInto(`[role="combobox"]`, "\r")
	p.send(body)
}

// send writes into the open conversation and waits until the server has the note.
func (p pane) send(body string) {
	p.tab.t.Helper()
	p.typeInto(".composer textarea", body)
	p.click(".composer .send")
	p.waitFor("the note", ".note.mine .bubble:not(.pending)", body)
}
