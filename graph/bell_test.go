package graph_test

import (
	"fmt"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

func archiveNotification(c *client, id string, archived bool) *sitetest.Result {
	return c.Do(`mutation($id: ID!, $a: Boolean!) { archiveNotification(input: {id: $id, archived: $a}) {
		notification { isSeen isRead isArchived } unread `+countFields+` cursor userErrors { code field } } }`, vars{"id": id, "a": archived})
}

func markUnread(c *client, id string) *sitetest.Result {
	return c.Do(`mutation($id: ID!) { markNotificationUnread(input: {id: $id}) {
		notification { isSeen isRead isArchived } unread `+countFields+` cursor userErrors { code field } } }`, vars{"id": id})
}

func TestPuttingANotificationAwayAndBack(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana")
	post := createPost(mina, "post")
	other := createPost(mina, "another")
	before := mina.Cursor()
	like(joon, post).NoErrors()
	like(joon, other).NoErrors()
	id := sitetest.Get(t, bell(t, mina, ""), "1.id").(string)
	tablet, stranger := listen(two.Login(t, "mina"), before), listen(hana, hana.Cursor())
	expectEvents(t, tablet, "NotificationReceived [0 0 1 1]", "NotificationReceived [0 0 2 2]")

	for name, who := range map[string]*client{id: joon, "junk": mina, mina.ID: mina, "notification_01h455vb4pex5vsknk084sn02q": mina} {
		equal(t, name, []string{"NOT_FOUND id"}, archiveNotification(who, name, true).UserErrors("archiveNotification"))
		equal(t, name, []string{"NOT_FOUND id"}, markUnread(who, name).UserErrors("markNotificationUnread"))
	}
	away := archiveNotification(mina, id, true).NoErrors()
	equal(t, "away", map[string]any{"isSeen": true, "isRead": true, "isArchived": true}, away.Get("archiveNotification.notification"))
	equal(t, "unread", counts{0, 0, 1, 1}, asCounts(t, away.Get("archiveNotification.unread")))
	equal(t, "cursor", expectEvents(t, tablet, "NotificationChanged [0 0 1 1]")[0].cursor, away.Text("archiveNotification.cursor"))
	equal(t, "again", nil, archiveNotification(mina, id, true).NoErrors().Get("archiveNotification.cursor"))
	equal(t, "in the bell", 1, len(bell(t, mina, "")))
	equal(t, "put away", []string{id}, texts(t, bell(t, mina, "archived: true"), "id"))

	// What was put away grows no more: the same again is a new one.
	like(hana, post).NoErrors()
	expectEvents(t, tablet, "NotificationReceived [0 0 2 2]")

	back := archiveNotification(mina, id, false).NoErrors()
	equal(t, "back", map[string]any{"isSeen": true, "isRead": true, "isArchived": false}, back.Get("archiveNotification.notification"))
	expectEvents(t, tablet, "NotificationChanged [0 0 2 2]")
	equal(t, "in the bell", 3, len(bell(t, mina, "")))

	again := markUnread(mina, id).NoErrors()
	equal(t, "unread again, and seen", map[string]any{"isSeen": true, "isRead": false, "isArchived": false}, again.Get("markNotificationUnread.notification"))
	equal(t, "cursor", expectEvents(t, tablet, "NotificationChanged [0 0 3 2]")[0].cursor, again.Text("markNotificationUnread.cursor"))
	equal(t, "unread already", nil, markUnread(mina, id).NoErrors().Get("markNotificationUnread.cursor"))
	// Its cause goes, and it goes with it.
	joon.Do(`mutation($id: ID!) { unlike(input: {subjectId: $id}) { userErrors { code } } }`, vars{"id": post}).NoErrors()
	expectEvents(t, tablet, "NotificationRetracted [0 0 2 2]")

	write(hana, "fence", joon)
	expectEvents(t, stranger, "NoteSent [0 0 0 0]") // nothing of all that
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	const fields = `{ kind channel isEnabled }`
	set := func(list ...vars) *sitetest.Result {
		list = append([]vars{}, list...) // never null
		return mina.Do(`mutation($in: UpdateNotificationPreferencesInput!) { updateNotificationPreferences(input: $in) {
			notificationPreferences `+fields+` cursor userErrors { code field } } }`, vars{"in": vars{"preferences": list}})
	}
	off := func(kind string) vars { return vars{"kind": kind, "channel": "IN_APP", "isEnabled": false} }
	enabled := func(list []any) (kinds []string) {
		for _, p := range list {
			if sitetest.Get(t, p, "isEnabled") == true {
				kinds = append(kinds, sitetest.Get(t, p, "kind").(string))
			}
		}
		return kinds
	}
	read := func() []any {
		return mina.Do(`{ viewer { notificationPreferences `+fields+` } }`, nil).NoErrors().List("viewer.notificationPreferences")
	}
	equal(t, "at first", []string{"NOTE", "COMMENT", "REPLY", "MENTION", "LIKE"}, enabled(read()))
	equal(t, "none", []string{"REQUIRED preferences"}, set().UserErrors("updateNotificationPreferences"))
	many := make([]vars, 51)
	for i := range many {
		many[i] = off("LIKE")
	}
	equal(t, "too many", []string{"INVALID preferences"}, set(many...).UserErrors("updateNotificationPreferences"))
	equal(t, "a kind that is none", "GRAPHQL_VALIDATION_FAILED", set(off("SMELL")).Code())
	equal(t, "still", 5, len(enabled(read())))

	changed := set(off("LIKE"), off("NOTE"), vars{"kind": "NOTE", "channel": "IN_APP", "isEnabled": true}).NoErrors()
	want := []string{"NOTE", "COMMENT", "REPLY", "MENTION"}
	equal(t, "the answer", want, enabled(changed.List("updateNotificationPreferences.notificationPreferences")))
	equal(t, "afterwards", want, enabled(read()))

	post := createPost(mina, "post")
	after := mina.Cursor()
	like(joon, post).NoErrors()
	comment(joon, post, "", "hello")
	write(joon, "hello", mina)
	expectEvents(t, listen(mina, after), "NotificationReceived [0 0 1 1]", "NoteReceived [1 1 2 2]", "NotificationReceived [1 1 2 2]")
	// A like given while it was switched off is not told of when it is on again and the like is taken back.
	set(vars{"kind": "LIKE", "channel": "IN_APP", "isEnabled": true}).NoErrors()
	joon.Do(`mutation($id: ID!) { unlike(input: {subjectId: $id}) { userErrors { code } } }`, vars{"id": post}).NoErrors()
	equal(t, "unread", counts{1, 1, 2, 2}, unread(t, mina))
}

// What is switched off raises no notification, and nothing else changes: a note comes and counts.
func TestEachKindIsSwitchedByItself(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	mina, joon := one.User(t, "mina"), one.User(t, "joon")
	one.Acquaint(mina, joon)
	first, second := createPost(mina, "first"), createPost(mina, "second")
	tablet := listen(mina.At(one.Another()), mina.Cursor())
	switchKind(t, mina, "NOTE", false)
	write(joon, "unheard", mina)
	expectEvents(t, tablet, "NoteReceived [1 1 0 0]")
	comment(joon, first, "", "heard")
	expectEvents(t, tablet, "NotificationReceived [1 1 1 1]")
	switchKind(t, mina, "COMMENT", false)
	comment(joon, first, "", "unheard")
	comment(joon, second, "", "unheard")
	like(joon, second).NoErrors()
	expectEvents(t, tablet, "NotificationReceived [1 1 2 2]")
	switchKind(t, mina, "LIKE", false)
	like(joon, first).NoErrors()
	switchKind(t, mina, "NOTE", true)
	write(joon, "heard", mina)
	expectEvents(t, tablet, "NoteReceived [2 1 3 3]", "NotificationReceived [2 1 3 3]")
	var told []string
	for _, n := range bell(t, mina, "") {
		told = append(told, fmt.Sprint(sitetest.Get(t, n, "kind"), " ", sitetest.Get(t, n, "count")))
	}
	equal(t, "the bell", []string{"NOTE 1", "LIKE 1", "COMMENT 1"}, told)
	checkCounters(t, one)
}

func TestFilteringTheBell(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	post := createPost(mina, "post")
	for i := range 3 {
		like(joon, createPost(mina, fmt.Sprint(i))).NoErrors()
	}
	comment(joon, post, "", "hello")
	write(joon, "hello", mina)
	kinds := func(args string) []string { return texts(t, bell(t, mina, args), "kind") }
	equal(t, "all", []string{"NOTE", "COMMENT", "LIKE", "LIKE", "LIKE"}, kinds(""))
	id := func(i int) string { return sitetest.Get(t, bell(t, mina, ""), fmt.Sprint(i, ".id")).(string) }
	liked, commented := id(3), id(1)
	mina.Do(`mutation($id: ID!) { markNotificationRead(input: {id: $id}) { userErrors { code } } }`, vars{"id": id(0)}).NoErrors()
	archiveNotification(mina, liked, true).NoErrors()
	archiveNotification(mina, commented, true).NoErrors()
	equal(t, "not what was put away", []string{"NOTE", "LIKE", "LIKE"}, kinds(""))
	equal(t, "unread", []string{"LIKE", "LIKE"}, kinds("unreadOnly: true"))
	equal(t, "put away", []string{"COMMENT", "LIKE"}, kinds("archived: true"))
	equal(t, "put away, of a kind", []string{"LIKE"}, kinds("archived: true, kinds: [LIKE, NOTE]"))
	equal(t, "what is put away is read", []string(nil), kinds("archived: true, unreadOnly: true"))
	equal(t, "unread, of a kind", []string(nil), kinds("unreadOnly: true, kinds: [NOTE]"))
	// Unread again, it is in the bell: what is put away is not waited for.
	markUnread(mina, liked).NoErrors()
	equal(t, "unread again", []string{"LIKE", "LIKE", "LIKE"}, kinds("unreadOnly: true"))
	equal(t, "put away", []string{"COMMENT"}, kinds("archived: true"))
	equal(t, "pages", []string{"NOTE", "LIKE", "LIKE", "LIKE"}, walk(t, mina, `{ viewer { notifications%s { nodes { kind } `+pageInfo+` } } }`, "viewer.notifications", "kind", 3))
	for _, args := range []string{`first: 0`, `first: 101`, `last: -1`, `first: 1, last: 1`, `after: "junk"`, `before: ""`, `after: "` + mina.Cursor() + `"`} {
		equal(t, args, "BAD_USER_INPUT", mina.Do(`{ viewer { notifications(`+args+`) { nodes { id } } } }`, nil).Code())
	}
	equal(t, "a kind that is none", "GRAPHQL_VALIDATION_FAILED", mina.Do(`{ viewer { notifications(kinds: [SMELL]) { nodes { id } } } }`, nil).Code())
	equal(t, "of nobody else", 0, len(bell(t, joon, "archived: true")))
}
