package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/sitetest"
)

// lines are the notifications of a user, the newest first: "MENTION id 1".
func lines(t *testing.T, c *client) (list []string) {
	t.Helper()
	for _, n := range bell(t, c, "") {
		subject := "nothing"
		if s := sitetest.Get(t, n, "subject"); s != nil {
			subject = sitetest.Get(t, s, "id").(string)
		}
		list = append(list, fmt.Sprint(sitetest.Get(t, n, "kind"), " ", subject, " ", sitetest.Get(t, n, "count")))
	}
	return list
}

func switchKind(t *testing.T, c *client, kind string, on bool) {
	t.Helper()
	c.Do(`mutation($k: NotificationKind!, $on: Boolean!) { updateNotificationPreferences(input: {preferences: [{kind: $k, channel: IN_APP, isEnabled: $on}]}) { userErrors { code } } }`,
		vars{"k": kind, "on": on}).NoErrors()
}

// One comment that names somebody, answers them and is on a post that they watch is one notification, and says
// what is most to the point of it.
func TestACommentIsToldOnce(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana, jisu, stranger := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana"), one.User(t, "jisu"), one.User(t, "stranger")
	one.Acquaint(mina, joon, hana, jisu)
	post := createPost(mina, "post")
	joons, hanas := comment(joon, post, "", "joon's"), comment(hana, post, "", "hana's")
	after := map[*client]string{}
	for _, c := range []*client{mina, joon, hana, jisu, stranger} {
		c.Do(`mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil).NoErrors()
		after[c] = c.Cursor()
	}
	tab := listen(one.Login(t, "joon").At(two), after[joon])
	newest := func(c *client) []string { return lines(t, c)[:1] }

	all := comment(mina.At(two), post, joons, "@joon, 그리고 @JISU! @joon @mina me@stranger.org @nobody_here")
	equal(t, "named, answered and watching", []string{"MENTION " + all + " 1"}, newest(joon))
	equal(t, "named only", []string{"MENTION " + all + " 1"}, lines(t, jisu))
	equal(t, "watching only", []string{"COMMENT " + post + " 1"}, newest(hana))
	expectEvents(t, tab, "NotificationReceived [0 0 1 1]")
	expectEvents(t, listen(hana, after[hana]), "NotificationReceived [0 0 1 1]")
	for _, c := range []*client{mina, stranger} {
		equal(t, "the author, who names herself, and a stranger", after[c], c.Cursor())
	}
	reply := comment(mina, post, hanas, "to hana, and @jisu")
	equal(t, "answered and watching", []string{"REPLY " + hanas + " 1"}, newest(hana))
	equal(t, "watching", []string{"COMMENT " + post + " 1"}, newest(joon))

	// Whoever has switched a kind off is told in the next best way.
	switchKind(t, jisu, "MENTION", false)
	switchKind(t, joon, "MENTION", false)
	switchKind(t, hana, "MENTION", false)
	switchKind(t, hana, "REPLY", false)
	comment(mina, post, joons, "@joon @jisu @hana")
	comment(mina, post, hanas, "@joon @jisu @hana")
	equal(t, "no mentions", []string{"COMMENT " + post + " 2", "REPLY " + joons + " 1"}, lines(t, joon)[:2])
	equal(t, "neither mentions nor replies", []string{"COMMENT " + post + " 3"}, newest(hana))
	equal(t, "neither answered nor watching", []string{"MENTION " + reply + " 1", "MENTION " + all + " 1"}, lines(t, jisu))

	// Nor is anybody told of what they have muted, or by whom they do not see.
	for _, c := range []*client{jisu, joon, hana} {
		switchKind(t, c, "MENTION", true)
	}
	muteSubject(joon, "muteSubject", post).NoErrors()
	jisu.Do(`mutation($id: ID!) { blockUser(input: {userId: $id}) { userErrors { code } } }`, vars{"id": mina.ID}).NoErrors()
	before := []string{joon.Cursor(), jisu.Cursor()}
	comment(mina, post, "", "@joon @jisu")
	equal(t, "muted, and blocked", before, []string{joon.Cursor(), jisu.Cursor()})
	checkCounters(t, one)
}

func TestMentionsInPostsAndEdits(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana")
	one.Acquaint(mina, joon, hana)
	joons, hanas := listen(joon.At(two), joon.Cursor()), listen(hana, hana.Cursor())
	minas := mina.Cursor()
	in := vars{"title": "for @hana", "body": "@mina @hana", "idempotencyKey": "k"}
	post := mina.Do(createPostInput, vars{"in": in}).NoErrors().Text("createPost.post.id")
	expectEvents(t, hanas, "NotificationReceived [0 0 1 1]")
	mina.Do(createPostInput, vars{"in": in}).NoErrors()
	equal(t, "the subject", []string{"MENTION " + post + " 1"}, lines(t, hana))

	// An edit tells whom it names that were not named before, and nobody twice.
	body := func(s string) {
		t.Helper()
		editPost(mina, vars{"postId": post, "body": s}).NoErrors()
	}
	body("@joon @hana")
	expectEvents(t, joons, "NotificationReceived [0 0 1 1]")
	body("@joon and @hana still")
	body("nobody")
	body("@joon again")
	body("nobody")
	joon.Do(`mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil).NoErrors()
	expectEvents(t, joons, "NotificationChanged [0 0 0 0]")
	body("@joon, who has read it")
	editPost(mina, vars{"postId": post, "title": "for @joon"}).NoErrors()

	said := comment(mina, post, "", "nobody")
	editComment(mina, said, "@joon and @hana and @mina").NoErrors()
	expectEvents(t, joons, "NotificationReceived [0 0 1 1]")
	expectEvents(t, hanas, "NotificationReceived [0 0 2 2]")
	editComment(mina, said, "@joon, @hana").NoErrors()
	editComment(mina, said, "nobody").NoErrors()
	editComment(mina, said, "@hana once more").NoErrors()
	equal(t, "each once", [][]string{{"MENTION " + said + " 1", "MENTION " + post + " 1"}, {"MENTION " + said + " 1", "MENTION " + post + " 1"}}, [][]string{lines(t, joon), lines(t, hana)})
	equal(t, "who writes", minas, mina.Cursor())

	// Whoever watches and was told of a comment is told as well that an edit names them.
	comment(joon, post, "", "so that joon watches")
	late := comment(mina, post, "", "late")
	expectEvents(t, joons, "NotificationReceived [0 0 2 2]")
	editComment(mina, late, "late, @joon").NoErrors()
	expectEvents(t, joons, "NotificationReceived [0 0 3 3]")

	// What is deleted is taken back.
	deleteComment(mina, late).NoErrors()
	expectEvents(t, joons, "NotificationRetracted [0 0 1 1]", "NotificationRetracted [0 0 1 1]")
	deleteComment(mina, said).NoErrors()
	expectEvents(t, joons, "NotificationRetracted [0 0 0 0]")
	expectEvents(t, hanas, "NotificationRetracted [0 0 1 1]")
	deletePost(mina, post).NoErrors()
	expectEvents(t, joons, "NotificationRetracted [0 0 0 0]") // which was read
	expectEvents(t, hanas, "NotificationRetracted [0 0 0 0]")
	equal(t, "all is gone", 0, len(lines(t, joon))+len(lines(t, hana)))
	checkCounters(t, one)
}

// Naming everybody is not for the one who writes: the first twenty are told.
func TestTheFirstTwentyNamesCount(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	var users postgres.UUIDs
	var names []string
	for range 25 {
		users = append(users, ids.New())
		names = append(names, fmt.Sprintf("named_%d", len(users)))
	}
	exec(t, site.DB, `INSERT INTO users (id, username, display_name, created_at) SELECT u.id, u.name, 'One of many', now() FROM unnest($1::uuid[], $2::text[]) AS u(id, name)`, users, names)
	exec(t, site.DB, `INSERT INTO topics (id) SELECT unnest($1::uuid[])`, users)
	text := "@" + strings.Join(names, " @")
	post := createPost(mina, "post")
	told := func(subject string) int {
		kind, id, _ := ids.Decode(subject)
		return number(t, site, `SELECT count(*) FROM notifications WHERE kind = 'MENTION' AND subject_kind = $1 AND subject_id = $2`, strings.ToUpper(string(kind)), id)
	}
	equal(t, "of a comment", 20, told(comment(mina, post, "", text)))
	editPost(mina, vars{"postId": post, "body": text}).NoErrors()
	equal(t, "of an edit", 20, told(post))
	slices.Reverse(names)
	editPost(mina, vars{"postId": post, "body": "@" + strings.Join(names, " @")}).NoErrors()
	equal(t, "of another edit, that names five others first", 25, told(post))
	checkCounters(t, site)
}

// Of a post that hundreds watch the workers tell the others: not who was told of the comment in another way.
func TestWhoIsNamedIsNotToldByTheWorkersAsWell(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana, jisu := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana"), site.User(t, "jisu")
	post := createPost(mina, "many")
	first := comment(joon, post, "", "joon's") // mina hears of it
	users := crowd(t, site, post, 450)
	for _, c := range []*client{hana, jisu} {
		muteSubject(c, "unmuteSubject", post).NoErrors()
	}
	switchKind(t, jisu, "MENTION", false)
	reply := comment(mina, post, first, "@hana, @jisu and all")
	allIsTold(t, site)
	equal(t, "the crowd", len(users), number(t, site, `SELECT count(*) FROM notifications WHERE user_id = ANY($1) AND kind = 'COMMENT' AND count = 1`, postgres.UUIDs(users)))
	equal(t, "answered", []string{"REPLY " + first + " 1"}, lines(t, joon))
	equal(t, "named", []string{"MENTION " + reply + " 1"}, lines(t, hana))
	equal(t, "named, who does not want to hear of that", []string{"COMMENT " + post + " 1"}, lines(t, jisu))
	equal(t, "who wrote it", []string{"COMMENT " + post + " 1"}, lines(t, mina))
	checkCounters(t, site)
}
