package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/sitetest"
)

const (
	acceptRequest  = `mutation($id: ID!) { acceptRequest(input: {conversationId: $id}) { conversation { id isRequest unreadCount } cursor userErrors { code message field } } }`
	declineRequest = `mutation($id: ID!) { declineRequest(input: {conversationId: $id}) { conversation { id isRequest unreadCount } unread ` + countFields + ` cursor userErrors { code message field } } }`
)

// lists are the conversations of a user, and the requests.
func lists(t *testing.T, c *client) (conversations, requests []string) {
	t.Helper()
	r := c.Do(`{ viewer { conversations { nodes { id isRequest } } requests: conversations(requests: true) { nodes { id isRequest } } } }`, nil).NoErrors()
	for name, want := range map[string]bool{"conversations": false, "requests": true} {
		for _, n := range r.List("viewer." + name + ".nodes") {
			equal(t, "isRequest in "+name, want, sitetest.Get(t, n, "isRequest"))
		}
	}
	return texts(t, r.List("viewer.conversations.nodes"), "id"), texts(t, r.List("viewer.requests.nodes"), "id")
}

// senderView is all that a user can see of a conversation and of the others in it.
func senderView(t *testing.T, c *client, conversation string) any {
	t.Helper()
	return c.Do(`query($id: ID!) { viewer { conversation(id: $id) { id isRequest participantCount
		participants { nodes { id user { username } role joinedAt lastReadNote { id } } } notes { nodes { id body } } } conversations { nodes { id isRequest } } } }`,
		vars{"id": conversation}).NoErrors().Data
}

func TestTheFirstNoteOfAStrangerWaits(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon := one.User(t, "mina"), two.User(t, "joon")
	names := map[string]string{}
	phone, laptop := everything(mina, mina.Cursor()), everything(mina.At(two), mina.Cursor())
	first := write(joon, "who are you?", mina)
	names[first.id], names[first.conversation] = "first", "it"
	for _, s := range []*sitetest.Subscription{phone, laptop} {
		equal(t, "it is told of, and counts", []string{"NoteReceived first [1 1 0 0]"}, heard(t, s, 1, names))
	}
	conversations, requests := lists(t, mina)
	equal(t, "it waits apart", [][]string{nil, {first.conversation}}, [][]string{conversations, requests})
	conversations, requests = lists(t, joon)
	equal(t, "not for him", [][]string{{first.conversation}, nil}, [][]string{conversations, requests})
	equal(t, "no notification", 0, len(bell(t, mina, "")))
	second := answer(joon, first.conversation, "hello?")
	names[second.id] = "second"
	equal(t, "nor of a second", []string{"NoteReceived second [2 1 0 0]"}, heard(t, phone, 1, names))
	his := everything(joon, joon.Cursor())

	r := mina.Do(acceptRequest, vars{"id": first.conversation}).NoErrors()
	equal(t, "accepted", []any{first.conversation, false, 2.0, mina.Cursor()}, []any{r.Get("acceptRequest.conversation.id"), r.Get("acceptRequest.conversation.isRequest"), r.Get("acceptRequest.conversation.unreadCount"), r.Get("acceptRequest.cursor")})
	equal(t, "her phone", []string{"ConversationChanged it [2 1 0 0]"}, heard(t, phone, 1, names))
	equal(t, "her laptop", []string{"NoteReceived second [2 1 0 0]", "ConversationChanged it [2 1 0 0]"}, heard(t, laptop, 2, names))
	conversations, requests = lists(t, mina)
	equal(t, "it waits no more", [][]string{{first.conversation}, nil}, [][]string{conversations, requests})
	equal(t, "once more", nil, mina.Do(acceptRequest, vars{"id": first.conversation}).NoErrors().Get("acceptRequest.cursor"))
	third := answer(joon, first.conversation, "third")
	names[third.id] = "third"
	bellNames(t, mina, names)
	equal(t, "the next one is notified of", []string{"NoteReceived third [3 1 1 1]", "NotificationReceived NOTE of it [3 1 1 1]"}, heard(t, phone, 2, names))
	equal(t, "he heard of his own note only", []string{"NoteSent third [0 0 0 0]"}, heard(t, his, 1, names))
	checkCounters(t, one)
}

func TestAnAnswerAccepts(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	c := write(joon, "hello", mina).conversation
	equal(t, "by users", c, write(mina, "hello yourself", joon).conversation)
	conversations, requests := lists(t, mina)
	equal(t, "it waits no more", [][]string{{c}, nil}, [][]string{conversations, requests})
	answer(joon, c, "fine")
	equal(t, "and is notified of, for both", []counts{{2, 1, 1, 1}, {1, 1, 1, 1}}, []counts{unread(t, mina), unread(t, joon)})
	// Who shares a group is no stranger, but for the one who has not accepted that group.
	group := write(joon, "all", mina, hana).conversation
	_, requests = lists(t, mina)
	equal(t, "the group of one whom she knows", 0, len(requests))
	_, requests = lists(t, hana)
	equal(t, "the group of a stranger", []string{group}, requests)
	private := write(mina, "to hana", hana).conversation
	_, requests = lists(t, hana)
	equal(t, "a group that was not accepted makes nobody known", []string{private, group}, requests)
	hana.Do(acceptRequest, vars{"id": group}).NoErrors()
	_, requests = lists(t, hana)
	equal(t, "what waits stays", []string{private}, requests)
	direct := write(joon, "to hana", hana).conversation
	conversations, _ = lists(t, hana)
	equal(t, "known by the group now", []string{direct, group}, conversations)
	checkCounters(t, site)
}

func TestDecliningARequest(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon := one.User(t, "mina"), two.User(t, "joon")
	for _, read := range []bool{false, true} {
		other := two.User(t, fmt.Sprint("other_", read))
		first := write(other, "first", mina)
		answer(other, first.conversation, "second")
		if read {
			mina.Do(markRead, vars{"in": vars{"conversationId": first.conversation, "upToNoteId": first.id}}).NoErrors()
		}
		before, cursor := senderView(t, other, first.conversation), other.Cursor()
		names := map[string]string{first.conversation: "it"}
		had := unread(t, mina)
		phone, laptop := everything(mina, mina.Cursor()), everything(mina.At(two), mina.Cursor())
		r := mina.Do(declineRequest, vars{"id": first.conversation}).NoErrors()
		equal(t, "payload", []any{first.conversation, false, 0.0, counts{}, mina.Cursor()}, []any{r.Get("declineRequest.conversation.id"),
			r.Get("declineRequest.conversation.isRequest"), r.Get("declineRequest.conversation.unreadCount"), asCounts(t, r.Get("declineRequest.unread")), r.Get("declineRequest.cursor")})
		equal(t, "there was something unread", true, had[0] > 0)
		equal(t, "her phone", []string{"ConversationRemoved it [0 0 0 0]"}, heard(t, phone, 1, names))
		equal(t, "her laptop", []string{"ConversationRemoved it [0 0 0 0]"}, heard(t, laptop, 1, names))
		conversations, requests := lists(t, mina)
		equal(t, "it is nowhere", []bool{false, false}, []bool{slices.Contains(conversations, first.conversation), slices.Contains(requests, first.conversation)})
		equal(t, "its sender is not told, and sees no difference", []any{before, cursor}, []any{senderView(t, other, first.conversation), other.Cursor()})
		again := mina.Do(declineRequest, vars{"id": first.conversation}).NoErrors()
		equal(t, "once more", nil, again.Get("declineRequest.cursor"))
		if _, err := one.DB.ExecContext(t.Context(), `UPDATE notes SET created_at = now() - interval '1 hour' WHERE id = $1`, ids.Of(ids.Note, first.id)); err != nil {
			t.Fatal(err)
		}
		cursor, bells := mina.Cursor(), len(bell(t, mina, ""))
		answer(other, first.conversation, "third")
		write(other, "fourth", mina)
		other.Do(`mutation($id: ID!) { unsendNote(input: {noteId: $id}) { note { id } userErrors { code } } }`, vars{"id": first.id}).NoErrors() // as before she read it
		equal(t, "nothing more arrives", []any{cursor, counts{}, bells}, []any{mina.Cursor(), unread(t, mina), len(bell(t, mina, ""))})
		checkCounters(t, one)
		// Until she writes there.
		equal(t, "the same conversation", first.conversation, write(mina, "well", other).conversation)
		answer(other, first.conversation, "fifth")
		equal(t, "now it does", counts{1, 1, 1, 1}, unread(t, mina))
		mina.Do(markRead, vars{"in": vars{"conversationId": first.conversation}}).NoErrors()
		checkCounters(t, one)
		phone.Close()
		laptop.Close()
	}
	// Who has declined may accept later.
	c := write(joon, "first", mina).conversation
	mina.Do(declineRequest, vars{"id": c}).NoErrors()
	mina.Do(acceptRequest, vars{"id": c}).NoErrors()
	answer(joon, c, "second")
	equal(t, "accepted after all", counts{1, 1, 1, 1}, unread(t, mina))
	checkCounters(t, one)
}

func TestAnsweringRequestsIsRefused(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	foreign := write(joon, "to hana", hana).conversation
	own := write(mina, "to hana", hana)
	gone := write(hana, "to joon", joon)
	block(joon, hana)
	cursors := func() []string { return []string{mina.Cursor(), joon.Cursor(), hana.Cursor()} }
	before := cursors()
	for mutation, text := range map[string]string{"acceptRequest": acceptRequest, "declineRequest": declineRequest} {
		for name, id := range map[string]string{"another's": foreign, "no such": ids.Encode(ids.Conversation, ids.New()), "a note": own.id, "empty": "", "junk": strings.Repeat("x", 5000), "a tab": "a\tb"} {
			r := mina.Do(text, vars{"id": id})
			equal(t, mutation+" "+name, []string{"NOT_FOUND conversationId"}, r.UserErrors(mutation))
			equal(t, mutation+" "+name+": nothing is given", []any{nil, nil}, []any{r.Get(mutation + ".conversation"), r.Get(mutation + ".cursor")})
		}
		equal(t, mutation+" blocked", []string{"NOT_FOUND conversationId"}, joon.Do(text, vars{"id": gone.conversation}).UserErrors(mutation))
		equal(t, mutation+" by nobody", "UNAUTHENTICATED", site.Anonymous(t).Do(text, vars{"id": foreign}).Code())
		for name, literal := range map[string]string{"NUL": `"a\u0000b"`, "a lone surrogate": `"\uD800"`, "a number": `1.5`, "null": `null`} {
			if code := mina.Do(`mutation { `+mutation+`(input: {conversationId: `+literal+`}) { userErrors { code } } }`, nil).Code(); code == "" || code == "INTERNAL_SERVER_ERROR" {
				t.Errorf("%s %s: code %q", mutation, name, code)
			}
		}
	}
	equal(t, "what one has begun is no request", []string{"NOT_FOUND conversationId"}, mina.Do(declineRequest, vars{"id": own.conversation}).UserErrors("declineRequest"))
	equal(t, "and need not be accepted", nil, mina.Do(acceptRequest, vars{"id": own.conversation}).NoErrors().Get("acceptRequest.cursor"))
	equal(t, "nothing was written", before, cursors())
	checkCounters(t, site)
}

// A block takes what waits with it: the direct conversation until the end of the block, a group that the other
// has begun for good.
func TestABlockEndsWhatWaits(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	direct := write(joon, "direct", mina).conversation
	group := write(joon, "group", mina, hana).conversation
	answer(hana, group, "hana")
	equal(t, "waiting", counts{3, 2, 0, 0}, unread(t, mina))
	block(mina, joon)
	conversations, requests := lists(t, mina)
	equal(t, "gone", [][]string{nil, nil}, [][]string{conversations, requests})
	equal(t, "nothing counts", counts{}, unread(t, mina))
	answer(hana, group, "once more")
	equal(t, "nor arrives", counts{}, unread(t, mina))
	checkCounters(t, site)
	unblock(mina, joon)
	_, requests = lists(t, mina)
	equal(t, "the direct one waits again", []string{direct}, requests)
	equal(t, "and counts", counts{1, 1, 0, 0}, unread(t, mina))
	checkCounters(t, site)
}

// Whoever accepts, declines and writes at the same moment: what is counted is what there is.
func TestRequestsAtTheSameMoment(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina := one.User(t, "mina")
	var all sync.WaitGroup
	for i := range 4 {
		joon := two.User(t, fmt.Sprint("user_", i))
		c := write(joon, "first", mina).conversation
		all.Go(func() {
			for range 5 {
				_, _ = joon.Try(sendNote, vars{"in": vars{"conversationId": c, "body": "more"}})
			}
		})
		for j, text := range []string{acceptRequest, declineRequest, declineRequest} {
			all.Go(func() {
				if _, err := mina.At([]*sitetest.Server{one, two}[j%2]).Try(text, vars{"id": c}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	checkCounters(t, one)
}
