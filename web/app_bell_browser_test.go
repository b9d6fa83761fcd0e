//go:build browser

package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestBellGroupsAndTakesBack shows a post to its author while others comment on it, like it, and change their minds.
//
// Red when NotificationReceived changes no list.
func TestBellGroupsAndTakesBack(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	mina := newPerson(t, server, "mina", "Mina")
	joon := newPerson(t, server, "joon", "Joon")
	sora := newPerson(t, server, "sora", "Sora")
	haru := newPerson(t, server, "haru", "Haru")
	post := mina.post("Desk plants", "Show yours.")

	tab := openTab(t, server.URL, 1440, 900)
	tab.do(chromedp.Navigate(server.URL + "/#/post/" + post))
	page := pane{tab, ".pane"}
	page.signIn(mina)
	tab.goTo("#/post/" + post)
	page.waitFor("the post", ".main h3", "Desk plants")
	likes := func(count string) {
		t.Helper()
		page.waitFor("the number of likes", ".main .post > .card-foot .like", count)
	}
	likes("0")

	// Likes: one, two, three; the group says who came last, and how many others.
	began := time.Now()
	joon.Like(post)
	page.waitBell("Joon liked your post")
	tab.since("the like was there", began)
	likes("1")
	sora.Like(post)
	page.waitBell("Sora and Joon liked your post")
	haru.Like(post)
	page.waitBell("Haru and 2 others liked your post")
	likes("3")
	tab.wait("the badge", "document.title === '(1) Notewire'") // one group is one

	// Taken back one by one, to the end of the group and its badge.
	sora.unlike(post)
	page.waitBell("Haru and Joon liked your post")
	haru.unlike(post)
	page.waitBell("Joon liked your post")
	likes("1")
	joon.unlike(post)
	page.waitBell()
	likes("0")
	tab.wait("the end of the badge", "document.title === 'Notewire'")

	// Comments: a group of their own, and the comments themselves under the open post.
	joon.Comment(post, "A fern.")
	sora.Comment(post, "A cactus.")
	page.waitBell("Sora and Joon commented on your post")
	page.press("2 new comments")
	page.waitFor("the comment", ".comment-body", "A fern.")
	page.waitFor("the comment", ".comment-body", "A cactus.")
	page.waitFor("the number of comments", ".main .card-foot", "2 comments")

	// The author's own like changes the number and rings nothing.
	page.press("Like, 0 likes")
	likes("1")
	page.waitBell("Sora and Joon commented on your post")
	page.press("Mark all read")
	page.waitGone("what is unread", ".alert.unread")
	tab.wait("the end of the badge", "document.title === 'Notewire'")
}

// TestBellForgetsWhatIsDeleted deletes what the bell tells of, while it is shown: the alert goes, and its badge.
//
// Red when the page does nothing about NotificationRetracted.
func TestBellForgetsWhatIsDeleted(t *testing.T) {
	t.Parallel()
	server := startSite(t)
	mina := newPerson(t, server, "mina", "Mina")
	joon := newPerson(t, server, "joon", "Joon")
	sora := newPerson(t, server, "sora", "Sora")
	post := mina.post("Desk plants", "Show yours.")
	tab := openTab(t, server.URL, 1440, 900)
	tab.do(chromedp.Navigate(server.URL + "/"))
	page := pane{tab, ".pane"}
	page.signIn(mina)
	tab.goTo("#/post/" + post)
	page.waitFor("the post", ".main h3", "Desk plants")

	fern := joon.Comment(post, "A fern.")
	cactus := sora.Comment(post, "A cactus.")
	page.waitBell("Sora and Joon commented on your post")
	page.press("2 new comments")
	page.waitFor("the comment", ".comment-body", "A cactus.")
	sora.delete("Comment", cactus)
	page.waitBell("Joon commented on your post")
	tab.wait("the end of the comment", "![...document.querySelectorAll('.comment-body')].some(e => e.innerText.includes('cactus'))")
	joon.delete("Comment", fern)
	page.waitBell()
	tab.wait("the end of the badge", "document.title === 'Notewire'")

	joon.Comment(post, "A tree.")
	sora.Like(post)
	page.waitBell("Joon commented on your post", "Sora liked your post")
	tab.wait("the badge", "document.title === '(2) Notewire'")
	mina.delete("Post", post) // on another device
	page.waitBell()
	tab.wait("the end of the badge", "document.title === 'Notewire'")
}
