package graph_test

import (
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

const (
	keptFields = `{ conversation { id isArchived isMuted unreadCount } cursor userErrors { code message field } }`
	archive    = `mutation($in: ArchiveConversationInput!) { archiveConversation(input: $in) { unread ` + countFields + ` ... on ArchiveConversationPayload ` + keptFields + ` } }`
	mute       = `mutation($in: MuteConversationInput!) { muteConversation(input: $in) ` + keptFields + ` }`
)

func setArchived(c *client, conversation string, archived bool) *sitetest.Result {
	return c.Do(archive, vars{"in": vars{"conversationId": conversation, "archived": archived}})
}

func setMuted(c *client, conversation string, muted bool) *sitetest.Result {
	return c.Do(mute, vars{"in": vars{"conversationId": conversation, "muted": muted}})
}

func TestArchivingAConversation(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "stranger")
	site.Acquaint(mina, joon)
	note := write(mina, "1", joon)
	tab := hear(site.Login(t, "joon"))
	minas := mina.Cursor()

	r := setArchived(joon, note.conversation, true).NoErrors()
	equal(t, "archived, and read", map[string]any{"id": note.conversation, "isArchived": true, "isMuted": false, "unreadCount": 0.0}, r.Get("archiveConversation.conversation"))
	equal(t, "counters", counts{0, 0, 0, 0}, asCounts(t, r.Get("archiveConversation.unread")))
	hears(t, tab, "ConversationRead [0 0 0 0]")
	hears(t, tab, "NotificationChanged [0 0 0 0]")
	equal(t, "cursor of the last", hears(t, tab, "ConversationChanged [0 0 0 0]")["cursor"], r.Get("archiveConversation.cursor"))
	equal(t, "others hear nothing", minas, mina.Cursor())
	at := joon.Cursor()
	again := setArchived(joon, note.conversation, true).NoErrors()
	equal(t, "the same state", []any{true, nil, at}, []any{again.Get("archiveConversation.conversation.isArchived"), again.Get("archiveConversation.cursor"), joon.Cursor()})

	lists := func(c *client) (in, out, box, archived []string) {
		r := c.Do(`{ viewer { conversations { nodes { id } } archive: conversations(archived: true) { nodes { id } }
			notes { nodes { id } } kept: notes(box: ARCHIVE) { nodes { id } } } }`, nil).NoErrors()
		return texts(t, r.List("viewer.conversations.nodes"), "id"), texts(t, r.List("viewer.archive.nodes"), "id"),
			texts(t, r.List("viewer.notes.nodes"), "id"), texts(t, r.List("viewer.kept.nodes"), "id")
	}
	in, out, box, archived := lists(joon)
	equal(t, "only in the archive", [][]string{nil, {note.conversation}, nil, {note.id}}, [][]string{in, out, box, archived})
	in, out, box, archived = lists(mina)
	equal(t, "not mina's", [][]string{{note.conversation}, nil, nil, nil}, [][]string{in, out, box, archived})
	mine := setArchived(mina, note.conversation, true).NoErrors()
	equal(t, "mina's, in which she wrote", true, mine.Get("archiveConversation.conversation.isArchived"))
	_, _, box, archived = lists(mina)
	equal(t, "what she wrote there", [][]string{nil, {note.id}}, [][]string{box, archived})

	second := answer(mina, note.conversation, "2")
	hears(t, tab, "NoteReceived 2 [1 1 1 1]")
	hears(t, tab, "NotificationReceived [1 1 1 1]")
	in, out, box, archived = lists(joon)
	equal(t, "a new note takes it out", [][]string{{note.conversation}, nil, {second.id, note.id}, nil}, [][]string{in, out, box, archived})
	setArchived(joon, note.conversation, true).NoErrors()
	back := setArchived(joon, note.conversation, false).NoErrors()
	equal(t, "taken out", []any{false, 0.0}, []any{back.Get("archiveConversation.conversation.isArchived"), back.Get("archiveConversation.conversation.unreadCount")})

	refusedKeeping(t, site, joon, stranger, note, "archiveConversation", func(c *client, id string) *sitetest.Result { return setArchived(c, id, true) })
	holdsCounters(t, site)
}

// refusedKeeping holds what both ways of keeping a conversation refuse.
func refusedKeeping(t *testing.T, site *sitetest.Server, mine, stranger *client, note sent, field string, set func(*client, string) *sitetest.Result) {
	t.Helper()
	at := stranger.Cursor()
	for name, id := range map[string]string{"another's": note.conversation, "none": "conversation_01h455vb4pex5vsknk084sn02q", "wrong kind": note.id, "junk": "junk"} {
		r := set(stranger, id)
		equal(t, name, []string{"NOT_FOUND conversationId"}, r.UserErrors(field))
		equal(t, name+": nothing is given", []any{nil, nil}, []any{r.Get(field + ".conversation"), r.Get(field + ".cursor")})
	}
	equal(t, "hidden is not found", set(stranger, note.conversation).Raw, set(stranger, "conversation_01h455vb4pex5vsknk084sn02q").Raw)
	equal(t, "NUL", "BAD_USER_INPUT", set(mine, "conversation_\u0000").Code())
	equal(t, "nobody", "UNAUTHENTICATED", set(site.Anonymous(t), note.conversation).Code())
	equal(t, "nothing was written", at, stranger.Cursor())
}

func TestMutingAConversation(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "stranger")
	site.Acquaint(mina, joon)
	note := write(mina, "1", joon)
	tab := hear(site.Login(t, "joon"))
	minas := mina.Cursor()
	r := setMuted(joon, note.conversation, true).NoErrors()
	equal(t, "muted, and nothing else", map[string]any{"id": note.conversation, "isArchived": false, "isMuted": true, "unreadCount": 1.0}, r.Get("muteConversation.conversation"))
	e := hears(t, tab, "ConversationChanged [1 1 1 1]")
	equal(t, "cursor", e["cursor"], r.Get("muteConversation.cursor"))
	equal(t, "which", []any{note.conversation, true}, []any{sitetest.Get(t, e, "conversation.id"), sitetest.Get(t, e, "conversation.isMuted")})
	equal(t, "others hear nothing", minas, mina.Cursor())
	at := joon.Cursor()
	equal(t, "the same state", []any{nil, at}, []any{setMuted(joon, note.conversation, true).NoErrors().Get("muteConversation.cursor"), joon.Cursor()})
	answer(mina, note.conversation, "2")
	hears(t, tab, "NoteReceived 2 [2 1 1 1]") // and no notification
	setMuted(joon, note.conversation, false).NoErrors()
	hears(t, tab, "ConversationChanged [2 1 1 1]")
	answer(mina, note.conversation, "3")
	hears(t, tab, "NoteReceived 3 [3 1 1 1]")
	hears(t, tab, "NotificationChanged [3 1 1 1]")
	refusedKeeping(t, site, joon, stranger, note, "muteConversation", func(c *client, id string) *sitetest.Result { return setMuted(c, id, true) })
	holdsCounters(t, site)
}

func TestKeepingWhatAStrangerBegan(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, stranger := site.User(t, "mina"), site.User(t, "stranger")
	id := write(stranger, "hello", mina).conversation
	equal(t, "a request is not archived", []string{"NOT_ALLOWED conversationId"}, setArchived(mina, id, true).UserErrors("archiveConversation"))
	setMuted(mina, id, true).NoErrors()
	mina.Do(declineRequest, vars{"id": id}).NoErrors()
	at := mina.Cursor()
	equal(t, "nor what was declined", []string{"NOT_ALLOWED conversationId"}, setArchived(mina, id, true).UserErrors("archiveConversation"))
	equal(t, "nor muted, or not", []string{"NOT_ALLOWED conversationId"}, setMuted(mina, id, false).UserErrors("muteConversation"))
	equal(t, "it is in no box", []any{[]any{}}, []any{mina.Do(`{ viewer { notes { nodes { id } } } }`, nil).NoErrors().Get("viewer.notes.nodes")})
	equal(t, "nothing was written", at, mina.Cursor())
	holdsCounters(t, site)
}

func TestWhoHasReadANote(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	site.Resolver.Quiet = 10e6
	mina, joon, hana, bora := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana"), site.User(t, "bora")
	site.Acquaint(mina, joon, hana, bora)
	first := write(mina, "1", joon, hana, bora)
	second := answer(joon, first.conversation, "2")
	read := func(c *client, upTo string) {
		c.Do(markRead, vars{"in": vars{"conversationId": first.conversation, "upToNoteId": upTo}}).NoErrors()
	}
	read(joon, first.id)
	read(hana, second.id)
	read(bora, first.id)
	readBy := func(c *client, args string) (list [][]string) {
		r := c.Do(`query($id: ID!) { viewer { conversation(id: $id) { notes { nodes { body readBy`+args+` { nodes { user { username } } } } } } } }`, vars{"id": first.conversation}).NoErrors()
		for _, n := range r.List("viewer.conversation.notes.nodes") {
			list = append(list, texts(t, sitetest.Get(t, n, "readBy.nodes").([]any), "user.username"))
		}
		return list
	}
	order := func(names ...string) []string { // of joining, which is that of the participants
		r := mina.Do(`query($id: ID!) { viewer { conversation(id: $id) { participants { nodes { user { username } } } } } }`, vars{"id": first.conversation}).NoErrors()
		var list []string
		for _, name := range texts(t, r.List("viewer.conversation.participants.nodes"), "user.username") {
			for _, n := range names {
				if n == name {
					list = append(list, n)
				}
			}
		}
		return list
	}
	all := [][]string{{"hana"}, order("joon", "hana", "bora")}
	equal(t, "to its author, and to others", [][][]string{all, all}, [][][]string{readBy(mina, ""), readBy(hana, "")})
	equal(t, "one", []string{all[1][0]}, readBy(mina, "(first: 1)")[1])
	equal(t, "the last two", all[1][1:], readBy(mina, "(last: 2)")[1])
	page := `{ node(id: "` + first.id + `") { ... on Note { readBy%s { nodes { user { username } } ` + pageInfo + ` } } } }`
	equal(t, "in pages", all[1], walk(t, mina, page, "node.readBy", "user.username", 2))
	for _, args := range []string{"(first: 0)", "(first: 101)", `(after: "junk")`, "(first: 1, last: 1)"} {
		equal(t, args, "BAD_USER_INPUT", mina.Do(`{ node(id: "`+first.id+`") { ... on Note { readBy`+args+` { nodes { id } } } } }`, nil).Code())
	}
	marks := func(c *client) map[string]any {
		r := c.Do(`query($id: ID!) { viewer { conversation(id: $id) { participants { nodes { user { username } lastReadNote { body } } } } } }`, vars{"id": first.conversation}).NoErrors()
		found := map[string]any{}
		for _, p := range r.List("viewer.conversation.participants.nodes") {
			if body := sitetest.Get(t, p, "lastReadNote.body"); body != nil {
				found[sitetest.Get(t, p, "user.username").(string)] = body
			}
		}
		return found
	}
	equal(t, "marks", map[string]any{"joon": "1", "hana": "2", "bora": "1"}, marks(mina))

	share := func(c *client, shares bool) {
		c.Do(`mutation($s: Boolean) { updateProfile(input: {sharesReadMarks: $s}) { userErrors { code } } }`, vars{"s": shares}).NoErrors()
	}
	share(hana, false)
	equal(t, "who does not share is absent", [][]string{nil, order("joon", "bora")}, readBy(mina, ""))
	equal(t, "and sees none", [][]string{nil, nil}, readBy(hana, ""))
	equal(t, "nor marks", map[string]any{"joon": "1", "bora": "1"}, marks(mina))
	equal(t, "but the own", map[string]any{"hana": "2"}, marks(hana))
	share(hana, true)
	equal(t, "again", all, readBy(mina, ""))
	deleteNote(mina, second.id).NoErrors()
	equal(t, "the newest that the viewer can see", "1", marks(mina)["hana"])
	equal(t, "nobody in particular", nil, site.Anonymous(t).Do(`{ node(id: "`+first.id+`") { id } }`, nil).NoErrors().Get("node"))
}
