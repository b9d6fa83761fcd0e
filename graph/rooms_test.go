package graph_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/sitetest"
)

const roomNoteAdded = `subscription($room: ID!, $after: Cursor) { roomNoteAdded(roomId: $room, after: $after) { cursor note { id body sender { username } } } }`

// room makes a room.
func room(by *client, name string) (id string) {
	return by.Do(createRoom, vars{"in": vars{"name": name}}).NoErrors().Text("createRoom.conversation.id")
}

func join(by *client, name string) *sitetest.Result {
	return by.Do(joinRoom, vars{"in": vars{"name": name}}).NoErrors()
}

// nextBody waits for the next note of a room.
func nextBody(t testing.TB, s *sitetest.Subscription) string {
	t.Helper()
	return sitetest.Get(t, s.Next(), "roomNoteAdded.note.body").(string)
}

func TestMakingAndJoiningARoom(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	two := site.Another()
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	minas, joons, otherTab := listen(mina, mina.Cursor()), listen(joon, joon.Cursor()), listen(joon.At(two), joon.Cursor())
	r := mina.Do(createRoom, vars{"in": vars{"name": "ＡＢ-수다_1", "title": "Small talk", "idempotencyKey": "k"}}).NoErrors()
	id := r.Text("createRoom.conversation.id")
	equal(t, "kind, name, title", []any{"ROOM", "ab-수다_1", "Small talk", 1.0}, []any{r.Get("createRoom.conversation.kind"), r.Get("createRoom.conversation.name"), r.Get("createRoom.conversation.title"), r.Get("createRoom.conversation.participantCount")})
	equal(t, "its owner has joined", []string{"mina OWNER"}, members(t, r, "createRoom.conversation"))
	equal(t, "event", []string{id, r.Text("createRoom.cursor")}, func(e event) []string { return []string{e.subject, e.cursor} }(expectEvents(t, minas, "ConversationChanged [0 0 0 0]")[0]))
	again := mina.At(two).Do(createRoom, vars{"in": vars{"name": "AB-수다_1", "title": "Small talk", "idempotencyKey": "k"}}).NoErrors()
	equal(t, "the same key", []any{id, r.Get("createRoom.cursor")}, []any{again.Get("createRoom.conversation.id"), again.Get("createRoom.cursor")})

	look := `query($n: String!) { room(name: $n) { id participantCount unreadCount viewerParticipant { id } lastNote { body } notes { nodes { body } } } viewer { conversations { nodes { id } } } }`
	answer(mina, id, "before")
	seen := joon.Do(look, vars{"n": "Ab-수다_1"}).NoErrors()
	equal(t, "seen from outside", map[string]any{"id": id, "participantCount": 1.0, "unreadCount": 0.0, "viewerParticipant": nil, "lastNote": map[string]any{"body": "before"}, "notes": map[string]any{"nodes": []any{map[string]any{"body": "before"}}}}, seen.Get("room"))
	equal(t, "and by nobody", seen.Get("room"), site.Anonymous(t).Do(look, vars{"n": "ab-수다_1"}).NoErrors().Get("room"))
	equal(t, "written before it is joined", []string{"NOT_ALLOWED conversationId"}, sendInput(joon, vars{"conversationId": id, "body": "x"}).UserErrors("sendNote"))

	joined := join(joon, "AB-수다_1")
	equal(t, "joined", []any{2.0, 0.0, "MEMBER"}, []any{joined.Get("joinRoom.conversation.participantCount"), joined.Get("joinRoom.conversation.unreadCount"), joined.Get("joinRoom.conversation.viewerParticipant.role")})
	for _, s := range []*sitetest.Subscription{joons, otherTab} {
		equal(t, "event", id, expectEvents(t, s, "ConversationChanged [0 0 0 0]")[0].subject)
	}
	twice := joon.Do(joinRoom, vars{"in": vars{"roomId": id}}).NoErrors()
	equal(t, "joining twice", []any{2.0, nil}, []any{twice.Get("joinRoom.conversation.participantCount"), twice.Get("joinRoom.cursor")})
	mine := joon.Do(look, vars{"n": "ab-수다_1"}).NoErrors()
	equal(t, "among the conversations", []string{id}, texts(t, mine.List("viewer.conversations.nodes"), "id"))
	equal(t, "the history is kept", "before", mine.Get("room.notes.nodes.0.body"))

	// What is not read of a room is what was written since; nothing of it is in the counters.
	answer(mina, id, "1")
	answer(mina, id, "2")
	answer(mina, id, "3")
	equal(t, "unread", 3.0, joon.Do(look, vars{"n": "ab-수다_1"}).NoErrors().Get("room.unreadCount"))
	equal(t, "its writer has read it", 0.0, mina.Do(look, vars{"n": "ab-수다_1"}).NoErrors().Get("room.unreadCount"))
	second := joon.Do(`query($n: String!) { room(name: $n) { notes { nodes { id body } } } }`, vars{"n": "ab-수다_1"}).NoErrors().Text("room.notes.nodes.1.id")
	read := joon.At(two).Do(`mutation($in: MarkConversationReadInput!) { markConversationRead(input: $in) { conversation { unreadCount } unread `+countFields+` cursor userErrors { code } } }`,
		vars{"in": vars{"conversationId": id, "upToNoteId": second}}).NoErrors()
	equal(t, "read up to the second", []any{1.0, counts{}}, []any{read.Get("markConversationRead.conversation.unreadCount"), asCounts(t, read.Get("markConversationRead.unread"))})
	for _, s := range []*sitetest.Subscription{joons, otherTab} {
		equal(t, "event", id, expectEvents(t, s, "ConversationRead [0 0 0 0]")[0].subject)
	}
	leave(mina, id).NoErrors()
	leave(joon, id).NoErrors()
	empty := joon.Do(look, vars{"n": "ab-수다_1"}).NoErrors()
	equal(t, "everybody has left, and all can read it", []any{0.0, "3", []any{}}, []any{empty.Get("room.participantCount"), empty.Get("room.lastNote.body"), empty.Get("viewer.conversations.nodes")})
	equal(t, "who comes back owns it", "OWNER", join(joon, "ab-수다_1").Get("joinRoom.conversation.viewerParticipant.role"))
}

func TestMakingAndJoiningARoomIsRefused(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	id, g := room(mina, "room"), group(mina, "g", joon)
	named := func(s string) vars { return vars{"name": s} }
	refusedAll(t, site, createRoom, "createRoom",
		refusal{"nobody signed in", site.Anonymous(t), named("new"), "UNAUTHENTICATED"},
		refusal{"empty", mina, named(""), "REQUIRED name"},
		refusal{"one letter", mina, named("a"), "INVALID name"},
		refusal{"51 letters", mina, named(long(51)), "TOO_LONG name"},
		refusal{"a space", mina, named("a b"), "INVALID name"},
		refusal{"a zero width joiner", mina, named("a\u200db"), "INVALID name"},
		refusal{"the other direction", mina, named("ab\u202e"), "INVALID name"},
		refusal{"letters that cannot be seen", mina, named("\u3164\u3164"), "INVALID name"},
		refusal{"NUL", mina, named("a\u0000b"), "BAD_USER_INPUT"},
		refusal{"taken", joon, named("room"), "TAKEN name"},
		refusal{"taken in other letters", joon, named("ＲＯＯＭ"), "TAKEN name"},
		refusal{"a long title", mina, vars{"name": "new", "title": long(101)}, "TOO_LONG title"},
		refusal{"all at once", mina, vars{"name": "Room", "title": "", "idempotencyKey": ""}, "REQUIRED title, INVALID idempotencyKey, TAKEN name"},
	)
	refusedAll(t, site, joinRoom, "joinRoom",
		refusal{"nobody signed in", site.Anonymous(t), named("room"), "UNAUTHENTICATED"},
		refusal{"neither", joon, vars{}, "REQUIRED roomId"},
		refusal{"both", joon, vars{"roomId": id, "name": "room"}, "INVALID roomId"},
		refusal{"no such name", joon, named("other"), "NOT_FOUND name"},
		refusal{"what cannot be a name", joon, named("%"), "NOT_FOUND name"},
		refusal{"no such room", joon, vars{"roomId": noConversationID}, "NOT_FOUND roomId"},
		refusal{"a group", joon, vars{"roomId": g}, "NOT_FOUND roomId"},
		refusal{"another's group", site.User(t, "stranger"), vars{"roomId": g}, "NOT_FOUND roomId"},
		refusal{"a user", joon, vars{"roomId": joon.ID}, "NOT_FOUND roomId"},
		refusal{"NUL", joon, named("\u0000"), "BAD_USER_INPUT"},
	)
	refusedAll(t, site, leaveConversation, "leaveConversation",
		refusal{"what was not joined", joon, vars{"conversationId": id}, "NOT_ALLOWED conversationId"})
	room(mina, long(50))
	room(mina, "ab")
	for _, name := range []string{"", "none", "a b", strings.Repeat("x", 5000)} {
		equal(t, "room "+name[:min(len(name), 5)], nil, mina.Do(`query($n: String!) { room(name: $n) { id } }`, vars{"n": name}).NoErrors().Get("room"))
	}
}

func TestFindingRooms(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	for name, title := range map[string]string{"apple": "Fruit", "apricot": "ÄPFEL 100%", "banana": "apes", "a_b": "under_score", "axb": "50% off", "수다": "Ａｌｌ"} {
		mina.Do(createRoom, vars{"in": vars{"name": name, "title": title}}).NoErrors()
	}
	untitled := room(mina, "zebra")
	group(mina, "apple pie", site.User(t, "joon")) // no room
	find := func(c *client, search any) string {
		r := c.Do(`query($s: String) { rooms(search: $s) { nodes { name } } }`, vars{"s": search}).NoErrors()
		return strings.Join(texts(t, r.List("rooms.nodes"), "name"), " ")
	}
	for search, want := range map[string]string{"ap": "apple apricot banana", "APP": "apple", "äpf": "apricot", "a_": "a_b", "50%": "axb", "%": "", "_": "", `\`: "", "pple": "", "수": "수다", "all": "수다", "UNDER_": "a_b", "zebra": "zebra", "apple pie": "", strings.Repeat("x", 5000): ""} {
		equal(t, "search "+search[:min(len(search), 9)], want, find(site.Anonymous(t), search))
	}
	equal(t, "NUL", "BAD_USER_INPUT", mina.Do(`query($s: String) { rooms(search: $s) { nodes { name } } }`, vars{"s": "a\u0000"}).Code())
	all := strings.Fields(find(mina, nil))
	equal(t, "all", 7, len(all))
	for _, way := range []string{"first: 3, after", "last: 3, before"} {
		var got []string
		var cursor any
		for {
			r := mina.Do(`query($c: String) { rooms(`+way+`: $c) { nodes { name } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }`, vars{"c": cursor}).NoErrors()
			page, more := texts(t, r.List("rooms.nodes"), "name"), r.Get("rooms.pageInfo.hasNextPage")
			if way[0] == 'f' {
				got, cursor = append(got, page...), r.Get("rooms.pageInfo.endCursor")
			} else {
				got, cursor, more = append(page, got...), r.Get("rooms.pageInfo.startCursor"), r.Get("rooms.pageInfo.hasPreviousPage")
			}
			if more == false {
				break
			}
		}
		equal(t, way, all, got)
	}
	equal(t, "windows", all, walk(t, mina, `{ rooms%s { nodes { name } `+pageInfo+` } }`, "rooms", "name", 2))
	equal(t, "too many", "BAD_USER_INPUT", mina.Do(`{ rooms(first: 101) { nodes { id } } }`, nil).Code())
	equal(t, "no cursor", "BAD_USER_INPUT", mina.Do(`{ rooms(after: "x") { nodes { id } } }`, nil).Code())
	leave(mina, untitled).NoErrors()
	equal(t, "a room that everybody has left is there", "zebra", find(mina, "zeb"))
}

func TestTheLogOfARoom(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	two := site.Another()
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	id, other := room(mina, "room"), room(mina, "other")
	join(joon, "room")
	join(hana, "room")
	join(joon, "other")
	block(hana, joon)
	atRoom := func(c *client, after any) *sitetest.Subscription {
		return c.Subscribe(roomNoteAdded, vars{"room": id, "after": after}).Ready()
	}
	nobody, joons, hanas, minas := atRoom(site.Anonymous(t).At(two), nil), atRoom(joon.At(two), nil), atRoom(hana, nil), listen(mina, mina.Cursor())
	own := listen(joon, joon.Cursor())
	sent := answer(mina, id, "1")
	answer(joon, id, "2")
	answer(joon, other, "elsewhere")
	answer(hana, id, "3")
	for _, s := range []struct {
		who  string
		sub  *sitetest.Subscription
		want []string
	}{{"nobody", nobody, []string{"1", "2", "3"}}, {"joon", joons, []string{"1", "2"}}, {"hana, who has blocked joon", hanas, []string{"1", "3"}}} {
		var got []string
		for range s.want {
			got = append(got, nextBody(t, s.sub))
		}
		equal(t, s.who, s.want, got)
	}
	answer(mina, id, "4")
	equal(t, "joon sees not 3", "4", nextBody(t, joons))
	equal(t, "in nobody's own log but the writer's", []string{sent.id, sent.cursor}, func(e event) []string { return []string{e.subject, e.cursor} }(expectEvents(t, minas, "NoteSent [0 0 0 0]")[0]))
	expectEvents(t, own, "NoteSent [0 0 0 0]", "NoteSent [0 0 0 0]")
	write(mina, "fence", joon)
	equal(t, "only what is said to joon", "NoteReceived", nextEvent(t, own).kind)

	// A cursor belongs to this log. What lies after it comes, and what is hidden does not.
	answer(mina, id, "5")
	cursor := sitetest.Get(t, hanas.Next(), "roomNoteAdded.cursor").(string) // of 4
	answer(hana, id, "6")
	resumed := atRoom(joon, cursor)
	answer(mina, id, "7")
	equal(t, "resumed", []string{"5", "7"}, []string{nextBody(t, resumed), nextBody(t, resumed)})
	for name, after := range map[string]string{"of joon": joon.Cursor(), "junk": "junk", "of the other room": site.Resolver.Log.Cursor(ids.Of(ids.Conversation, other), 1)} {
		equal(t, name, "BAD_USER_INPUT", joon.Subscribe(roomNoteAdded, vars{"room": id, "after": after}).Refused())
	}
	equal(t, "in joon's own log", "BAD_USER_INPUT", joon.Subscribe(allEvents, vars{"after": cursor}).Refused())
	equal(t, "beyond its end", "CURSOR_EXPIRED", joon.Subscribe(roomNoteAdded, vars{"room": id, "after": site.Resolver.Log.Cursor(ids.Of(ids.Conversation, id), 1000)}).Refused())
	for name, no := range map[string]string{"a group": group(mina, "g", joon), "a user": joon.ID, "a post": createPost(mina, "p"), "none": noConversationID, "junk": "junk"} {
		equal(t, name, "NOT_FOUND", joon.Subscribe(roomNoteAdded, vars{"room": no}).Refused())
	}
	equal(t, "not by noteReceived", "BAD_USER_INPUT", joon.Subscribe(noteReceived, vars{"in": id}).Refused())
}

// TestARoomByEventSource reads a room as a browser's EventSource does, which has no token and sends
// Last-Event-ID when it comes back.
func TestARoomByEventSource(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	id := room(mina, "room")
	open := func(last string) (next func() (event, data string), stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		q := url.Values{"query": {`subscription { roomNoteAdded(roomId: "` + id + `") { note { body } } }`}}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, site.URL+"/graphql?"+q.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "text/event-stream")
		if last != "" {
			req.Header.Set("Last-Event-ID", last)
		}
		before := site.Resolver.Hub.Subscriptions()
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		for last == "" && site.Resolver.Hub.Subscriptions() <= before && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		lines := bufio.NewScanner(resp.Body)
		return func() (id, data string) {
				for lines.Scan() {
					switch line := lines.Text(); {
					case strings.HasPrefix(line, "id: "):
						id = line[4:]
					case strings.HasPrefix(line, "data: ") && strings.Contains(line, "body"):
						data = line[6:]
					case line == "" && data != "":
						return id, data
					}
				}
				t.Fatalf("the stream ended: %v", lines.Err())
				return "", ""
			}, func() {
				cancel()
				_ = resp.Body.Close()
			}
	}
	next, stop := open("")
	answer(mina, id, "1")
	cursor, data := next()
	equal(t, "live", `{"data":{"roomNoteAdded":{"note":{"body":"1"}}}}`, data)
	stop()
	for i := 2; i < 40; i++ {
		answer(mina, id, fmt.Sprint(i))
	}
	next, stop = open(cursor)
	defer stop()
	for i := 2; i < 40; i++ {
		_, data := next()
		equal(t, "resumed", fmt.Sprintf(`{"data":{"roomNoteAdded":{"note":{"body":"%d"}}}}`, i), data)
	}
}

func TestMentionsInARoom(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	two := site.Another()
	mina, joon, hana, muted, outside, blocked := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana_park"), site.User(t, "muted"), site.User(t, "outside"), site.User(t, "blocked")
	site.Acquaint(mina, joon)
	id := room(mina, "room")
	for _, c := range []*client{joon, hana, muted, blocked} {
		join(c, "room")
	}
	block(blocked, mina)
	muted.Do(`mutation($id: ID!) { muteConversation(input: {conversationId: $id, muted: true}) { conversation { isMuted } userErrors { code } } }`, vars{"id": id}).NoErrors()
	joons, minas := listen(joon.At(two), joon.Cursor()), listen(mina, mina.Cursor())
	note := answer(mina, id, "@joon, @HANA_PARK님! @mina @muted @outside @blocked @nobody")
	got := expectEvents(t, joons, "NotificationReceived [0 0 1 1]")
	r := joon.Do(`{ viewer { notifications { nodes { id kind subject { ... on Note { id body } } actors { username } } } } }`, nil).NoErrors()
	equal(t, "the notification", map[string]any{"id": got[0].subject, "kind": "MENTION", "subject": map[string]any{"id": note.id, "body": "@joon, @HANA_PARK님! @mina @muted @outside @blocked @nobody"}, "actors": []any{map[string]any{"username": "mina"}}},
		r.Get("viewer.notifications.nodes.0"))
	equal(t, "hana too", counts{0, 0, 1, 1}, unread(t, hana))
	for _, c := range []*client{mina, muted, outside, blocked} {
		equal(t, c.Username+" is not told", counts{}, unread(t, c))
	}
	expectEvents(t, minas, "NoteSent [0 0 0 0]")
	for _, body := range []string{"mail to me@joon", "joon@joon.example", "x@joon", "_@joon", "@jo", "@joon" + strings.Repeat("x", 26), "@@@", "가@joon"} {
		answer(mina, id, body)
	}
	answer(mina, id, "@joon and @Joon, twice")
	expectEvents(t, joons, "NotificationReceived [0 0 2 2]") // the next that names joon
	var many strings.Builder
	for i := range 20 {
		fmt.Fprintf(&many, "@user_%d ", i)
	}
	answer(mina, id, many.String()+"@joon")
	answer(mina, id, many.String()[:len("@user_0 ")]+"@joon @hana_park")
	expectEvents(t, joons, "NotificationReceived [0 0 3 3]") // not the one that named 21
	write(mina, "@joon is named in no room", joon)
	expectEvents(t, joons, "NoteReceived [1 1 4 4]", "NotificationReceived [1 1 4 4]")
	checkCounters(t, site)
}

// TestManyInARoom: what a room costs does not grow with who is in it.
func TestManyInARoom(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	id := room(mina, "room")
	_, err := site.DB.ExecContext(t.Context(), `
WITH made AS (INSERT INTO users (id, username, display_name, created_at) SELECT gen_random_uuid(), 'u' || i, 'u', now() FROM generate_series(1, 3000) AS i RETURNING id),
  topics AS (INSERT INTO topics (id) SELECT id FROM made), counted AS (UPDATE conversations SET participant_count = 3001)
INSERT INTO participants (id, conversation_id, user_id, role, joined_at) SELECT gen_random_uuid(), c.id, made.id, 'MEMBER', now() FROM made, conversations c`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.DB.ExecContext(t.Context(), `ANALYZE`); err != nil {
		t.Fatal(err)
	}
	seen, after := map[string]bool{}, any(nil)
	for {
		r := mina.Do(`query($a: String) { room(name: "room") { participantCount participants(first: 100, after: $a) { nodes { id } pageInfo { hasNextPage endCursor } } } }`, vars{"a": after}).NoErrors()
		for _, p := range texts(t, r.List("room.participants.nodes"), "id") {
			seen[p] = true
		}
		equal(t, "participantCount", 3001.0, r.Get("room.participantCount"))
		if after = r.Get("room.participants.pageInfo.endCursor"); r.Get("room.participants.pageInfo.hasNextPage") == false {
			break
		}
	}
	equal(t, "all pages", 3001, len(seen))
	before := written(t, site)
	answer(mina, id, "x")
	after4 := written(t, site)
	equal(t, "events of one note: in the room's log and in its writer's", 2, after4[0]-before[0])
}
