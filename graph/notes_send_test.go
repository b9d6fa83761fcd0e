package graph_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

func TestSendingToOneAndToSeveral(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	body := " 안녕\t\r\n<b>&amp;\u00a0\U0001F469\u200D\U0001F680 "
	r := sendInput(mina, vars{"toUserIds": []string{joon.ID, joon.ID}, "body": body}).NoErrors()
	equal(t, "body as it was sent", body, r.Text("sendNote.note.body"))
	equal(t, "kind", "DIRECT", r.Text("sendNote.conversation.kind"))
	equal(t, "unread for its author", 0.0, r.Get("sendNote.conversation.unreadCount"))
	equal(t, "lastNote", r.Get("sendNote.note.id"), r.Get("sendNote.conversation.lastNote.id"))
	equal(t, "noteEdge", r.Get("sendNote.note.id"), r.Get("sendNote.noteEdge.node.id"))
	direct := asSent(r)
	back := write(joon, "back", mina)
	equal(t, "one direct conversation per pair", direct.conversation, back.conversation)

	group := sendInput(mina, vars{"toUserIds": []string{hana.ID, joon.ID}, "body": "both"}).NoErrors()
	equal(t, "kind", "GROUP", group.Text("sendNote.conversation.kind"))
	if again := write(mina, "both", hana, joon); again.conversation == group.Text("sendNote.conversation.id") {
		t.Error("several recipients make a new group each time")
	}
	into := sendInput(hana, vars{"conversationId": group.Get("sendNote.conversation.id"), "body": "answer", "replyToId": group.Get("sendNote.note.id")}).NoErrors()
	equal(t, "replyTo", group.Get("sendNote.note.id"), into.Get("sendNote.note.replyTo.id"))
	equal(t, "three conversations, four notes for joon", counts{4, 3, 3, 3}, unread(t, joon))
	// By users too a note of that conversation can be answered.
	reply := sendInput(joon, vars{"toUserIds": []string{mina.ID}, "body": "re", "replyToId": direct.id}).NoErrors()
	equal(t, "replyTo", direct.id, reply.Get("sendNote.note.replyTo.id"))
	equal(t, "hana and joon", nil, hana.Do(`query($u: ID!) { viewer { conversation(withUserId: $u) { id } } }`, vars{"u": joon.ID}).NoErrors().Get("viewer.conversation"))
}

func TestSendingIsRefused(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	mine, foreign := write(mina, "mine", joon), write(joon, "foreign", hana)
	post := createPost(mina, "post")
	nobody := "user_7" + mina.ID[len("user_7"):]
	before := mina.Cursor()
	to := func(ids ...string) vars { return vars{"toUserIds": ids, "body": "x"} }
	with := func(in vars, more ...any) vars {
		for i := 0; i < len(more); i += 2 {
			in[more[i].(string)] = more[i+1]
		}
		return in
	}
	many := make([]string, 200)
	for i := range many {
		many[i] = fmt.Sprintf("%s%03d", joon.ID[:len(joon.ID)-3], i)
	}
	for _, c := range []struct {
		name string
		in   vars
		want []string
	}{
		{"neither target", vars{"body": "x"}, []string{"REQUIRED toUserIds"}},
		{"both targets", with(to(joon.ID), "conversationId", mine.conversation), []string{"INVALID toUserIds"}},
		{"no recipient", to(), []string{"REQUIRED toUserIds"}},
		{"oneself", to(mina.ID), []string{"INVALID toUserIds"}},
		{"oneself among others", to(joon.ID, mina.ID), []string{"INVALID toUserIds"}},
		{"too many", to(many...), []string{"INVALID toUserIds"}},
		{"unknown user", to(nobody), []string{"NOT_FOUND toUserIds"}},
		{"unknown among others", to(joon.ID, nobody), []string{"NOT_FOUND toUserIds"}},
		{"an id of another type", to(mine.id), []string{"NOT_FOUND toUserIds"}},
		{"junk", to(strings.Repeat("x", 5000)), []string{"NOT_FOUND toUserIds"}},
		{"foreign conversation", vars{"conversationId": foreign.conversation, "body": "x"}, []string{"NOT_FOUND conversationId"}},
		{"no conversation", vars{"conversationId": "conversation_01h455vb4pex5vsknk084sn02q", "body": "x"}, []string{"NOT_FOUND conversationId"}},
		{"a post", vars{"conversationId": post, "body": "x"}, []string{"NOT_FOUND conversationId"}},
		{"a note of another conversation", vars{"conversationId": mine.conversation, "body": "x", "replyToId": foreign.id}, []string{"NOT_FOUND replyToId"}},
		{"no note", vars{"conversationId": mine.conversation, "body": "x", "replyToId": post}, []string{"NOT_FOUND replyToId"}},
		{"a note of another, to a user with whom there is no conversation", with(to(hana.ID), "replyToId", mine.id), []string{"NOT_FOUND replyToId"}},
		{"a new group answers nothing", with(to(hana.ID, joon.ID), "replyToId", mine.id), []string{"INVALID replyToId"}},
		{"empty", with(to(joon.ID), "body", ""), []string{"REQUIRED body"}},
		{"blank", with(to(joon.ID), "body", " \n\t\u3000"), []string{"REQUIRED body"}},
		{"too long", with(to(joon.ID), "body", long(10_001)), []string{"TOO_LONG body"}},
		{"control character", with(to(joon.ID), "body", "a\u0001b"), []string{"INVALID body"}},
		{"long key", with(to(joon.ID), "idempotencyKey", strings.Repeat("k", 129)), []string{"TOO_LONG idempotencyKey"}},
		{"empty key", with(to(joon.ID), "idempotencyKey", ""), []string{"INVALID idempotencyKey"}},
		{"all at once", vars{"toUserIds": []string{mina.ID}, "conversationId": mine.conversation, "body": "", "idempotencyKey": ""},
			[]string{"INVALID toUserIds", "REQUIRED body", "INVALID idempotencyKey"}},
	} {
		r := sendInput(mina, c.in)
		equal(t, c.name, c.want, r.UserErrors("sendNote"))
		equal(t, c.name+": nothing is given", []any{nil, nil, nil}, []any{r.Get("sendNote.note"), r.Get("sendNote.conversation"), r.Get("sendNote.cursor")})
	}
	foreignAnswer := sendInput(mina, vars{"conversationId": foreign.conversation, "body": "x"}).Raw
	equal(t, "hidden is not found", foreignAnswer, sendInput(mina, vars{"conversationId": "conversation_01h455vb4pex5vsknk084sn02q", "body": "x"}).Raw)
	equal(t, "NUL", "BAD_USER_INPUT", sendInput(mina, vars{"toUserIds": []string{joon.ID}, "body": "a\u0000b"}).Code())
	equal(t, "no event was written", before, mina.Cursor())
	r := mina.Do(`query($u: ID!) { viewer { conversations { nodes { id } } conversation(withUserId: $u) { id } } }`, vars{"u": hana.ID}).NoErrors()
	equal(t, "no conversation was made", []string{mine.conversation}, texts(t, r.List("viewer.conversations.nodes"), "id"))
	equal(t, "nor one with hana", nil, r.Get("viewer.conversation"))
	sendInput(mina, vars{"toUserIds": []string{joon.ID}, "body": long(10_000), "idempotencyKey": strings.Repeat("k", 128)}).NoErrors()
}

func TestTheSameKeyIsTheSameNote(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon := one.User(t, "mina"), one.User(t, "joon")
	one.Acquaint(mina, joon)
	in := vars{"toUserIds": []string{joon.ID}, "body": "once", "idempotencyKey": "k"}
	answers := make([]sent, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			r, err := mina.At([]*sitetest.Server{one, two}[i%2]).Try(sendNote, vars{"in": in})
			switch {
			case err != nil:
				t.Error(err)
			case len(r.Errors) > 0 || r.Data["sendNote"].(map[string]any)["note"] == nil:
				t.Errorf("retry %d: %s", i, r.Raw)
			default:
				answers[i] = asSent(r)
			}
		})
	}
	all.Wait()
	for i, a := range answers {
		equal(t, "same note, conversation and cursor", answers[0], a)
		if i > 0 && a != answers[0] {
			break
		}
	}
	equal(t, "one note, one notification", counts{1, 1, 1, 1}, unread(t, joon))
	later := sendInput(mina.At(two), in)
	equal(t, "later", answers[0], asSent(later))
	equal(t, "the key is told to its author", "k", later.Get("sendNote.note.idempotencyKey"))
	for name, other := range map[string]vars{
		"another body":  {"toUserIds": []string{joon.ID}, "body": "twice", "idempotencyKey": "k"},
		"another place": {"conversationId": answers[0].conversation, "body": "once", "idempotencyKey": "k"},
		"a reply":       {"toUserIds": []string{joon.ID}, "body": "once", "idempotencyKey": "k", "replyToId": answers[0].id},
	} {
		equal(t, name, []string{"CONFLICT idempotencyKey"}, sendInput(mina, other).UserErrors("sendNote"))
	}
	others := sendInput(joon, vars{"toUserIds": []string{mina.ID}, "body": "mine", "idempotencyKey": "k"}).NoErrors()
	if others.Text("sendNote.note.id") == answers[0].id {
		t.Error("another user's key found this note")
	}
	r := joon.Do(`{ viewer { notes { nodes { id body idempotencyKey isMine } } } }`, nil).NoErrors()
	equal(t, "inbox", []any{map[string]any{"id": answers[0].id, "body": "once", "idempotencyKey": nil, "isMine": false}}, r.Get("viewer.notes.nodes"))
}

func TestAGroupIsMadeOnceByOneKey(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	mina, joon, hana := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana")
	one.Acquaint(mina, joon, hana)
	// The order of the recipients does not matter.
	first := asSent(sendInput(mina, vars{"toUserIds": []string{joon.ID, hana.ID}, "body": "hi", "idempotencyKey": "g"}))
	again := asSent(sendInput(mina, vars{"toUserIds": []string{hana.ID, joon.ID, hana.ID}, "body": "hi", "idempotencyKey": "g"}))
	equal(t, "group", first, again)
	r := joon.Do(`{ viewer { conversations { nodes { id } } } }`, nil).NoErrors()
	equal(t, "conversations", []string{first.conversation}, texts(t, r.List("viewer.conversations.nodes"), "id"))
}

// An optimistic client shows a note before it is acknowledged. Whether the answer or the event comes first, it
// can tell that both are that note: by the key that it made, and by the cursor.
func TestTheEchoOfANote(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon := one.User(t, "mina"), one.User(t, "joon")
	const echo = `subscription { events { __typename cursor ... on NoteSent { note { id idempotencyKey isMine } } ... on NoteReceived { note { id idempotencyKey isMine } } } }`
	tabs := map[string]*sitetest.Subscription{"at this server": mina.Subscribe(echo, nil), "at the other": mina.At(two).Subscribe(echo, nil)}
	joons := joon.Subscribe(echo, nil)
	next := func(s *sitetest.Subscription) any {
		for {
			if e := s.Next()["events"].(map[string]any); e["__typename"] != "StreamReady" {
				return e
			}
		}
	}
	for i := range 3 {
		key := fmt.Sprint("key ", i)
		answer := sendInput(mina, vars{"toUserIds": []string{joon.ID}, "body": "hello", "idempotencyKey": key}).NoErrors()
		for name, tab := range tabs {
			equal(t, name, any(map[string]any{"__typename": "NoteSent", "cursor": answer.Get("sendNote.cursor"),
				"note": map[string]any{"id": answer.Get("sendNote.note.id"), "idempotencyKey": key, "isMine": true}}), next(tab))
		}
		got := next(joons)
		equal(t, "nobody else is told the key", any(map[string]any{"id": answer.Get("sendNote.note.id"), "idempotencyKey": nil, "isMine": false}), sitetest.Get(t, got, "note"))
	}
}
