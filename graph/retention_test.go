package graph_test

import (
	"testing"
	"time"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/sitetest"
)

// What was read or put away goes when it is old, batch by batch; nothing else goes, no counter moves and nobody is
// told. Red when the age is that of the notification instead of its reading, when unread ones go, too, and when
// only one batch is deleted.
func TestOldNotificationsGo(t *testing.T) {
	t.Parallel()
	whole := sitetest.NewSite(t)
	whole.ToldAtOnce = 2
	site := whole.Start()
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	posts := map[string]string{}
	age := func(of string, column string, days int) {
		t.Helper()
		if _, err := site.DB.ExecContext(t.Context(), `UPDATE notifications SET `+column+` = now() - make_interval(days => $2) WHERE subject_id = $1`,
			ids.Of(ids.Post, posts[of]), days); err != nil {
			t.Fatal(err)
		}
	}
	for _, title := range []string{"read long ago", "read before that was kept", "put away", "taken back", "read now", "seen", "unread", "unread again", "hana's"} {
		by := mina
		if title == "hana's" {
			by = hana
		}
		posts[title] = createPost(by, title)
		like(joon, posts[title]).NoErrors()
		age(title, "updated_at", 200)
	}
	one := func(title string) string {
		return mina.Do(`{ viewer { notifications(first: 100) { nodes { id subject { ... on Post { title } } } } } }`, nil).NoErrors().
			Text("viewer.notifications.nodes." + map[string]string{"unread again": "0", "unread": "1", "seen": "2", "read now": "3", "taken back": "4", "put away": "5", "read before that was kept": "6", "read long ago": "7"}[title] + ".id")
	}
	read := func(title string) {
		mina.Do(`mutation($id: ID!) { markNotificationRead(input: {id: $id}) { userErrors { code } } }`, vars{"id": one(title)}).NoErrors()
	}
	for _, title := range []string{"read long ago", "read before that was kept", "read now", "unread again"} {
		read(title)
		age(title, "read_at", 91)
	}
	if _, err := site.DB.ExecContext(t.Context(), `UPDATE notifications SET read_at = NULL WHERE subject_id = $1`, ids.Of(ids.Post, posts["read before that was kept"])); err != nil {
		t.Fatal(err)
	}
	mina.Do(`mutation { markNotificationsSeen(input: {}) { cursor } }`, nil).NoErrors()
	age("read now", "read_at", 89)
	markUnread(mina, one("unread again")).NoErrors()
	away, back := one("put away"), one("taken back")
	for _, id := range []string{away, back} {
		archiveNotification(mina, id, true).NoErrors()
	}
	age("put away", "read_at", 91)
	age("taken back", "read_at", 91)
	archiveNotification(mina, back, false).NoErrors()
	hana.Do(`mutation { markAllNotificationsRead(input: {}) { cursor } }`, nil).NoErrors()
	age("hana's", "read_at", 91)

	before, minas, hanas := unread(t, mina), mina.Cursor(), hana.Cursor()
	equal(t, "counted", counts{0, 0, 3, 0}, before)
	deleted, err := site.Resolver.Bell.Retain(t.Context(), 90*24*time.Hour)
	equal(t, "deleted", []any{int64(4), nil}, []any{deleted, err})
	left := func() (titles []string) {
		for _, list := range []string{"", "archived: true"} {
			titles = append(titles, texts(t, bell(t, mina, list), "subject.id")...)
		}
		return titles
	}
	equal(t, "left", []string{posts["unread again"], posts["unread"], posts["seen"], posts["read now"], posts["taken back"]}, left())
	equal(t, "hana's", 0, len(bell(t, hana, "")))
	equal(t, "the causes", 5, number(t, site, `SELECT count(*) FROM notification_causes`))
	equal(t, "counters", before, unread(t, mina))
	equal(t, "nobody is told", []string{minas, hanas}, []string{mina.Cursor(), hana.Cursor()})
	equal(t, "by its id", nil, mina.Do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": away}).NoErrors().Get("node"))
	equal(t, "cannot be marked", []string{"NOT_FOUND id"}, markUnread(mina, away).UserErrors("markNotificationUnread"))
	deleted, err = site.Resolver.Bell.Retain(t.Context(), 90*24*time.Hour)
	equal(t, "nothing more", []any{int64(0), nil}, []any{deleted, err})
	deleted, err = site.Resolver.Bell.Retain(t.Context(), 0)
	equal(t, "all that is read", []any{int64(2), nil}, []any{deleted, err})
	equal(t, "unread ones stay", []string{posts["unread again"], posts["unread"], posts["seen"]}, left())
}
