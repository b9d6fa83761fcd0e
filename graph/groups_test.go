package graph_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

func TestMakingAGroup(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana, stranger := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana"), one.User(t, "stranger")
	one.Acquaint(mina, joon)
	minas, otherTab := listen(mina, mina.Cursor()), listen(mina.At(two), mina.Cursor())
	joons, hanas, strangers := listen(joon.At(two), joon.Cursor()), listen(hana, hana.Cursor()), listen(stranger, stranger.Cursor())
	r := mina.Do(createGroup, vars{"in": vars{"title": " 우리 ", "userIds": []string{joon.ID, hana.ID, joon.ID}, "idempotencyKey": "k"}}).NoErrors()
	id := r.Text("createGroup.conversation.id")
	equal(t, "kind and title", []any{"GROUP", " 우리 ", nil, 3.0, false}, []any{r.Get("createGroup.conversation.kind"), r.Get("createGroup.conversation.title"),
		r.Get("createGroup.conversation.name"), r.Get("createGroup.conversation.participantCount"), r.Get("createGroup.conversation.isRequest")})
	equal(t, "participants", []string{"mina OWNER", "joon MEMBER", "hana MEMBER"}, members(t, r, "createGroup.conversation"))
	equal(t, "the viewer's part", map[string]any{"role": "OWNER", "user": map[string]any{"username": "mina"}}, r.Get("createGroup.conversation.viewerParticipant"))
	for _, s := range []*sitetest.Subscription{minas, otherTab, joons, hanas} {
		equal(t, "event", id, expectEvents(t, s, "ConversationChanged [0 0 0 0]")[0].subject)
	}
	list := `{ viewer { conversations { nodes { id } } requests: conversations(requests: true) { nodes { id isRequest } } } }`
	equal(t, "joon knows mina", []string{id}, texts(t, joon.Do(list, nil).NoErrors().List("viewer.conversations.nodes"), "id"))
	equal(t, "mina's own", []string{id}, texts(t, mina.Do(list, nil).NoErrors().List("viewer.conversations.nodes"), "id"))
	hers := hana.Do(list, nil).NoErrors()
	equal(t, "hana does not", []any{map[string]any{"id": id, "isRequest": true}}, hers.Get("viewer.requests.nodes"))
	equal(t, "so it waits", []any{}, hers.Get("viewer.conversations.nodes"))

	answer(mina, id, "hi")
	expectEvents(t, minas, "NoteSent [0 0 0 0]")
	expectEvents(t, joons, "NoteReceived [1 1 1 1]", "NotificationReceived [1 1 1 1]")
	expectEvents(t, hanas, "NoteReceived [1 1 0 0]") // no notification of a request
	write(mina, "fence", stranger)
	equal(t, "a stranger hears nothing of it", "NoteReceived", nextEvent(t, strangers).kind)

	again := mina.At(two).Do(createGroup, vars{"in": vars{"title": " 우리 ", "userIds": []string{hana.ID, joon.ID}, "idempotencyKey": "k"}}).NoErrors()
	equal(t, "the same key", []any{id, r.Get("createGroup.cursor")}, []any{again.Get("createGroup.conversation.id"), again.Get("createGroup.cursor")})
}

func TestOneGroupForOneKey(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	servers := []*sitetest.Server{one, one.Another()}
	mina, joon := one.User(t, "mina"), one.User(t, "joon")
	var mu sync.Mutex
	made := map[string]int{}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			name, mutation, in := "createGroup", createGroup, vars{"userIds": []string{joon.ID}, "idempotencyKey": "k"}
			if i%4 > 1 { // the same key of another operation is another
				name, mutation, in = "createRoom", createRoom, vars{"name": "room", "idempotencyKey": "k"}
			}
			r, err := mina.At(servers[i%2]).Try(mutation, vars{"in": in})
			if err != nil || len(r.Errors) > 0 {
				t.Errorf("%v %+v", err, r)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			made[name+r.Text(name+".conversation.id")+r.Text(name+".cursor")]++
		})
	}
	all.Wait()
	if len(made) != 2 {
		t.Errorf("one group and one room: %v", made)
	}
	refusedAll(t, one, createGroup, "createGroup",
		refusal{"another title", mina, vars{"userIds": []string{joon.ID}, "title": "x", "idempotencyKey": "k"}, "CONFLICT idempotencyKey"},
	)
	refusedAll(t, one, createRoom, "createRoom",
		refusal{"another name", mina, vars{"name": "other", "idempotencyKey": "k"}, "CONFLICT idempotencyKey"},
		refusal{"another user's key finds nothing", joon, vars{"name": "room", "idempotencyKey": "k"}, "TAKEN name"},
	)
}

func TestMakingAGroupIsRefused(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	block(hana, mina)
	note := write(mina, "x", joon)
	many := make([]string, 200)
	for i := range many {
		many[i] = fmt.Sprintf("%s%03d", joon.ID[:len(joon.ID)-3], i)
	}
	to := func(ids ...string) vars { return vars{"userIds": append([]string{}, ids...)} }
	refusedAll(t, site, createGroup, "createGroup",
		refusal{"nobody signed in", site.Anonymous(t), to(joon.ID), "UNAUTHENTICATED"},
		refusal{"no users", mina, to(), "REQUIRED userIds"},
		refusal{"too many", mina, to(many...), "INVALID userIds"},
		refusal{"oneself", mina, to(mina.ID, joon.ID), "INVALID userIds"},
		refusal{"unknown", mina, to(joon.ID, noUserID), "NOT_FOUND userIds"},
		refusal{"a note", mina, to(note.id), "NOT_FOUND userIds"},
		refusal{"junk", mina, to(strings.Repeat("x", 5000)), "NOT_FOUND userIds"},
		refusal{"who has blocked her", mina, to(joon.ID, hana.ID), "NOT_ALLOWED userIds"},
		refusal{"whom she has blocked", hana, to(mina.ID), "NOT_ALLOWED userIds"},
		refusal{"an empty title", mina, vars{"userIds": []string{joon.ID}, "title": " \n"}, "REQUIRED title"},
		refusal{"a long title", mina, vars{"userIds": []string{joon.ID}, "title": long(101)}, "TOO_LONG title"},
		refusal{"a control character", mina, vars{"userIds": []string{joon.ID}, "title": "a\u0007"}, "INVALID title"},
		refusal{"NUL", mina, vars{"userIds": []string{joon.ID}, "title": "a\u0000"}, "BAD_USER_INPUT"},
		refusal{"all at once", mina, vars{"userIds": []string{}, "title": "", "idempotencyKey": ""}, "REQUIRED title, REQUIRED userIds, INVALID idempotencyKey"},
	)
	r := mina.Do(createGroup, vars{"in": to(noUserID, joon.ID)})
	equal(t, "which one is said", "There is no such user: "+noUserID+".", r.Get("createGroup.userErrors.0.message"))
	equal(t, "who blocked whom is not", mina.Do(createGroup, vars{"in": to(hana.ID)}).Get("createGroup.userErrors"), hana.Do(createGroup, vars{"in": to(mina.ID)}).Get("createGroup.userErrors"))
	mina.Do(createGroup, vars{"in": vars{"userIds": []string{joon.ID}, "title": long(100)}}).NoErrors()
}

func TestRenamingAConversation(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	two := site.Another()
	mina, joon, hana, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana"), site.User(t, "stranger")
	site.Acquaint(mina, joon, hana)
	id, direct := group(mina, "old", joon, hana), write(mina, "x", joon).conversation
	room := site.Anonymous(t).WithToken(mina.Token).Do(createRoom, vars{"in": vars{"name": "room"}}).NoErrors().Text("createRoom.conversation.id")
	joon.Do(joinRoom, vars{"in": vars{"roomId": room}}).NoErrors()
	rename := func(conversation, title string) vars { return vars{"conversationId": conversation, "title": title} }
	refusedAll(t, site, renameConversation, "renameConversation",
		refusal{"nobody signed in", site.Anonymous(t), rename(id, "x"), "UNAUTHENTICATED"},
		refusal{"empty", mina, rename(id, ""), "REQUIRED title"},
		refusal{"too long", mina, rename(id, long(101)), "TOO_LONG title"},
		refusal{"NUL", mina, rename(id, "\u0000"), "BAD_USER_INPUT"},
		refusal{"a member", joon, rename(id, "x"), "NOT_ALLOWED conversationId"},
		refusal{"a stranger", stranger, rename(id, "x"), "NOT_FOUND conversationId"},
		refusal{"no conversation", mina, rename(noConversationID, "x"), "NOT_FOUND conversationId"},
		refusal{"a user", mina, rename(joon.ID, "x"), "NOT_FOUND conversationId"},
		refusal{"a direct conversation", mina, rename(direct, "x"), "NOT_ALLOWED conversationId"},
		refusal{"another's room", joon, rename(room, "x"), "NOT_ALLOWED conversationId"},
		refusal{"a room of others", stranger, rename(room, "x"), "NOT_ALLOWED conversationId"},
	)
	minas, joons := listen(mina.At(two), mina.Cursor()), listen(joon.At(two), joon.Cursor())
	r := mina.Do(renameConversation, vars{"in": rename(id, "new")}).NoErrors()
	equal(t, "title", "new", r.Get("renameConversation.conversation.title"))
	equal(t, "the other tab", id, expectEvents(t, minas, "ConversationChanged [0 0 0 0]")[0].subject)
	equal(t, "a member", id, expectEvents(t, joons, "ConversationChanged [1 1 1 1]")[0].subject)
	equal(t, "the same again is no event", nil, mina.Do(renameConversation, vars{"in": rename(id, "new")}).NoErrors().Get("renameConversation.cursor"))
	mina.Do(renameConversation, vars{"in": rename(room, "Title")}).NoErrors()
	equal(t, "of a room, its owner", room, expectEvents(t, minas, "ConversationChanged [0 0 0 0]")[0].subject)
	answer(mina, id, "fence")
	equal(t, "and nobody else", "NoteReceived", nextEvent(t, joons).kind)
	equal(t, "it is found by its title", []string{"room"}, texts(t, stranger.Do(`{ rooms(search: "tit") { nodes { name } } }`, nil).NoErrors().List("rooms.nodes"), "name"))
}

func TestAddingToAGroup(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	two := site.Another()
	mina, joon, hana, sora, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana"), site.User(t, "sora"), site.User(t, "stranger")
	site.Acquaint(mina, joon)
	site.Acquaint(joon, hana)
	id, direct := group(mina, "g", joon), write(mina, "x", joon).conversation
	room := mina.Do(createRoom, vars{"in": vars{"name": "room"}}).NoErrors().Text("createRoom.conversation.id")
	before := answer(mina, id, "before")
	block(sora, joon)
	waits := group(stranger, "waits", joon)
	add := func(conversation string, users ...string) vars {
		return vars{"conversationId": conversation, "userIds": append([]string{}, users...)}
	}
	refusedAll(t, site, addParticipants, "addParticipants",
		refusal{"nobody signed in", site.Anonymous(t), add(id, hana.ID), "UNAUTHENTICATED"},
		refusal{"nobody named", mina, add(id), "REQUIRED userIds"},
		refusal{"unknown", mina, add(id, noUserID), "NOT_FOUND userIds"},
		refusal{"no user", mina, add(id, id), "NOT_FOUND userIds"},
		refusal{"who is blocked with the adder", joon, add(id, hana.ID, sora.ID), "NOT_ALLOWED userIds"},
		refusal{"by a stranger", stranger, add(id, hana.ID), "NOT_FOUND conversationId"},
		refusal{"to no conversation", mina, add("junk", hana.ID), "NOT_FOUND conversationId"},
		refusal{"to a direct conversation", mina, add(direct, hana.ID), "NOT_ALLOWED conversationId"},
		refusal{"to a room", mina, add(room, hana.ID), "NOT_ALLOWED conversationId"},
		refusal{"before the request is accepted", joon, add(waits, hana.ID), "NOT_ALLOWED conversationId"},
	)
	minas, joons, hanas, strangers := listen(mina.At(two), mina.Cursor()), listen(joon, joon.Cursor()), listen(hana.At(two), hana.Cursor()), listen(stranger, stranger.Cursor())
	// A member adds whom the owner does not know, and who is blocked only with another member.
	r := joon.Do(addParticipants, vars{"in": add(id, hana.ID, mina.ID)}).NoErrors()
	equal(t, "participants", []string{"mina OWNER", "joon MEMBER", "hana MEMBER"}, members(t, r, "addParticipants.conversation"))
	mina.Do(addParticipants, vars{"in": add(id, sora.ID)}).NoErrors()
	for _, s := range []*sitetest.Subscription{minas, joons} {
		equal(t, "who was there", id, nextEvent(t, s).subject)
		equal(t, "who was there", id, nextEvent(t, s).subject)
	}
	expectEvents(t, hanas, "ConversationChanged [0 0 0 0]", "ConversationChanged [0 0 0 0]") // her being added, then sora's
	equal(t, "added twice", nil, joon.Do(addParticipants, vars{"in": add(id, hana.ID, sora.ID)}).NoErrors().Get("addParticipants.cursor"))
	list := `{ viewer { conversations { nodes { id } } requests: conversations(requests: true) { nodes { id } } } }`
	equal(t, "joon is no stranger to hana", []string{id}, texts(t, hana.Do(list, nil).NoErrors().List("viewer.conversations.nodes"), "id"))
	equal(t, "mina is one to sora", []string{id}, texts(t, sora.Do(list, nil).NoErrors().List("viewer.requests.nodes"), "id"))

	after := answer(mina, id, "after")
	equal(t, "event", after.id, nextEvent(t, hanas).subject)
	history := hana.Do(`query($c: ID!, $n: ID!) { node(id: $n) { id } viewer { conversation(id: $c) { unreadCount lastNote { id } notes { nodes { body } } } } }`, vars{"c": id, "n": before.id}).NoErrors()
	equal(t, "what was written before is not hers", []any{nil, []string{"after"}, 1.0}, []any{history.Get("node"), texts(t, history.List("viewer.conversation.notes.nodes"), "body"), history.Get("viewer.conversation.unreadCount")})
	write(mina, "fence", stranger)
	equal(t, "a stranger hears nothing of it", "NoteReceived", nextEvent(t, strangers).kind)
}

func TestAGroupHasAtMost200(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	id := group(mina, "g", joon)
	// The others are put there: to register 198 would take the passwords' time.
	_, err := site.DB.ExecContext(t.Context(), `
WITH made AS (INSERT INTO users (id, username, display_name, created_at) SELECT gen_random_uuid(), 'u' || i, 'u', now() FROM generate_series(1, 197) AS i RETURNING id),
  topics AS (INSERT INTO topics (id) SELECT id FROM made)
INSERT INTO participants (id, conversation_id, user_id, role, joined_at) SELECT gen_random_uuid(), c.id, made.id, 'MEMBER', now() FROM made, conversations c WHERE c.title = 'g'`)
	if err != nil {
		t.Fatal(err)
	}
	refusedAll(t, site, addParticipants, "addParticipants",
		refusal{"one too many", mina, vars{"conversationId": id, "userIds": []string{hana.ID, site.User(t, "last").ID}}, "INVALID userIds"})
	r := mina.Do(addParticipants, vars{"in": vars{"conversationId": id, "userIds": []string{hana.ID}}}).NoErrors()
	equal(t, "participantCount", 200.0, r.Get("addParticipants.conversation.participantCount"))
	answer(hana, id, "to 200")
}
