package graph_test

import (
	"fmt"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

const bellFields = `id kind count actorCount actors { username } isSeen isRead subject { __typename ... on Conversation { id } ... on Post { id } ... on Comment { id } }`

func bell(t *testing.T, c *client, args string) []any {
	t.Helper()
	if args != "" {
		args = "(" + args + ")"
	}
	return c.Do(`{ viewer { notifications`+args+` { nodes { `+bellFields+` } } } }`, nil).NoErrors().List("viewer.notifications.nodes")
}

func TestWhoIsNotifiedOfWhat(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	post := createPost(mina, "post")
	first := comment(joon, post, "", "comment")
	comment(mina, post, first, "reply of the post's author")
	comment(hana, post, first, "reply of another")
	comment(mina, post, "", "mina on her own post")
	comment(joon, post, first, "joon to himself")
	for _, c := range []*client{mina, joon, hana} {
		like(c, post).NoErrors()
		like(c, first).NoErrors()
	}
	conversation := write(joon, "note", mina).conversation
	line := func(kind string, n, people int, subject, actors string) string {
		return fmt.Sprint(kind, " ", n, " ", people, " ", subject, " ", actors)
	}
	lines := func(list []any) (s []string) {
		for _, n := range list {
			s = append(s, line(sitetest.Get(t, n, "kind").(string), int(sitetest.Get(t, n, "count").(float64)), int(sitetest.Get(t, n, "actorCount").(float64)),
				sitetest.Get(t, n, "subject.id").(string), fmt.Sprint(texts(t, sitetest.Get(t, n, "actors").([]any), "username"))))
		}
		return s
	}
	equal(t, "mina", []string{
		line("NOTE", 1, 1, conversation, "[joon]"),
		line("LIKE", 2, 2, post, "[hana joon]"),
		line("COMMENT", 3, 2, post, "[joon hana]"), // joon's comment, hana's reply, joon's reply
	}, lines(bell(t, mina, "")))
	equal(t, "joon", []string{
		line("LIKE", 2, 2, first, "[hana mina]"),
		line("COMMENT", 1, 1, post, "[mina]"), // who has commented watches the post
		line("REPLY", 2, 2, first, "[hana mina]"),
	}, lines(bell(t, joon, "")))
	equal(t, "hana", 1, len(bell(t, hana, "kinds: [COMMENT]")))
	equal(t, "kinds", []string{line("LIKE", 2, 2, post, "[hana joon]"), line("COMMENT", 3, 2, post, "[joon hana]")}, lines(bell(t, mina, "kinds: [LIKE, COMMENT]")))
	equal(t, "no kinds: all", 3, len(bell(t, mina, "kinds: []")))
	equal(t, "pages", []string{"NOTE", "LIKE", "COMMENT"}, walk(t, mina, `{ viewer { notifications%s { nodes { kind } `+pageInfo+` } } }`, "viewer.notifications", "kind", 2))
	one := mina.Do(`{ viewer { notifications(kinds: [LIKE]) { nodes { actors(first: 1) { username } all: actors(first: 100) { username } } } } }`, nil).NoErrors()
	equal(t, "actors", map[string]any{"actors": []any{map[string]any{"username": "hana"}}, "all": []any{map[string]any{"username": "hana"}, map[string]any{"username": "joon"}}}, one.Get("viewer.notifications.nodes.0"))
	for _, n := range []string{"0", "101", "-1"} {
		equal(t, "actors(first: "+n+")", "BAD_USER_INPUT", mina.Do(`{ viewer { notifications { nodes { actors(first: `+n+`) { id } } } } }`, nil).Code())
	}
}

func TestANotificationGrowsWhileItIsOpen(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	first := write(joon, "1", mina)
	live := mina.Subscribe(`subscription($after: Cursor) { notificationReceived(after: $after) { cursor unread `+countFields+` notification { id count actorCount } } }`, vars{"after": mina.Cursor()})
	grown := func() (id string, count int) {
		n := live.Next()["notificationReceived"].(map[string]any)["notification"].(map[string]any)
		return n["id"].(string), int(n["count"].(float64))
	}
	answer(joon, first.conversation, "2")
	open, n := grown()
	equal(t, "count", 2, n)
	// Seen, it still grows, and is unseen again.
	mina.Do(`mutation { markNotificationsSeen(input: {}) { cursor } }`, nil).NoErrors()
	equal(t, "seen", counts{2, 1, 1, 0}, unread(t, mina))
	answer(joon, first.conversation, "3")
	id, n := grown()
	equal(t, "the same", []any{open, 3}, []any{id, n})
	equal(t, "unseen again", counts{3, 1, 1, 1}, unread(t, mina))
	// Read, it grows no more.
	mina.Do(`mutation($id: ID!) { markNotificationRead(input: {id: $id}) { cursor } }`, vars{"id": open}).NoErrors()
	answer(joon, first.conversation, "4")
	second, n := grown()
	equal(t, "a new one", []any{false, 1}, []any{second == open, n})
	// Older than a day, it grows no more either, and stays unread.
	if _, err := site.DB.ExecContext(t.Context(), `UPDATE notifications SET created_at = created_at - interval '24 hours 1 second'`); err != nil {
		t.Fatal(err)
	}
	answer(joon, first.conversation, "5")
	third, n := grown()
	equal(t, "a new one", []any{false, 1}, []any{third == second, n})
	equal(t, "unread", counts{5, 1, 2, 2}, unread(t, mina))
	answer(joon, first.conversation, "6")
	id, n = grown()
	equal(t, "the new one grows", []any{third, 2}, []any{id, n})
	write(hana, "another conversation", mina)
	other, _ := grown()
	equal(t, "another subject", false, other == third)
	equal(t, "unread only", 3, len(bell(t, mina, "unreadOnly: true")))
	equal(t, "all", 4, len(bell(t, mina, "")))
	// Reading the conversation reads both of its open lines.
	mina.Do(markRead, vars{"in": vars{"conversationId": first.conversation}}).NoErrors()
	equal(t, "unread", counts{1, 1, 1, 1}, unread(t, mina))
}

func TestMarkingNotifications(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	write(joon, "1", mina)
	middle := mina.Cursor()
	post := createPost(mina, "post")
	like(joon, post).NoErrors()
	tablet := listen(site.Login(t, "mina"), mina.Cursor())
	run := func(mutation, upTo string) *sitetest.Result {
		in := vars{}
		if upTo != "" {
			in["upTo"] = upTo
		}
		kind := map[string]string{"markNotificationsSeen": "MarkNotificationsSeenInput", "markAllNotificationsRead": "MarkAllNotificationsReadInput"}[mutation]
		return mina.Do(`mutation($in: `+kind+`!) { `+mutation+`(input: $in) { unread `+countFields+` cursor userErrors { code field } } }`, vars{"in": in})
	}
	seen := run("markNotificationsSeen", middle).NoErrors()
	equal(t, "seen up to", counts{1, 1, 2, 1}, asCounts(t, seen.Get("markNotificationsSeen.unread")))
	equal(t, "cursor", expectEvents(t, tablet, "NotificationChanged [1 1 2 1]")[0].cursor, seen.Text("markNotificationsSeen.cursor"))
	equal(t, "nothing to mark", nil, run("markNotificationsSeen", middle).NoErrors().Get("markNotificationsSeen.cursor"))
	read := run("markAllNotificationsRead", middle).NoErrors()
	equal(t, "read up to", counts{1, 1, 1, 1}, asCounts(t, read.Get("markAllNotificationsRead.unread")))
	expectEvents(t, tablet, "NotificationChanged [1 1 1 1]")
	equal(t, "unread only", 1, len(bell(t, mina, "unreadOnly: true")))
	id := sitetest.Get(t, bell(t, mina, "unreadOnly: true"), "0.id").(string)
	const markOne = `mutation($id: ID!) { markNotificationRead(input: {id: $id}) { notification { isRead isSeen } unread ` + countFields + ` cursor userErrors { code field } } }`
	for name, who := range map[string]*client{id: joon, "junk": mina, mina.ID: mina, "notification_01h455vb4pex5vsknk084sn02q": mina} {
		equal(t, name, []string{"NOT_FOUND id"}, who.Do(markOne, vars{"id": name}).UserErrors("markNotificationRead"))
	}
	one := mina.Do(markOne, vars{"id": id}).NoErrors()
	equal(t, "read", map[string]any{"isRead": true, "isSeen": true}, one.Get("markNotificationRead.notification"))
	equal(t, "cursor", expectEvents(t, tablet, "NotificationChanged [1 1 0 0]")[0].cursor, one.Text("markNotificationRead.cursor"))
	equal(t, "read already", nil, mina.Do(markOne, vars{"id": id}).NoErrors().Get("markNotificationRead.cursor"))
	for _, upTo := range []string{"junk", joon.Cursor(), hana.Cursor()} {
		for _, m := range []string{"markNotificationsSeen", "markAllNotificationsRead"} {
			equal(t, m, []string{"INVALID upTo"}, run(m, upTo).UserErrors(m))
		}
	}
	like(hana, post).NoErrors()
	write(hana, "2", mina)
	expectEvents(t, tablet, "NotificationReceived [1 1 1 1]", "NoteReceived [2 2 2 2]", "NotificationReceived [2 2 2 2]")
	all := run("markAllNotificationsRead", "").NoErrors()
	equal(t, "all", counts{2, 2, 0, 0}, asCounts(t, all.Get("markAllNotificationsRead.unread")))
	equal(t, "cursor of the last", expectEvents(t, tablet, "NotificationChanged [2 2 0 0]", "NotificationChanged [2 2 0 0]")[1].cursor, all.Text("markAllNotificationsRead.cursor"))
}
