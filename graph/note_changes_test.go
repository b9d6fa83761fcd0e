package graph_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/sitetest"
)

const noteFields = `note { id body editedAt unsentAt isMine replyTo { id } } cursor userErrors { code message field }`

func editNote(c *client, id, body string) *sitetest.Result {
	return c.Do(`mutation($in: EditNoteInput!) { editNote(input: $in) { `+noteFields+` } }`, vars{"in": vars{"noteId": id, "body": body}})
}

func unsendNote(c *client, id string) *sitetest.Result {
	return c.Do(`mutation($in: UnsendNoteInput!) { unsendNote(input: $in) { `+noteFields+` } }`, vars{"in": vars{"noteId": id}})
}

func deleteNote(c *client, id string) *sitetest.Result {
	return c.Do(`mutation($in: DeleteNoteInput!) { deleteNote(input: $in) { deletedNoteId conversation { id unreadCount lastNote { id } } unread `+countFields+`
		cursor userErrors { code message field } } }`, vars{"in": vars{"noteId": id}})
}

const changeEvents = `subscription($after: Cursor) { events(after: $after) { __typename cursor unread ` + countFields + `
  ... on NoteReceived { note { id body } } ... on NoteSent { note { id body } } ... on NoteChanged { note { id body unsentAt } } ... on NoteDeleted { noteId }
  ... on ConversationChanged { conversation { id isArchived isMuted } }
  ... on NotificationChanged { notification { id count } } ... on NotificationRetracted { notificationId } } }`

// hear follows the events of a user from now on.
func hear(c *client) *sitetest.Subscription {
	return c.Subscribe(changeEvents, vars{"after": c.Cursor()})
}

// hears waits for the next event: "NoteChanged body [1 1 1 1]".
func hears(t testing.TB, s *sitetest.Subscription, want string) map[string]any {
	t.Helper()
	e := s.Next()["events"].(map[string]any)
	if e["__typename"] == "StreamReady" {
		return hears(t, s, want)
	}
	said := e["__typename"].(string)
	if note, ok := e["note"]; ok {
		said += " " + sitetest.Get(t, note, "body").(string)
	}
	equal(t, "event", want, fmt.Sprint(said, " ", asCounts(t, e["unread"])))
	return e
}

// holdsCounters holds every counter of the database against a count.
func holdsCounters(t testing.TB, site *sitetest.Server) {
	t.Helper()
	rows, err := site.DB.Query(`
SELECT u.username || ' in ' || p.conversation_id, p.unread_count, (SELECT count(*) FROM inbox_entries e WHERE e.user_id = p.user_id AND e.conversation_id = p.conversation_id AND e.seq > p.last_read_seq AND e.counts)
FROM participants p JOIN users u ON u.id = p.user_id
UNION ALL SELECT username || ' notes', t.unread_notes, (SELECT coalesce(sum(unread_count), 0) FROM participants p WHERE p.user_id = u.id) FROM users u JOIN topics t USING (id)
UNION ALL SELECT username || ' conversations', t.unread_conversations, (SELECT count(*) FROM participants p WHERE p.user_id = u.id AND unread_count > 0) FROM users u JOIN topics t USING (id)
UNION ALL SELECT username || ' notifications', t.unread_notifications, (SELECT count(*) FROM notifications n WHERE n.user_id = u.id AND NOT is_read) FROM users u JOIN topics t USING (id)
UNION ALL SELECT username || ' unseen', t.unseen_notifications, (SELECT count(*) FROM notifications n WHERE n.user_id = u.id AND NOT is_seen) FROM users u JOIN topics t USING (id)
UNION ALL SELECT 'notification ' || n.id, n.count, (SELECT count(*) FROM notification_causes c WHERE c.notification_id = n.id) FROM notifications n
UNION ALL SELECT 'actors ' || n.id, n.actor_count, (SELECT count(DISTINCT actor_id) FROM notification_causes c WHERE c.notification_id = n.id) FROM notifications n`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		var counter, count int
		if err := rows.Scan(&what, &counter, &count); err != nil {
			t.Fatal(err)
		}
		equal(t, "counter of "+what, count, counter)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestEditingANote(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana"), site.User(t, "stranger")
	site.Acquaint(mina, joon, hana)
	note := write(mina, "안녕", joon, hana)
	reply := asSent(sendInput(joon, vars{"conversationId": note.conversation, "body": "re", "replyToId": note.id}))
	tab, joons, hanas := hear(site.Login(t, "mina")), hear(joon), hear(hana)
	before := stranger.Cursor()

	edited := editNote(mina, note.id, "안녕하세요").NoErrors()
	equal(t, "body", "안녕하세요", edited.Get("editNote.note.body"))
	if edited.Get("editNote.note.editedAt") == nil {
		t.Error("no editedAt")
	}
	e := hears(t, tab, "NoteChanged 안녕하세요 [1 1 1 1]")
	equal(t, "cursor of the event", e["cursor"], edited.Get("editNote.cursor"))
	equal(t, "which", note.id, sitetest.Get(t, e, "note.id"))
	hears(t, joons, "NoteChanged 안녕하세요 [1 1 1 1]")
	hears(t, hanas, "NoteChanged 안녕하세요 [2 1 1 1]")
	equal(t, "a stranger", before, stranger.Cursor())
	equal(t, "what answers it", "안녕하세요", hana.Do(`query($id: ID!) { node(id: $id) { ... on Note { replyTo { body editedAt } } } }`, vars{"id": reply.id}).NoErrors().Get("node.replyTo.body"))

	at := mina.Cursor()
	same := editNote(mina, note.id, "안녕하세요").NoErrors()
	equal(t, "the same text", []any{nil, edited.Get("editNote.note.editedAt"), at}, []any{same.Get("editNote.cursor"), same.Get("editNote.note.editedAt"), mina.Cursor()})
	for _, c := range []struct {
		name     string
		by       *client
		id, body string
		want     []string
	}{
		{"empty", mina, note.id, "", []string{"REQUIRED body"}},
		{"blank", mina, note.id, " \n", []string{"REQUIRED body"}},
		{"too long", mina, note.id, long(10_001), []string{"TOO_LONG body"}},
		{"control character", mina, note.id, "a\u0001", []string{"INVALID body"}},
		{"another's", joon, note.id, "mine", []string{"NOT_ALLOWED noteId"}},
		{"invisible", stranger, note.id, "mine", []string{"NOT_FOUND noteId"}},
		{"none", mina, "note_01h455vb4pex5vsknk084sn02q", "x", []string{"NOT_FOUND noteId"}},
		{"wrong kind", mina, note.conversation, "x", []string{"NOT_FOUND noteId"}},
		{"junk", mina, "junk", "x", []string{"NOT_FOUND noteId"}},
	} {
		r := editNote(c.by, c.id, c.body)
		equal(t, c.name, c.want, r.UserErrors("editNote"))
		equal(t, c.name+": nothing is given", []any{nil, nil}, []any{r.Get("editNote.note"), r.Get("editNote.cursor")})
	}
	equal(t, "hidden is not found", editNote(stranger, note.id, "x").Raw, editNote(stranger, "note_01h455vb4pex5vsknk084sn02q", "x").Raw)
	equal(t, "NUL", "BAD_USER_INPUT", editNote(mina, note.id, "a\u0000b").Code())
	equal(t, "nobody", "UNAUTHENTICATED", editNote(site.Anonymous(t), note.id, "x").Code())
	equal(t, "nothing was written", at, mina.Cursor())
	editNote(mina, note.id, long(10_000)).NoErrors()
	unsendNote(mina, note.id).NoErrors()
	equal(t, "unsent", []string{"NOT_ALLOWED noteId"}, editNote(mina, note.id, "again").UserErrors("editNote"))
	holdsCounters(t, site)
}

// age makes a note older than it can be unsent in any case.
func age(t testing.TB, site *sitetest.Server, note string) {
	t.Helper()
	if _, err := site.DB.Exec(`UPDATE notes SET created_at = created_at - interval '6 minutes' WHERE id = $1`, ids.Of(ids.Note, note)); err != nil {
		t.Fatal(err)
	}
}

func TestUnsendingANote(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana"), site.User(t, "stranger")
	site.Acquaint(mina, joon, hana)
	note := write(mina, "a slip", joon, hana)
	reply := asSent(sendInput(mina, vars{"conversationId": note.conversation, "body": "re", "replyToId": note.id}))
	hana.Do(markRead, vars{"in": vars{"conversationId": note.conversation}}).NoErrors()
	single := write(joon, "alone", hana)
	tab, joons, hanas := hear(site.Login(t, "mina")), hear(joon), hear(hana)
	before := stranger.Cursor()

	unsent := unsendNote(mina, note.id).NoErrors()
	equal(t, "the text", "", unsent.Get("unsendNote.note.body"))
	if unsent.Get("unsendNote.note.unsentAt") == nil {
		t.Error("no unsentAt")
	}
	e := hears(t, tab, "NoteChanged  [0 0 0 0]")
	equal(t, "cursor", e["cursor"], unsent.Get("unsendNote.cursor"))
	hears(t, joons, "NoteChanged  [1 1 1 1]") // it counts no more
	equal(t, "its share of the notification", 1.0, sitetest.Get(t, hears(t, joons, "NotificationChanged [1 1 1 1]"), "notification.count"))
	hears(t, hanas, "NoteChanged  [1 1 1 1]") // who had read it, and has another
	equal(t, "a stranger", before, stranger.Cursor())

	unsendNote(mina, reply.id).NoErrors()
	hears(t, joons, "NoteChanged  [0 0 0 0]")
	hears(t, joons, "NotificationRetracted [0 0 0 0]")
	hears(t, hanas, "NoteChanged  [1 1 1 1]")
	unsendNote(joon, single.id).NoErrors()
	hears(t, hanas, "NoteChanged  [0 0 0 0]")
	hears(t, hanas, "NotificationRetracted [0 0 0 0]")

	r := joon.Do(`query($id: ID!) { viewer { conversation(id: $id) { lastNote { id body unsentAt replyTo { id body unsentAt } } unreadCount } notes { nodes { id body } } } }`, vars{"id": note.conversation}).NoErrors()
	equal(t, "the last note is what remains", []any{reply.id, "", 0.0}, []any{r.Get("viewer.conversation.lastNote.id"), r.Get("viewer.conversation.lastNote.body"), r.Get("viewer.conversation.unreadCount")})
	equal(t, "it still answers", note.id, r.Get("viewer.conversation.lastNote.replyTo.id"))
	if r.Get("viewer.conversation.lastNote.replyTo.unsentAt") == nil {
		t.Error("what it answers is no tombstone")
	}
	equal(t, "the box shows what remains", []string{reply.id, note.id}, texts(t, r.List("viewer.notes.nodes"), "id"))
	if n, err := count(site, `SELECT count(*) FROM notes WHERE body LIKE '%slip%'`); err != nil || n != 0 {
		t.Errorf("the text is still there: %d %v", n, err)
	}

	at := mina.Cursor()
	twice := unsendNote(mina, note.id).NoErrors()
	equal(t, "twice is once", []any{nil, unsent.Get("unsendNote.note.unsentAt"), at}, []any{twice.Get("unsendNote.cursor"), twice.Get("unsendNote.note.unsentAt"), mina.Cursor()})

	old := answer(mina, note.conversation, "old")
	age(t, site, old.id)
	unsendNote(mina, old.id).NoErrors() // nobody has read it
	read := answer(mina, note.conversation, "read")
	joon.Do(markRead, vars{"in": vars{"conversationId": note.conversation}}).NoErrors()
	age(t, site, read.id)
	late := unsendNote(mina, read.id)
	equal(t, "read, and late", []string{"NOT_ALLOWED noteId"}, late.UserErrors("unsendNote"))
	recent := answer(mina, note.conversation, "recent")
	joon.Do(markRead, vars{"in": vars{"conversationId": note.conversation}}).NoErrors()
	unsendNote(mina, recent.id).NoErrors() // read, but recent
	at = mina.Cursor()
	for name, c := range map[string]struct {
		by   *client
		id   string
		want string
	}{
		"another's": {joon, read.id, "NOT_ALLOWED noteId"}, "invisible": {stranger, read.id, "NOT_FOUND noteId"},
		"wrong kind": {mina, mina.ID, "NOT_FOUND noteId"}, "junk": {mina, "", "NOT_FOUND noteId"},
	} {
		r := unsendNote(c.by, c.id)
		equal(t, name, []string{c.want}, r.UserErrors("unsendNote"))
		equal(t, name+": nothing is given", nil, r.Get("unsendNote.note"))
	}
	equal(t, "NUL", "BAD_USER_INPUT", unsendNote(mina, "note_\u0000").Code())
	equal(t, "nobody", "UNAUTHENTICATED", unsendNote(site.Anonymous(t), read.id).Code())
	equal(t, "nothing was written", at, mina.Cursor())
	holdsCounters(t, site)
}

func count(site *sitetest.Server, query string) (n int, err error) {
	err = site.DB.QueryRow(query).Scan(&n)
	return n, err
}

func TestDeletingANote(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "stranger")
	site.Acquaint(mina, joon)
	first := write(mina, "1", joon)
	second := answer(mina, first.conversation, "2")
	tab := hear(site.Login(t, "joon"))
	strangers := stranger.Cursor()

	r := deleteNote(joon, second.id).NoErrors()
	equal(t, "which", second.id, r.Get("deleteNote.deletedNoteId"))
	equal(t, "the conversation", map[string]any{"id": first.conversation, "unreadCount": 1.0, "lastNote": map[string]any{"id": first.id}}, r.Get("deleteNote.conversation"))
	equal(t, "counters", counts{1, 1, 1, 1}, asCounts(t, r.Get("deleteNote.unread")))
	equal(t, "which", second.id, hears(t, tab, "NoteDeleted [1 1 1 1]")["noteId"])
	hears(t, tab, "ConversationChanged [1 1 1 1]")
	equal(t, "cursor", hears(t, tab, "NotificationChanged [1 1 1 1]")["cursor"], r.Get("deleteNote.cursor"))
	at := joon.Cursor()
	again := deleteNote(joon, second.id).NoErrors()
	equal(t, "twice is once", []any{second.id, nil, at}, []any{again.Get("deleteNote.deletedNoteId"), again.Get("deleteNote.cursor"), joon.Cursor()})
	deleteNote(joon, first.id).NoErrors()
	hears(t, tab, "NoteDeleted [0 0 0 0]")
	hears(t, tab, "ConversationChanged [0 0 0 0]")
	hears(t, tab, "NotificationRetracted [0 0 0 0]")

	mine := answer(joon, first.conversation, "mine")
	hears(t, tab, "NoteSent mine [0 0 0 0]")
	minas := mina.Cursor()
	deleteNote(joon, mine.id).NoErrors()
	hears(t, tab, "NoteDeleted [0 0 0 0]")
	hears(t, tab, "ConversationChanged [0 0 0 0]")
	for _, id := range []string{first.id, second.id, mine.id} {
		equal(t, "gone for joon", nil, joon.Do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": id}).NoErrors().Get("node"))
		equal(t, "there for mina", map[string]any{"id": id}, mina.Do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": id}).NoErrors().Get("node"))
	}
	equal(t, "mina hears nothing", minas, mina.Cursor())
	boxes := joon.Do(`query($id: ID!) { viewer { notes { nodes { id } } sent: notes(box: SENT) { nodes { id } } conversation(id: $id) { lastNote { id } notes { nodes { id } } } } }`, vars{"id": first.conversation}).NoErrors()
	equal(t, "nothing is left", []any{[]any{}, []any{}, nil, []any{}}, []any{boxes.Get("viewer.notes.nodes"), boxes.Get("viewer.sent.nodes"), boxes.Get("viewer.conversation.lastNote"), boxes.Get("viewer.conversation.notes.nodes")})

	at = joon.Cursor()
	equal(t, "what was deleted cannot be edited", []string{"NOT_FOUND noteId"}, editNote(joon, mine.id, "x").UserErrors("editNote"))
	editNote(mina, first.id, "changed").NoErrors()
	equal(t, "and is not heard of", at, joon.Cursor())
	for name, c := range map[string]struct {
		by *client
		id string
	}{"invisible": {stranger, first.id}, "wrong kind": {joon, first.conversation}, "junk": {joon, "junk"}, "none": {joon, "note_01h455vb4pex5vsknk084sn02q"}} {
		r := deleteNote(c.by, c.id)
		equal(t, name, []string{"NOT_FOUND noteId"}, r.UserErrors("deleteNote"))
		equal(t, name+": nothing is given", []any{nil, nil, nil}, []any{r.Get("deleteNote.deletedNoteId"), r.Get("deleteNote.unread"), r.Get("deleteNote.conversation")})
	}
	equal(t, "NUL", "BAD_USER_INPUT", deleteNote(joon, "note_\u0000").Code())
	equal(t, "nobody", "UNAUTHENTICATED", deleteNote(site.Anonymous(t), first.id).Code())
	equal(t, "nothing was written", []string{at, strangers}, []string{joon.Cursor(), stranger.Cursor()})
	holdsCounters(t, site)
}

// TestWhatIsLeftOfAPartlyReadNotification holds that a bell does not ring for what was read.
func TestWhatIsLeftOfAPartlyReadNotification(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	first := write(mina, "1", joon)
	last := answer(mina, first.conversation, "2")
	joon.Do(markRead, vars{"in": vars{"conversationId": first.conversation, "upToNoteId": first.id}}).NoErrors()
	equal(t, "the second is left", counts{1, 1, 1, 1}, unread(t, joon))
	unsendNote(mina, last.id).NoErrors()
	equal(t, "nothing is left", counts{0, 0, 0, 0}, unread(t, joon))
	last = answer(mina, first.conversation, "3")
	deleteNote(joon, last.id).NoErrors()
	equal(t, "nothing is left", counts{0, 0, 0, 0}, unread(t, joon))
	// What was read and is unsent changes nothing of what was not.
	read := answer(mina, first.conversation, "4")
	answer(mina, first.conversation, "5")
	joon.Do(markRead, vars{"in": vars{"conversationId": first.conversation, "upToNoteId": read.id}}).NoErrors()
	unsendNote(mina, read.id).NoErrors()
	deleteNote(joon, first.id).NoErrors()
	equal(t, "the last is left", counts{1, 1, 1, 1}, unread(t, joon))
	holdsCounters(t, site)
}

func TestChangingANoteInARoom(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	id := room(mina, "lounge")
	join(joon, "lounge")
	note := answer(mina, id, "hello @joon")
	equal(t, "mentioned", counts{0, 0, 1, 1}, unread(t, joon))
	listening := hana.Subscribe(roomNoteAdded, vars{"room": id}).Ready() // who only looks in
	tab, joons := hear(site.Login(t, "mina")), hear(joon)
	editNote(mina, note.id, "hello, @joon and @hana").NoErrors()
	equal(t, "in the room's log", "hello, @joon and @hana", nextBody(t, listening))
	hears(t, tab, "NoteChanged hello, @joon and @hana [0 0 0 0]")
	unsendNote(mina, note.id).NoErrors()
	equal(t, "in the room's log", "", nextBody(t, listening))
	hears(t, tab, "NoteChanged  [0 0 0 0]")
	hears(t, joons, "NotificationRetracted [0 0 0 0]")
	kept := answer(mina, id, "kept")
	deleteNote(joon, kept.id).NoErrors()
	hears(t, joons, "NoteDeleted [0 0 0 0]")
	equal(t, "others keep it", "kept", hana.Do(`query($id: ID!) { node(id: $id) { ... on Note { body } } }`, vars{"id": kept.id}).NoErrors().Get("node.body"))
	mina.Do(leaveConversation, vars{"in": vars{"conversationId": id}}).NoErrors()
	equal(t, "who has left", []string{"NOT_ALLOWED noteId"}, editNote(mina, kept.id, "x").UserErrors("editNote"))
	equal(t, "another's", []string{"NOT_ALLOWED noteId"}, editNote(hana, kept.id, "x").UserErrors("editNote"))
	unsendNote(mina, kept.id).NoErrors()
	holdsCounters(t, site)
}

// TestTextsAreNotLogged also makes the database fail, so that there is something in the log.
func TestTextsAreNotLogged(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var log strings.Builder
	made := sitetest.NewSite(t)
	made.LogTo = writerFunc(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(b)
	})
	site := made.Start()
	const canary = "kanarienvogel"
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	note := write(mina, canary, joon)
	editNote(mina, note.id, canary+" edited").NoErrors()
	site.Index()
	equal(t, "found", 1, len(finds(t, joon, canary)))
	for _, body := range []string{canary + long(10_000), canary + "\u0001", canary + "\u0000"} {
		editNote(mina, note.id, body)
		searched(joon, vars{"search": body})
	}
	if _, err := site.DB.Exec(`ALTER TABLE notes RENAME TO lost; CREATE TABLE notes AS SELECT id FROM lost`); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*sitetest.Result{editNote(mina, note.id, canary), searched(joon, vars{"search": canary}), unsendNote(mina, note.id), deleteNote(joon, note.id)} {
		equal(t, "failed", "INTERNAL_SERVER_ERROR", r.Code())
		if strings.Contains(r.Raw, canary) {
			t.Errorf("in the answer: %s", r.Raw)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if said := log.String(); strings.Contains(said, canary) || !strings.Contains(said, "internal error") {
		t.Errorf("the log: %s", said)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestChangesOfOneNoteAtOnce reads, unsends, edits and deletes the same notes on two servers.
func TestChangesOfOneNoteAtOnce(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	servers := []*sitetest.Server{one, one.Another()}
	mina, joon, hana := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana")
	one.Acquaint(mina, joon, hana)
	group := write(mina, "first", joon, hana).conversation
	for round := range 12 {
		note := answer(mina, group, fmt.Sprint(round))
		var all sync.WaitGroup
		at := func(c *client, i int, f func(c *client) *sitetest.Result) {
			c = c.At(servers[(round+i)%2])
			all.Go(func() {
				if r := f(c); len(r.Errors) > 0 {
					t.Error(r.Raw)
				}
			})
		}
		for i := range 2 {
			at(mina, i, func(c *client) *sitetest.Result { return unsendNote(c, note.id) })
			at(mina, i, func(c *client) *sitetest.Result { return editNote(c, note.id, "edited") })
			at(joon, i, func(c *client) *sitetest.Result { return deleteNote(c, note.id) })
			at(joon, i, func(c *client) *sitetest.Result {
				return c.Do(markRead, vars{"in": vars{"conversationId": group}})
			})
			at(hana, i, func(c *client) *sitetest.Result {
				return c.Do(markRead, vars{"in": vars{"conversationId": group, "upToNoteId": note.id}})
			})
			at(hana, i, func(c *client) *sitetest.Result {
				return c.Do(archive, vars{"in": vars{"conversationId": group, "archived": i == 0}})
			})
			at(hana, i, func(c *client) *sitetest.Result {
				return sendInput(c, vars{"conversationId": group, "body": "meanwhile", "replyToId": note.id})
			})
		}
		all.Wait()
		r := mina.Do(`query($id: ID!) { node(id: $id) { ... on Note { body unsentAt } } }`, vars{"id": note.id}).NoErrors()
		if r.Get("node.body") != "" || r.Get("node.unsentAt") == nil {
			t.Fatalf("it was unsent: %s", r.Raw)
		}
		holdsCounters(t, one)
	}
}
