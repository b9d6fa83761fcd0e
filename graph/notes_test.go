package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

// walk pages through a connection in both directions and returns the bodies that it finds, in the order of
// the list. query has one %s for the arguments of the connection at path.
func walk(t *testing.T, c *client, query, path, key string, size int) []string {
	t.Helper()
	read := func(args string) (list []string, start, end any, previous, next bool) {
		r := c.Do(fmt.Sprintf(query, args), nil).NoErrors()
		return texts(t, r.List(path+".nodes"), key), r.Get(path + ".pageInfo.startCursor"), r.Get(path + ".pageInfo.endCursor"),
			r.Get(path + ".pageInfo.hasPreviousPage").(bool), r.Get(path + ".pageInfo.hasNextPage").(bool)
	}
	var forward, backward []string
	args := fmt.Sprintf("(first: %d)", size)
	for more := true; more; {
		page, _, end, _, next := read(args)
		forward, more = append(forward, page...), next
		args = fmt.Sprintf("(first: %d, after: %q)", size, end)
	}
	args = fmt.Sprintf("(last: %d)", size)
	for more := true; more; {
		page, start, _, previous, _ := read(args)
		backward, more = append(slices.Clone(page), backward...), previous
		args = fmt.Sprintf("(last: %d, before: %q)", size, start)
	}
	equal(t, path+": backward is forward", forward, backward)
	_, _, after, _, more := read(fmt.Sprintf("(first: %d)", size))
	_, before, _, _, _ := read(fmt.Sprintf("(last: %d)", size))
	if !more {
		return forward
	}
	// A window may be open at either end, and is read from either.
	from, to := size, len(forward)-size
	for args, want := range map[string][]string{
		fmt.Sprintf("(first: %d, before: %q)", size, before):             forward[:min(size, to)],
		fmt.Sprintf("(before: %q)", before):                              forward[:min(20, to)],
		fmt.Sprintf("(last: %d, after: %q)", size, after):                forward[max(from, to):],
		fmt.Sprintf("(first: 50, after: %q, before: %q)", after, before): forward[from:max(from, to)],
		fmt.Sprintf("(last: 50, after: %q, before: %q)", after, before):  forward[from:max(from, to)],
	} {
		page, _, _, _, _ := read(args)
		equal(t, path+args, strings.Join(want, "\n"), strings.Join(page, "\n"))
	}
	return forward
}

const pageInfo = `pageInfo { startCursor endCursor hasPreviousPage hasNextPage }`

func TestPagesOfNotes(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	first := write(mina, "0", joon)
	history, inbox, outbox := []string{"0"}, []string{"0"}, []string{}
	for i := 1; i < 8; i++ {
		from := []*client{mina, joon}[i%2]
		body := fmt.Sprint(i)
		answer(from, first.conversation, body)
		history = append(history, body)
		if from == mina {
			inbox = append(inbox, body)
		} else {
			outbox = append(outbox, body)
		}
	}
	write(hana, "from hana", joon)
	slices.Reverse(history)
	slices.Reverse(outbox)
	inbox = append(inbox, "from hana")
	slices.Reverse(inbox)
	for _, size := range []int{3, 4, 100} {
		equal(t, "history", history, walk(t, joon, `{ viewer { conversation(id: "`+first.conversation+`") { notes%s { nodes { body } `+pageInfo+` } } } }`, "viewer.conversation.notes", "body", size))
		equal(t, "inbox", inbox, walk(t, joon, `{ viewer { notes%s { nodes { body } `+pageInfo+` } } }`, "viewer.notes", "body", size))
	}
	equal(t, "sent", outbox, texts(t, joon.Do(`{ viewer { notes(box: SENT) { nodes { body } } } }`, nil).NoErrors().List("viewer.notes.nodes"), "body"))
	for name, args := range map[string]string{
		"too many": "first: 101", "none": "first: 0", "negative": "last: -1", "both": "first: 1, last: 1",
		"junk": `after: "junk"`, "of another list": `after: "` + joon.Do(`{ users(first: 1) { pageInfo { endCursor } } }`, nil).NoErrors().Text("users.pageInfo.endCursor") + `"`,
	} {
		equal(t, name, "BAD_USER_INPUT", joon.Do(`{ viewer { notes(`+args+`) { nodes { body } } } }`, nil).Code())
	}
	// "s\x00" and "s\xff" in base64url: whole cursors by their form, of which Postgres wants to hear nothing.
	for _, cursor := range []string{"cwA", "c_8"} {
		equal(t, cursor, "BAD_USER_INPUT", joon.Do(`{ users(after: "`+cursor+`") { nodes { id } } }`, nil).Code())
	}
	edge := sendInput(mina, vars{"conversationId": first.conversation, "body": "newest"}).NoErrors().Text("sendNote.noteEdge.cursor")
	equal(t, "noteEdge has a cursor of the history", "7", joon.Do(`{ viewer { conversation(id: "`+first.conversation+`") { notes(first: 1, after: "`+edge+`") { nodes { body } } } } }`, nil).
		NoErrors().Get("viewer.conversation.notes.nodes.0.body"))
}

func TestConversationsAreOrderedByTheirNewestNote(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	var others []*client
	var conversations []string
	for i := range 4 {
		c := site.User(t, fmt.Sprintf("user_%d", i))
		site.Acquaint(mina, c)
		others = append(others, c)
		conversations = append(conversations, write(c, "hello", mina).conversation)
	}
	answer(others[1], conversations[1], "again")
	answer(mina, conversations[0], "answer")
	want := []string{conversations[0], conversations[1], conversations[3], conversations[2]}
	query := `{ viewer { conversations%s { nodes { id unreadCount lastNote { body sender { username } } participants { nodes { user { username } } } } ` + pageInfo + ` } } }`
	equal(t, "order", want, walk(t, mina, query, "viewer.conversations", "id", 3))
	r := mina.Do(fmt.Sprintf(query, ""), nil).NoErrors()
	equal(t, "unreadCount", []string{"1", "2", "1", "1"}, texts(t, r.List("viewer.conversations.nodes"), "unreadCount"))
	equal(t, "lastNote", []string{"answer", "again", "hello", "hello"}, texts(t, r.List("viewer.conversations.nodes"), "lastNote.body"))
	equal(t, "participants", []string{"user_0", "mina"}, sorted(texts(t, r.List("viewer.conversations.nodes.0.participants.nodes"), "user.username"), "user_0", "mina"))
	equal(t, "by user", conversations[3], mina.Do(`{ viewer { conversation(withUserId: "`+others[3].ID+`") { id } } }`, nil).NoErrors().Get("viewer.conversation.id"))
	for _, args := range []string{"", `id: "` + conversations[0] + `", withUserId: "` + mina.ID + `"`} {
		if args != "" {
			args = "(" + args + ")"
		}
		equal(t, "conversation"+args, "BAD_USER_INPUT", mina.Do(`{ viewer { conversation`+args+` { id } } }`, nil).Code())
	}
	foreign := write(others[0], "foreign", others[1]).conversation
	equal(t, "foreign", nil, mina.Do(`{ viewer { conversation(id: "`+foreign+`") { id } } }`, nil).NoErrors().Get("viewer.conversation"))
}

// sorted puts a list into the order of another when both have the same members.
func sorted(list []string, order ...string) []string {
	if slices.Equal(slices.Sorted(slices.Values(list)), slices.Sorted(slices.Values(order))) {
		return order
	}
	return list
}

const markRead = `mutation($in: MarkConversationReadInput!) { markConversationRead(input: $in) {
  conversation { id unreadCount } unread ` + countFields + ` cursor userErrors { code field } } }`

func TestReadingAConversation(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	first := write(mina, "1", joon)
	second := answer(mina, first.conversation, "2")
	third := answer(mina, first.conversation, "3")
	other := write(hana, "other", joon)
	foreign := write(mina, "foreign", hana)
	laptop := listen(site.Login(t, "joon"), joon.Cursor())
	mark := func(conversation, upTo string) *sitetest.Result {
		in := vars{"conversationId": conversation}
		if upTo != "" {
			in["upToNoteId"] = upTo
		}
		return joon.Do(markRead, vars{"in": in})
	}
	part := mark(first.conversation, second.id).NoErrors()
	equal(t, "left", 1.0, part.Get("markConversationRead.conversation.unreadCount"))
	equal(t, "unread", counts{2, 2, 2, 2}, asCounts(t, part.Get("markConversationRead.unread")))
	events := expectEvents(t, laptop, "ConversationRead [2 2 2 2]")
	equal(t, "cursor of the event", events[0].cursor, part.Text("markConversationRead.cursor"))
	equal(t, "which", first.conversation, events[0].subject)

	back := mark(first.conversation, first.id).NoErrors()
	equal(t, "never back", []any{1.0, nil}, []any{back.Get("markConversationRead.conversation.unreadCount"), back.Get("markConversationRead.cursor")})

	all := mark(first.conversation, "").NoErrors()
	equal(t, "unread", counts{1, 1, 1, 1}, asCounts(t, all.Get("markConversationRead.unread")))
	events = expectEvents(t, laptop, "ConversationRead [1 1 1 1]", "NotificationChanged [1 1 1 1]")
	equal(t, "cursor of the last event", events[1].cursor, all.Text("markConversationRead.cursor"))
	bell := joon.Do(`{ viewer { notifications { nodes { id isRead isSeen count } } } }`, nil).NoErrors()
	equal(t, "its notification", map[string]any{"id": events[1].subject, "isRead": true, "isSeen": true, "count": 3.0}, bell.Get("viewer.notifications.nodes.1"))
	equal(t, "not the other", false, bell.Get("viewer.notifications.nodes.0.isRead"))
	equal(t, "read already", nil, mark(first.conversation, third.id).NoErrors().Get("markConversationRead.cursor"))

	parts := mina.Do(`{ viewer { conversation(id: "`+first.conversation+`") { participants { nodes { id role joinedAt user { username } lastReadNote { id } } } } } }`, nil).NoErrors()
	for _, p := range parts.List("viewer.conversation.participants.nodes") {
		want := any(nil) // mina wrote, and read nothing
		if sitetest.Get(t, p, "user.username") == "joon" {
			want = map[string]any{"id": third.id}
		}
		equal(t, "lastReadNote", want, sitetest.Get(t, p, "lastReadNote"))
	}
	for name, in := range map[string][2]string{
		"NOT_FOUND conversationId": {foreign.conversation, ""},
		"NOT_FOUND upToNoteId":     {first.conversation, foreign.id},
	} {
		equal(t, "refused", []string{name}, mark(in[0], in[1]).UserErrors("markConversationRead"))
	}
	equal(t, "hidden is not found", mark(foreign.conversation, "").Raw, mark("conversation_01h455vb4pex5vsknk084sn02q", "").Raw)
	equal(t, "a note of the other", []string{"NOT_FOUND upToNoteId"}, mark(first.conversation, other.id).UserErrors("markConversationRead"))

	// A new note after all was read: the notification that was read does not grow.
	answer(mina, first.conversation, "4")
	events = expectEvents(t, laptop, "NoteReceived [2 2 2 2]", "NotificationReceived [2 2 2 2]")
	if events[1].subject == bell.Get("viewer.notifications.nodes.1.id") {
		t.Error("a notification that was read grew")
	}
}

func TestEveryObjectIsFoundByItsIdentifier(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	note := write(mina, "1", joon)
	post := createPost(mina, "post")
	reply := comment(joon, post, "", "comment")
	bell := joon.Do(`{ viewer { notifications { nodes { id } } conversations { nodes { participants { nodes { id } } } } } }`, nil).NoErrors()
	notification, participant := bell.Text("viewer.notifications.nodes.0.id"), bell.Text("viewer.conversations.nodes.0.participants.nodes.0.id")
	list := []string{mina.ID, note.conversation, participant, note.id, post, reply, notification}
	types := []any{"User", "Conversation", "Participant", "Note", "Post", "Comment", "Notification"}
	hidden := []any{"User", nil, nil, nil, "Post", "Comment", nil}
	find := func(c *client, ids []string) (list []any) {
		for _, n := range c.Do(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, vars{"ids": ids}).NoErrors().List("nodes") {
			list = append(list, sitetest.Get(t, n, "__typename"))
		}
		return list
	}
	equal(t, "nodes", types, find(joon, list))
	equal(t, "nodes of a stranger", hidden, find(hana, list))
	one := joon.Do(`query($id: ID!) { node(id: $id) { __typename id } }`, vars{"id": note.id}).NoErrors()
	equal(t, "node", map[string]any{"__typename": "Note", "id": note.id}, one.Get("node"))
	tampered := []string{"", "x", "note_", "_" + note.id, note.id + "0", note.id[:len(note.id)-1], "NOTE" + note.id[4:], "post" + note.id[4:], "user_" + note.id[5:],
		"viewer" + mina.ID[4:], "session" + mina.ID[4:], "note_00000000000000000000000000", "note_8zzzzzzzzzzzzzzzzzzzzzzzzz", "note_" + long(26), long(1700)}
	for i, v := range find(joon, tampered) {
		equal(t, tampered[i], nil, v)
	}
	equal(t, "the same twice", []any{"Note", "Note"}, find(joon, []string{note.id, note.id}))
	equal(t, "no ids", []any(nil), find(joon, []string{}))
	equal(t, "too many", "BAD_USER_INPUT", joon.Do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": make([]string, 101)}).Code())
	equal(t, "NUL", "BAD_USER_INPUT", joon.Do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": []string{"note_\u0000"}}).Code())
	equal(t, "a post by the id of a comment", nil, joon.Do(`query($id: ID!) { post(id: $id) { id } }`, vars{"id": "post" + reply[len("comment"):]}).NoErrors().Get("post"))
}
