package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/sitetest"
)

const (
	blockUser   = `mutation($id: ID!) { blockUser(input: {userId: $id}) { user { username } unread ` + countFields + ` cursor userErrors { code message field } } }`
	unblockUser = `mutation($id: ID!) { unblockUser(input: {userId: $id}) { user { username } unread ` + countFields + ` cursor userErrors { code message field } } }`
)

func block(by, whom *client) *sitetest.Result {
	return by.Do(blockUser, vars{"id": whom.ID}).NoErrors()
}

func unblock(by, whom *client) *sitetest.Result {
	return by.Do(unblockUser, vars{"id": whom.ID}).NoErrors()
}

// everything follows all events of a user, with what they speak of.
func everything(c *client, after string) *sitetest.Subscription {
	return c.Subscribe(`subscription($after: Cursor) { events(after: $after) { __typename cursor unread `+countFields+`
		... on NoteReceived { note { id } } ... on NoteSent { note { id } } ... on ConversationRead { conversation { id } }
		... on ConversationChanged { conversation { id } } ... on ConversationRemoved { conversationId }
		... on NotificationReceived { notification { id } } ... on NotificationChanged { notification { id } } ... on NotificationRetracted { notificationId } } }`, vars{"after": after})
}

// heard waits for the next events, as "ConversationChanged SUBJECT [1 1 0 0]". names says what is written for
// an identifier.
func heard(t *testing.T, s *sitetest.Subscription, n int, names map[string]string) (list []string) {
	t.Helper()
	for len(list) < n {
		e := s.Next()["events"].(map[string]any)
		if e["__typename"] == "StreamReady" {
			continue
		}
		id := ""
		for _, field := range []string{"note", "conversation", "notification"} {
			if o, ok := e[field].(map[string]any); ok {
				id = o["id"].(string)
			}
			if s, ok := e[field+"Id"].(string); ok {
				id = s
			}
		}
		if name := names[id]; name != "" {
			id = name
		}
		list = append(list, fmt.Sprint(e["__typename"], " ", id, " ", asCounts(t, e["unread"])))
	}
	return list
}

// bellNames are the names of a user's notifications: kind and count.
func bellNames(t *testing.T, c *client, names map[string]string) {
	t.Helper()
	for _, n := range bell(t, c, "") {
		names[sitetest.Get(t, n, "id").(string)] = fmt.Sprint(sitetest.Get(t, n, "kind"), " of ", names[sitetest.Get(t, n, "subject.id").(string)])
	}
}

// view is what a user sees of two conversations and of the board.
func view(t *testing.T, c *client, direct, group string) map[string]any {
	t.Helper()
	r := c.Do(`query($d: ID!, $g: ID!) { viewer {
		conversations { nodes { id unreadCount } } inbox: notes { nodes { body } } sent: notes(box: SENT) { nodes { body } }
		direct: conversation(id: $d) { id } group: conversation(id: $g) { notes { nodes { body } } lastNote { body } } unread `+countFields+` }
		posts { nodes { title commentCount comments { nodes { body } } } } }`, vars{"d": direct, "g": group}).NoErrors()
	v := map[string]any{"direct": r.Get("viewer.direct") != nil, "unread": asCounts(t, r.Get("viewer.unread")),
		"inbox": texts(t, r.List("viewer.inbox.nodes"), "body"), "sent": texts(t, r.List("viewer.sent.nodes"), "body"),
		"group": texts(t, r.List("viewer.group.notes.nodes"), "body"), "lastNote": r.Get("viewer.group.lastNote.body")}
	for _, n := range r.List("viewer.conversations.nodes") {
		name := map[string]string{direct: "direct", group: "group"}[sitetest.Get(t, n, "id").(string)]
		v["list"] = fmt.Sprint(v["list"], " ", name, " ", sitetest.Get(t, n, "unreadCount"))
	}
	for _, p := range r.List("posts.nodes") {
		v["posts"] = fmt.Sprint(v["posts"], " ", sitetest.Get(t, p, "title"), " ", sitetest.Get(t, p, "commentCount"), texts(t, sitetest.Get(t, p, "comments.nodes").([]any), "body"))
	}
	return v
}

func TestABlockHidesEachFromTheOther(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana := one.User(t, "mina"), two.User(t, "joon"), one.User(t, "hana")
	one.Acquaint(mina, joon, hana)
	names := map[string]string{}
	direct := write(joon, "direct of joon", mina).conversation
	answer(mina, direct, "direct of mina")
	group := write(hana, "group of hana", mina, joon).conversation
	answer(joon, group, "group of joon")
	answer(mina, group, "group of mina")
	hers, his := createPost(mina, "hers"), createPost(joon, "his")
	comment(hana, hers, "", "hana on hers")
	remark := comment(joon, hers, "", "joon on hers")
	comment(mina, his, "", "mina on his")
	like(joon, hers).NoErrors()
	mina.Do(`mutation { markNotificationsSeen(input: {}) { userErrors { code } } }`, nil).NoErrors()
	names[direct], names[group], names[hers], names[his] = "direct", "group", "hers", "his"
	for _, c := range []*client{mina, joon, hana} {
		bellNames(t, c, names)
	}
	before := map[*client]any{mina: view(t, mina, direct, group), joon: view(t, joon, direct, group), hana: view(t, hana, direct, group)}
	equal(t, "before", counts{3, 2, 4, 0}, unread(t, mina))
	equal(t, "before", counts{3, 2, 3, 3}, unread(t, joon))
	checkCounters(t, one)

	phone, laptop, his1 := everything(mina, mina.Cursor()), everything(mina.At(two), mina.Cursor()), everything(joon, joon.Cursor())
	theirs := everything(hana, hana.Cursor())
	of := `subscription($c: ID!, $after: Cursor) { noteReceived(conversationId: $c, after: $after) { cursor } }`
	ofDirect := []*sitetest.Subscription{mina.At(two).Subscribe(of, vars{"c": direct, "after": mina.Cursor()}), joon.At(one).Subscribe(of, vars{"c": direct, "after": joon.Cursor()})}
	r := block(mina, joon)
	equal(t, "payload", []any{"joon", counts{1, 1, 2, 0}, mina.Cursor()}, []any{r.Get("blockUser.user.username"), asCounts(t, r.Get("blockUser.unread")), r.Get("blockUser.cursor")})
	want := []string{"ConversationRemoved direct [1 1 2 0]", "ConversationChanged group [1 1 2 0]",
		"NotificationRetracted NOTE of direct [1 1 2 0]", "NotificationChanged NOTE of group [1 1 2 0]", "NotificationChanged COMMENT of hers [1 1 2 0]", "NotificationRetracted LIKE of hers [1 1 2 0]"}
	equal(t, "her phone", want, heard(t, phone, len(want), names))
	equal(t, "her laptop, at the other server", want, heard(t, laptop, len(want), names))
	want = []string{"ConversationRemoved direct [1 1 1 1]", "ConversationChanged group [1 1 1 1]",
		"NotificationRetracted NOTE of direct [1 1 1 1]", "NotificationChanged NOTE of group [1 1 1 1]", "NotificationRetracted COMMENT of his [1 1 1 1]"}
	equal(t, "he is told no more than that", want, heard(t, his1, len(want), names))
	for _, s := range ofDirect {
		equal(t, "who listens to the conversation", "NOT_FOUND", s.Refused())
	}
	checkCounters(t, two)
	equal(t, "mina sees", map[string]any{"direct": false, "list": "<nil> group 1", "unread": counts{1, 1, 2, 0}, "inbox": []string{"group of hana"}, "sent": []string{"group of mina"},
		"group": []string{"group of mina", "group of hana"}, "lastNote": "group of mina", "posts": "<nil> hers 2 [hana on hers]"}, view(t, mina.At(two), direct, group))
	equal(t, "joon sees", map[string]any{"direct": false, "list": "<nil> group 1", "unread": counts{1, 1, 1, 1}, "inbox": []string{"group of hana"}, "sent": []string{"group of joon"},
		"group": []string{"group of joon", "group of hana"}, "lastNote": "group of joon", "posts": "<nil> his 1 []"}, view(t, joon, direct, group))
	equal(t, "hana sees what she saw", before[hana], view(t, hana, direct, group))
	none := mina.Do(`query($d: ID!, $u: ID!, $r: ID!) { node(id: $d) { id } user(username: "joon") { username posts { nodes { id } } }
		remark: node(id: $r) { ... on Comment { body } } viewer { conversation(withUserId: $u) { id } blockedUsers { nodes { username } } } }`,
		vars{"d": direct, "u": joon.ID, "r": remark}).NoErrors()
	equal(t, "the conversation by id, and with him", []any{nil, nil}, []any{none.Get("node"), none.Get("viewer.conversation")})
	equal(t, "his posts", 0, len(none.List("user.posts.nodes")))
	equal(t, "what is public stays so by its identifier", "joon on hers", none.Get("remark.body"))
	equal(t, "whom she has blocked", []string{"joon"}, texts(t, none.List("viewer.blockedUsers.nodes"), "username"))
	equal(t, "whom he has blocked", 0, len(joon.Do(`{ viewer { blockedUsers { nodes { username } } } }`, nil).NoErrors().List("viewer.blockedUsers.nodes")))

	// Nothing new arrives, in either direction.
	for _, c := range []struct{ from, to *client }{{mina, joon}, {joon, mina}} {
		equal(t, "to the user", []string{"NOT_ALLOWED toUserIds"}, sendInput(c.from, vars{"toUserIds": []string{c.to.ID}, "body": "x"}).UserErrors("sendNote"))
		equal(t, "to several", []string{"NOT_ALLOWED toUserIds"}, sendInput(c.from, vars{"toUserIds": []string{c.to.ID, hana.ID}, "body": "x"}).UserErrors("sendNote"))
		equal(t, "into the conversation", []string{"NOT_ALLOWED conversationId"}, sendInput(c.from, vars{"conversationId": direct, "body": "x"}).UserErrors("sendNote"))
		equal(t, "reading it", []string{"NOT_FOUND conversationId"}, c.from.Do(markRead, vars{"in": vars{"conversationId": direct}}).UserErrors("markConversationRead"))
	}
	answer(joon, group, "after")
	comment(joon, hers, "", "after")
	like(joon, remark).NoErrors()
	like(mina, his).NoErrors()
	comment(mina, his, "", "after")
	fence := write(hana, "fence", mina, joon)
	names[fence.id] = "fence"
	equal(t, "mina hears of hana only", "NoteReceived fence [2 2 3 1]", heard(t, phone, 1, names)[0])
	equal(t, "and so on her laptop", "NoteReceived fence [2 2 3 1]", heard(t, laptop, 1, names)[0])
	got := heard(t, his1, 2, names)
	if !strings.HasPrefix(got[0], "NoteSent ") || got[1] != "NoteReceived fence [2 2 2 2]" {
		t.Errorf("joon heard %v", got)
	}
	got = heard(t, theirs, 4, names)
	equal(t, "hana hears as ever", []string{"NotificationChanged NOTE of group [3 1 2 2]", "NotificationChanged COMMENT of hers [3 1 2 2]", "NoteSent fence [3 1 2 2]"}, got[1:])
	checkCounters(t, one)

	// Twice is once.
	cursor := mina.Cursor()
	again := block(mina, joon)
	equal(t, "once more", []any{nil, cursor}, []any{again.Get("blockUser.cursor"), mina.Cursor()})
	phone.Close()

	// And back. What was told of is not told again; what he wrote meanwhile is there, and was not delivered.
	phone = everything(mina, mina.Cursor())
	r = unblock(mina.At(two), joon)
	equal(t, "payload", []any{"joon", counts{4, 3, 3, 1}, mina.Cursor()}, []any{r.Get("unblockUser.user.username"), asCounts(t, r.Get("unblockUser.unread")), r.Get("unblockUser.cursor")})
	equal(t, "her phone", []string{"ConversationChanged direct [4 3 3 1]", "ConversationChanged group [4 3 3 1]"}, heard(t, phone, 2, names))
	after := view(t, mina, direct, group)
	equal(t, "the conversation is back", []any{true, []string{"after", "group of mina", "group of joon", "group of hana"}, []string{"fence", "group of joon", "group of hana", "direct of joon"}},
		[]any{after["direct"], after["group"], after["inbox"]})
	equal(t, "it can be written to", direct, write(joon, "again", mina).conversation)
	checkCounters(t, one)
	equal(t, "unblocking twice", nil, unblock(mina, joon).Get("unblockUser.cursor"))
}

func TestBlockingEachOther(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	direct := write(mina, "hello", joon).conversation
	answer(joon, direct, "hi")
	block(mina, joon)
	cursor := joon.Cursor()
	equal(t, "he blocks her, too: nothing changes", nil, block(joon, mina).Get("blockUser.cursor"))
	equal(t, "no event", cursor, joon.Cursor())
	blocked := func(c *client) []string {
		return texts(t, c.Do(`{ viewer { blockedUsers { nodes { username } } } }`, nil).NoErrors().List("viewer.blockedUsers.nodes"), "username")
	}
	equal(t, "both", [][]string{{"joon"}, {"mina"}}, [][]string{blocked(mina), blocked(joon)})
	unblock(mina, joon)
	equal(t, "she has not, he still has", [][]string{nil, {"mina"}}, [][]string{blocked(mina), blocked(joon)})
	equal(t, "still apart", []string{"NOT_ALLOWED conversationId"}, sendInput(mina, vars{"conversationId": direct, "body": "x"}).UserErrors("sendNote"))
	checkCounters(t, site)
	block(mina, hana)
	block(mina, joon)
	equal(t, "the latest first", []string{"joon", "hana"}, blocked(mina))
	unblock(mina, joon)
	unblock(joon, mina)
	answer(mina, direct, "together")
	equal(t, "unread again", counts{2, 1, 1, 1}, unread(t, joon))
	checkCounters(t, site)
	var want []string
	for i := range 5 {
		u := site.User(t, fmt.Sprint("user_", i))
		block(mina, u)
		want = append([]string{u.Username}, want...)
	}
	equal(t, "pages", append(want, "hana"), walk(t, mina, `{ viewer { blockedUsers%s { nodes { username } `+pageInfo+` } } }`, "viewer.blockedUsers", "username", 2))
}

func TestBlockingIsRefused(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	note := write(joon, "note", mina)
	cursor := mina.Cursor()
	for mutation, text := range map[string]string{"blockUser": blockUser, "unblockUser": unblockUser} {
		for name, id := range map[string]string{"unknown": ids.Encode(ids.User, ids.New()), "a note": note.id, "empty": "", "junk": strings.Repeat("x", 5000), "a tab": "a\tb", "upper case": strings.ToUpper(joon.ID)} {
			r := mina.Do(text, vars{"id": id})
			equal(t, mutation+" "+name, []string{"NOT_FOUND userId"}, r.UserErrors(mutation))
			equal(t, mutation+" "+name+": nothing is given", []any{nil, nil, nil}, []any{r.Get(mutation + ".user"), r.Get(mutation + ".unread"), r.Get(mutation + ".cursor")})
		}
		equal(t, mutation+" oneself", []string{"INVALID userId"}, mina.Do(text, vars{"id": mina.ID}).UserErrors(mutation))
		equal(t, mutation+" by nobody", "UNAUTHENTICATED", site.Anonymous(t).Do(text, vars{"id": joon.ID}).Code())
		for name, literal := range map[string]string{"NUL": `"a\u0000b"`, "a lone surrogate": `"\uD800"`, "a number": `1.5`, "null": `null`} {
			if code := mina.Do(`mutation { `+mutation+`(input: {userId: `+literal+`}) { userErrors { code } } }`, nil).Code(); code == "" || code == "INTERNAL_SERVER_ERROR" {
				t.Errorf("%s %s: code %q", mutation, name, code)
			}
		}
	}
	equal(t, "nothing was written", []any{cursor, counts{1, 1, 0, 0}}, []any{mina.Cursor(), unread(t, mina)})
	checkCounters(t, site)
}

// What was written to the log before the block and is read after it is not shown.
func TestWhatWasNotDeliveredBeforeTheBlock(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	post := createPost(hana, "post")
	start := mina.Cursor()
	live := mina.Subscribe(`subscription($p: ID!) { commentAdded(postId: $p) { cursor comment { body } } }`, vars{"p": post}).Ready()
	write(joon, "direct", mina)
	write(joon, "group", mina, hana)
	comment(joon, post, "", "first")
	first := live.Next()
	block(mina, joon)
	comment(joon, post, "", "hidden")
	comment(hana, post, "", "shown")
	write(hana, "seen", mina)
	equal(t, "live comments", "shown", sitetest.Get(t, live.Next(), "commentAdded.comment.body"))
	late := mina.Subscribe(`subscription($p: ID!, $a: Cursor) { commentAdded(postId: $p, after: $a) { comment { body } } }`, vars{"p": post, "a": sitetest.Get(t, first, "commentAdded.cursor")})
	equal(t, "missed comments", "shown", sitetest.Get(t, late.Next(), "commentAdded.comment.body"))
	nobody := site.Anonymous(t).Subscribe(`subscription($p: ID!, $a: Cursor) { commentAdded(postId: $p, after: $a) { comment { body } } }`, vars{"p": post, "a": sitetest.Get(t, first, "commentAdded.cursor")})
	equal(t, "nobody's", "hidden", sitetest.Get(t, nobody.Next(), "commentAdded.comment.body"))
	notes := mina.Subscribe(`subscription($a: Cursor) { noteReceived(after: $a) { note { body } } }`, vars{"a": start})
	equal(t, "notes", "seen", sitetest.Get(t, notes.Next(), "noteReceived.note.body"))
	bell := mina.Subscribe(`subscription($a: Cursor) { notificationReceived(after: $a) { notification { actors { username } } } }`, vars{"a": start})
	equal(t, "notifications", "hana", sitetest.Get(t, bell.Next(), "notificationReceived.notification.actors.0.username"))
	page := mina.Do(`query($a: Cursor) { events(after: $a, first: 100) { events { __typename ... on NoteReceived { note { body } } } } }`, vars{"a": start}).NoErrors()
	for _, e := range page.List("events.events") {
		if b, ok := e.(map[string]any)["note"].(map[string]any); ok && b["body"] != "seen" {
			t.Errorf("the log shows %v", b)
		}
	}
	replies := mina.Do(`query($p: ID!) { post(id: $p) { commentCount comments { nodes { body } } } posts { nodes { id } } }`, vars{"p": post}).NoErrors()
	equal(t, "the list counts what it leaves out", []any{3.0, []string{"shown"}}, []any{replies.Get("post.commentCount"), texts(t, replies.List("post.comments.nodes"), "body")})
	checkCounters(t, site)
}

// Nothing of the group is unread, so no counter moves; yet what it shows has changed for both. Each is told of
// their direct conversation as well, and joon that mina is no longer one of a notification's actors.
func TestABlockChangesAGroupThatIsRead(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	group := write(hana, "first", mina, joon).conversation
	answer(mina, group, "of mina")
	for _, c := range []*client{mina, joon} {
		c.Do(markRead, vars{"in": vars{"conversationId": group}}).NoErrors()
	}
	names := map[string]string{group: "group"}
	hers, his := everything(mina, mina.Cursor()), everything(joon, joon.Cursor())
	lastNote := func(c *client) any {
		return c.Do(`query($id: ID!) { node(id: $id) { ... on Conversation { lastNote { body } } } }`, vars{"id": group}).NoErrors().Get("node.lastNote.body")
	}
	for _, change := range []struct {
		do   func(*client, *client) *sitetest.Result
		last string
	}{{block, "first"}, {unblock, "of mina"}} {
		change.do(mina, joon)
		for _, s := range []*sitetest.Subscription{hers, his} {
			for heard(t, s, 1, names)[0] != "ConversationChanged group [0 0 0 0]" {
			}
		}
		equal(t, "joon sees", any(change.last), lastNote(joon))
		equal(t, "mina sees", any("of mina"), lastNote(mina))
	}
}
