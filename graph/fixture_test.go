package graph_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/sitetest"
)

type (
	client = sitetest.Client
	vars   = sitetest.Vars
)

// sent is a note that was sent.
type sent struct{ id, conversation, cursor string }

const sendNote = `mutation($in: SendNoteInput!) { sendNote(input: $in) {
  note { id body createdAt isMine idempotencyKey sender { id } replyTo { id } conversation { id } }
  noteEdge { cursor node { id } } conversation { id kind unreadCount lastNote { id } } cursor
  userErrors { code message field } } }`

func sendInput(c *client, in vars) *sitetest.Result { return c.Do(sendNote, vars{"in": in}) }

func asSent(r *sitetest.Result) sent {
	r.NoErrors()
	return sent{r.Text("sendNote.note.id"), r.Text("sendNote.conversation.id"), r.Text("sendNote.cursor")}
}

// write sends a note to users.
func write(from *client, body string, to ...*client) sent {
	list := make([]string, len(to))
	for i, u := range to {
		list[i] = u.ID
	}
	return asSent(sendInput(from, vars{"toUserIds": list, "body": body}))
}

// answer sends a note into a conversation.
func answer(from *client, conversation, body string) sent {
	return asSent(sendInput(from, vars{"conversationId": conversation, "body": body}))
}

func createPost(by *client, title string) (id string) {
	return by.Do(`mutation($t: String!) { createPost(input: {title: $t, body: "text"}) { post { id } userErrors { code } } }`,
		vars{"t": title}).NoErrors().Text("createPost.post.id")
}

const addComment = `mutation($in: AddCommentInput!) { addComment(input: $in) {
  comment { id body parent { id } author { id } post { id commentCount } } commentEdge { cursor node { id } } cursor userErrors { code field } } }`

// comment comments on a post, or replies to a comment on it.
func comment(by *client, post, parent, body string) (id string) {
	in := vars{"postId": post, "body": body}
	if parent != "" {
		in["parentId"] = parent
	}
	return by.Do(addComment, vars{"in": in}).NoErrors().Text("addComment.comment.id")
}

const subjectFields = `{ subject { id likeCount viewerHasLiked __typename } cursor userErrors { code field } }`

func like(by *client, id string) *sitetest.Result {
	return by.Do(`mutation($id: ID!) { like(input: {subjectId: $id}) `+subjectFields+` }`, vars{"id": id})
}

func unlike(by *client, id string) *sitetest.Result {
	return by.Do(`mutation($id: ID!) { unlike(input: {subjectId: $id}) `+subjectFields+` }`, vars{"id": id})
}

// counts are the counters of a viewer: notes, conversations, notifications, unseenNotifications.
type counts [4]int

const countFields = `{ notes conversations notifications unseenNotifications }`

func asCounts(t testing.TB, v any) (c counts) {
	t.Helper()
	for i, name := range []string{"notes", "conversations", "notifications", "unseenNotifications"} {
		c[i] = int(sitetest.Get(t, v, name).(float64))
	}
	return c
}

func unread(t testing.TB, c *client) counts {
	t.Helper()
	return asCounts(t, c.Do(`{ viewer { unread `+countFields+` } }`, nil).NoErrors().Get("viewer.unread"))
}

// event is one of the subscription events.
type event struct {
	kind, subject, cursor string
	unread                counts
}

const allEvents = `subscription($after: Cursor) { events(after: $after) {
  __typename cursor occurredAt unread ` + countFields + `
  ... on NoteReceived { note { id } } ... on NoteSent { note { id } } ... on ConversationRead { conversation { id } }
  ... on NotificationReceived { notification { id } } ... on NotificationChanged { notification { id } } ... on NotificationRetracted { notificationId }
  ... on ConversationChanged { conversation { id } } ... on ConversationRemoved { conversationId } } }`

// listen follows all events of a user after a cursor.
func listen(c *client, after string) *sitetest.Subscription {
	return c.Subscribe(allEvents, vars{"after": after})
}

// nextEvent waits for the next event of the log: StreamReady is none.
func nextEvent(t testing.TB, s *sitetest.Subscription) event {
	t.Helper()
	data := s.Next()["events"].(map[string]any)
	if data["__typename"] == "StreamReady" {
		return nextEvent(t, s)
	}
	e := event{kind: data["__typename"].(string), cursor: data["cursor"].(string), unread: asCounts(t, data["unread"])}
	for _, name := range []string{"note", "conversation", "notification"} {
		if o, ok := data[name].(map[string]any); ok {
			e.subject = o["id"].(string)
		}
	}
	for _, name := range []string{"notificationId", "conversationId"} {
		if id, ok := data[name].(string); ok {
			e.subject = id
		}
	}
	return e
}

// expectEvents waits for the next events and compares their kinds, with their counters: "NoteReceived [1 1 0 0]".
func expectEvents(t testing.TB, s *sitetest.Subscription, want ...string) (list []event) {
	t.Helper()
	var got []string
	for range want {
		e := nextEvent(t, s)
		list = append(list, e)
		got = append(got, fmt.Sprint(e.kind, " ", e.unread))
	}
	equal(t, "events", want, got)
	return list
}

// equal fails the test when two values differ.
func equal(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// texts are the strings of a list of objects at a path below each.
func texts(t testing.TB, list []any, path string) (s []string) {
	t.Helper()
	for _, v := range list {
		s = append(s, fmt.Sprint(sitetest.Get(t, v, path)))
	}
	return s
}

// long is a text of n characters.
func long(n int) string { return strings.Repeat("字", n) }

// userID is the key of a user in the database.
func userID(t testing.TB, c *client) uuid.UUID {
	t.Helper()
	kind, id, ok := ids.Decode(c.ID)
	if !ok || kind != ids.User {
		t.Fatalf("%q is no user", c.ID)
	}
	return id
}
