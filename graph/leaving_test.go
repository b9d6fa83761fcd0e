package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

func TestLeavingAGroup(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	two := site.Another()
	mina, joon, hana, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana"), site.User(t, "stranger")
	site.Acquaint(mina, joon, hana, stranger)
	id, direct := group(mina, "g", joon, hana), write(mina, "direct", joon).conversation
	first := answer(mina, id, "1")
	mine := answer(joon, id, "2")
	answer(hana, id, "3")
	refusedAll(t, site, leaveConversation, "leaveConversation",
		refusal{"nobody signed in", site.Anonymous(t), vars{"conversationId": id}, "UNAUTHENTICATED"},
		refusal{"a direct conversation", joon, vars{"conversationId": direct}, "NOT_ALLOWED conversationId"},
		refusal{"a group of others", stranger, vars{"conversationId": id}, "NOT_FOUND conversationId"},
		refusal{"no conversation", joon, vars{"conversationId": noConversationID}, "NOT_FOUND conversationId"},
		refusal{"a note", joon, vars{"conversationId": first.id}, "NOT_FOUND conversationId"},
		refusal{"NUL", joon, vars{"conversationId": "\u0000"}, "BAD_USER_INPUT"},
	)
	equal(t, "before", counts{3, 2, 2, 2}, unread(t, joon))
	minas, joons, otherTab := listen(mina.At(two), mina.Cursor()), listen(joon, joon.Cursor()), listen(joon.At(two), joon.Cursor())
	r := leave(joon, id).NoErrors()
	equal(t, "what was left", id, r.Get("leaveConversation.leftConversationId"))
	equal(t, "the counters after it", counts{1, 1, 1, 1}, asCounts(t, r.Get("leaveConversation.unread")))
	equal(t, "and asked for", counts{1, 1, 1, 1}, unread(t, joon))
	for _, s := range []*sitetest.Subscription{joons, otherTab} {
		list := expectEvents(t, s, "NotificationChanged [1 1 1 1]", "ConversationRemoved [1 1 1 1]")
		equal(t, "what is gone", []string{id, r.Text("leaveConversation.cursor")}, []string{list[1].subject, list[1].cursor})
	}
	equal(t, "the others see the change", "ConversationChanged", nextEvent(t, minas).kind)
	gone := joon.Do(`query($c: ID!, $n: ID!, $m: ID!) { a: node(id: $c) { id } b: node(id: $n) { id } c: node(id: $m) { id } viewer { notes { nodes { body } } sent: notes(box: SENT) { nodes { id } } conversations { nodes { id } } } }`,
		vars{"c": id, "n": first.id, "m": mine.id}).NoErrors()
	equal(t, "nothing of it is left", []any{nil, nil, nil, []any{}}, []any{gone.Get("a"), gone.Get("b"), gone.Get("c"), gone.Get("viewer.sent.nodes")})
	equal(t, "but all else", []string{"direct"}, texts(t, gone.List("viewer.notes.nodes"), "body"))
	equal(t, "conversations", []string{direct}, texts(t, gone.List("viewer.conversations.nodes"), "id"))
	equal(t, "twice", []string{"NOT_FOUND conversationId"}, leave(joon, id).UserErrors("leaveConversation"))
	equal(t, "writing there", []string{"NOT_FOUND conversationId"}, sendInput(joon, vars{"conversationId": id, "body": "x"}).UserErrors("sendNote"))
	answer(mina, id, "4")
	write(hana, "fence", joon)
	equal(t, "what is written there does not arrive", "fence", sitetest.Get(t, joon.Do(`{ viewer { notes(first: 1) { nodes { body } } } }`, nil).NoErrors().Data, "viewer.notes.nodes.0.body"))

	see := `query($c: ID!) { viewer { conversation(id: $c) ` + conversationFields + ` } }`
	equal(t, "who is left", []string{"mina OWNER", "hana MEMBER"}, members(t, mina.Do(see, vars{"c": id}).NoErrors(), "viewer.conversation"))
	mina.Do(addParticipants, vars{"in": vars{"conversationId": id, "userIds": []string{joon.ID}}}).NoErrors()
	equal(t, "added again, the old notes stay gone", []any{}, joon.Do(`query($c: ID!) { viewer { conversation(id: $c) { notes { nodes { id } } } } }`, vars{"c": id}).NoErrors().Get("viewer.conversation.notes.nodes"))
	leave(mina, id).NoErrors()
	equal(t, "the longest-standing owns it", []string{"hana OWNER", "joon MEMBER"}, members(t, joon.Do(see, vars{"c": id}).NoErrors(), "viewer.conversation"))
	leave(hana, id).NoErrors()
	leave(joon, id).NoErrors()
	var kept int
	if err := site.DB.QueryRowContext(t.Context(), `SELECT count(*) FROM notes n WHERE n.conversation_id NOT IN (SELECT conversation_id FROM participants)`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	equal(t, "the notes stay behind", 4, kept)
	for _, c := range []*client{mina, joon, hana, site.Anonymous(t)} {
		equal(t, "unreadable", nil, c.Do(`query($n: ID!) { node(id: $n) { id } }`, vars{"n": first.id}).NoErrors().Get("node"))
	}
}

// TestTheHeirHasAccepted: who has not accepted becomes the owner only when nobody else is left.
func TestTheHeirHasAccepted(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, hana)
	id := group(mina, "g", joon, hana)
	leave(mina, id).NoErrors()
	see := `query($c: ID!) { viewer { conversation(id: $c) ` + conversationFields + ` } }`
	equal(t, "participants", []string{"joon MEMBER", "hana OWNER"}, members(t, hana.Do(see, vars{"c": id}).NoErrors(), "viewer.conversation"))
	leave(hana, id).NoErrors()
	equal(t, "participants", []string{"joon OWNER"}, members(t, joon.Do(see, vars{"c": id}).NoErrors(), "viewer.conversation"))
}

func TestRemovingAParticipant(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	two := site.Another()
	mina, joon, hana, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana"), site.User(t, "stranger")
	site.Acquaint(mina, joon, hana, stranger)
	id, direct := group(mina, "g", joon, hana), write(mina, "direct", joon).conversation
	room := mina.Do(createRoom, vars{"in": vars{"name": "room"}}).NoErrors().Text("createRoom.conversation.id")
	joon.Do(joinRoom, vars{"in": vars{"name": "room"}}).NoErrors()
	answer(hana, id, "1")
	out := func(conversation, user string) vars { return vars{"conversationId": conversation, "userId": user} }
	refusedAll(t, site, removeParticipant, "removeParticipant",
		refusal{"nobody signed in", site.Anonymous(t), out(id, joon.ID), "UNAUTHENTICATED"},
		refusal{"by a member", joon, out(id, hana.ID), "NOT_ALLOWED conversationId"},
		refusal{"the owner by a member", joon, out(id, mina.ID), "NOT_ALLOWED conversationId"},
		refusal{"by a stranger", stranger, out(id, hana.ID), "NOT_FOUND conversationId"},
		refusal{"oneself", mina, out(id, mina.ID), "INVALID userId"},
		refusal{"who is not in it", mina, out(id, stranger.ID), "NOT_FOUND userId"},
		refusal{"nobody", mina, out(id, noUserID), "NOT_FOUND userId"},
		refusal{"no user", mina, out(id, id), "NOT_FOUND userId"},
		refusal{"from a direct conversation", mina, out(direct, joon.ID), "NOT_ALLOWED conversationId"},
		refusal{"from no conversation", mina, out(mina.ID, joon.ID), "NOT_FOUND conversationId"},
		refusal{"from another's room", joon, out(room, mina.ID), "NOT_ALLOWED conversationId"},
		refusal{"from a room, who has not joined", mina, out(room, hana.ID), "NOT_FOUND userId"},
	)
	minas, joons, hanas := listen(mina, mina.Cursor()), listen(joon.At(two), joon.Cursor()), listen(hana.At(two), hana.Cursor())
	only := joon.At(two).Subscribe(noteReceived, vars{"in": id}).Ready()
	all := joon.At(two).Subscribe(noteReceived, vars{"after": joon.Cursor()}).Ready()
	r := mina.Do(removeParticipant, vars{"in": out(id, joon.ID)}).NoErrors()
	equal(t, "participants", []string{"mina OWNER", "hana MEMBER"}, members(t, r, "removeParticipant.conversation"))
	equal(t, "removed", id, expectEvents(t, joons, "NotificationChanged [1 1 1 1]", "ConversationRemoved [1 1 1 1]")[1].subject)
	equal(t, "the owner's other tab", r.Get("removeParticipant.cursor"), nextEvent(t, minas).cursor)
	expectEvents(t, hanas, "ConversationChanged [0 0 0 0]")
	equal(t, "the subscription of the conversation ends", "NOT_FOUND", only.Refused())
	answer(hana, id, "2")
	write(hana, "fence", joon)
	equal(t, "that of all goes on", "fence", sitetest.Get(t, all.Next(), "noteReceived.note.body"))
	equal(t, "subscribing again", "NOT_FOUND", joon.Subscribe(noteReceived, vars{"in": id}).Refused())

	mina.Do(addParticipants, vars{"in": vars{"conversationId": id, "userIds": []string{joon.ID}}}).NoErrors()
	again := joon.At(two).Subscribe(noteReceived, vars{"in": id}).Ready()
	answer(hana, id, "3")
	equal(t, "back again", "3", sitetest.Get(t, again.Next(), "noteReceived.note.body"))

	// Of a room, whom it concerns hears of it, and can still read it, and join it again.
	expectEvents(t, minas, "NoteReceived [2 1 1 1]")
	rooms := listen(joon, joon.Cursor())
	mina.Do(removeParticipant, vars{"in": out(room, joon.ID)}).NoErrors()
	equal(t, "removed", room, nextEvent(t, rooms).subject)
	equal(t, "not a participant", []string{"NOT_ALLOWED conversationId"}, sendInput(joon, vars{"conversationId": room, "body": "x"}).UserErrors("sendNote"))
	joon.Do(joinRoom, vars{"in": vars{"name": "room"}}).NoErrors()
	answer(joon, room, "x")
}

// TestTheSocketOutlivesTheSubscription: of two operations of one socket the one whose conversation is gone
// ends, and the other goes on.
func TestTheSocketOutlivesTheSubscription(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	two := site.Another()
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	id := group(mina, "g", joon)
	s := joon.At(two).Subscribe(noteReceived, vars{"in": id}).Ready()
	s.Also("t", allEvents, vars{"after": joon.Cursor()})
	mina.Do(removeParticipant, vars{"in": vars{"conversationId": id, "userId": joon.ID}}).NoErrors()
	// StreamReady and ConversationRemoved of the one, the error of the other.
	var got []string
	for len(got) < 3 {
		kind, of, payload := s.Message()
		if kind == "error" && !strings.Contains(payload, `"NOT_FOUND"`) {
			t.Errorf("%s: %s", of, payload)
		}
		got = append(got, kind+" "+of)
	}
	slices.Sort(got)
	equal(t, "messages", []string{"error s", "next t", "next t"}, got)
	write(mina, "fence", joon)
	kind, of, _ := s.Message()
	equal(t, "and it goes on", "next t", kind+" "+of)
}

// TestJoiningLeavingAndSendingAtOnce has 20 users do all of it on two servers, in a group and in a room.
func TestJoiningLeavingAndSendingAtOnce(t *testing.T) {
	t.Parallel()
	const users, rounds = 20, 6
	one := sitetest.New(t)
	servers := []*sitetest.Server{one, one.Another()}
	owner := one.User(t, "owner")
	var others []*client
	for i := range users {
		others = append(others, one.User(t, fmt.Sprintf("user_%02d", i)))
	}
	one.Acquaint(append(others[:users:users], owner)...)
	inGroup := group(owner, "g", others[:users/2]...)
	inRoom := owner.Do(createRoom, vars{"in": vars{"name": "room"}}).NoErrors().Text("createRoom.conversation.id")
	var all sync.WaitGroup
	for i, u := range others {
		all.Go(func() {
			do := func(n int, mutation string, in vars) {
				r, err := u.At(servers[(i+n)%2]).Try(mutation, vars{"in": in})
				if err != nil || len(r.Errors) > 0 {
					t.Errorf("%v %+v", err, r)
				}
			}
			for n := range rounds {
				do(n, joinRoom, vars{"name": "room"})
				do(n, sendNote, vars{"conversationId": inRoom, "body": "@user_00 @user_01 @owner"})
				do(n, sendNote, vars{"conversationId": inGroup, "body": "x"})
				if r, err := owner.At(servers[n%2]).Try(addParticipants, vars{"in": vars{"conversationId": inGroup, "userIds": []string{u.ID, others[(i+n)%users].ID}}}); err != nil || len(r.Errors) > 0 {
					t.Errorf("%v %+v", err, r)
				}
				do(n+1, sendNote, vars{"conversationId": inGroup, "body": "y"})
				do(n, markRead, vars{"conversationId": inGroup})
				if (i+n)%3 > 0 {
					do(n, leaveConversation, vars{"conversationId": inGroup})
					do(n+1, leaveConversation, vars{"conversationId": inRoom})
				}
			}
		})
	}
	all.Wait()
	checkParticipants(t, one)
}

// checkParticipants holds what is known of who takes part against what there is.
func checkParticipants(t *testing.T, site *sitetest.Server) {
	t.Helper()
	checkCounters(t, site)
	for what, query := range map[string]string{
		"participants of rooms": `SELECT count(*) FROM conversations c WHERE c.kind = 'ROOM' AND c.participant_count <> (SELECT count(*) FROM participants p WHERE p.conversation_id = c.id)`,
		"owners of what has participants": `SELECT count(*) FROM conversations c WHERE c.kind <> 'DIRECT' AND EXISTS (SELECT FROM participants p WHERE p.conversation_id = c.id)
  AND (SELECT count(*) FROM participants p WHERE p.conversation_id = c.id AND p.role = 'OWNER') <> 1`,
		"entries of who has left": `SELECT count(*) FROM inbox_entries e WHERE NOT EXISTS (SELECT FROM participants p WHERE p.user_id = e.user_id AND p.conversation_id = e.conversation_id)`,
		"deadlocks":               `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`,
	} {
		var wrong int
		if err := site.DB.QueryRowContext(t.Context(), query).Scan(&wrong); err != nil {
			t.Fatal(what, err)
		}
		equal(t, what, 0, wrong)
	}
}
