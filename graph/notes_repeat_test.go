package graph_test

import (
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

// A key is answered for as long as the note lives: as the note is now, and without it where its author can see it
// no more. Red when a repetition gives what node does not, or an error instead of the cursor.
func TestRepeatingWhatHasChangedSince(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	id := group(mina, "g", joon, hana)
	for name, c := range map[string]struct {
		to      vars
		happens func(sent)
		body    any // of the note that is given; nil: none is
	}{
		"edited":           {vars{"conversationId": id}, func(n sent) { editNote(mina, n.id, "other").NoErrors() }, "other"},
		"unsent":           {vars{"conversationId": id}, func(n sent) { unsendNote(mina, n.id).NoErrors() }, ""},
		"deleted by her":   {vars{"conversationId": id}, func(n sent) { deleteNote(mina, n.id).NoErrors() }, nil},
		"deleted by him":   {vars{"conversationId": id}, func(n sent) { deleteNote(joon, n.id).NoErrors() }, "once"},
		"left":             {vars{"toUserIds": []string{joon.ID, hana.ID}}, func(n sent) { leave(mina, n.conversation).NoErrors() }, nil},
		"blocked by hana":  {vars{"toUserIds": []string{hana.ID}}, func(sent) { block(hana, mina) }, nil},
		"blocked in group": {vars{"conversationId": id}, func(sent) { block(hana, mina) }, "once"},
	} {
		c.to["body"], c.to["idempotencyKey"] = "once", name
		first := asSent(sendInput(mina, c.to))
		c.happens(first)
		before := written(t, site)
		again := sendInput(mina, c.to).NoErrors()
		equal(t, name+": the cursor", first.cursor, again.Get("sendNote.cursor"))
		equal(t, name+": rows before and after", before, written(t, site))
		equal(t, name+": the text", c.body, again.Get("sendNote.note.body"))
		equal(t, name+": the edge", again.Get("sendNote.note.id"), again.Get("sendNote.noteEdge.node.id"))
		there := mina.Do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": first.id}).NoErrors()
		equal(t, name+": what node gives", there.Get("node.id"), again.Get("sendNote.note.id"))
		c.to["body"] = "twice"
		equal(t, name+": another input", []string{"CONFLICT idempotencyKey"}, sendInput(mina, c.to).UserErrors("sendNote"))
		unblock(hana, mina)
	}
}

// What its author cannot see cannot be answered either, as if it did not exist.
func TestAnsweringWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	id, lounge := group(mina, "g", joon), room(mina, "lounge")
	join(hana, "lounge")
	early, deleted, unsent := answer(mina, id, "before hana came"), answer(joon, id, "deleted"), answer(joon, id, "unsent")
	public := answer(mina, lounge, "in the room")
	deleteNote(mina, deleted.id).NoErrors()
	unsendNote(joon, unsent.id).NoErrors()
	mina.Do(addParticipants, vars{"in": vars{"conversationId": id, "userIds": []string{hana.ID}}}).NoErrors()
	to := func(conversation, note string) vars {
		return vars{"conversationId": conversation, "body": "re", "replyToId": note}
	}
	asSent(sendInput(hana, to(lounge, public.id)))
	block(hana, mina)
	refusedAll(t, site, sendNote, "sendNote",
		refusal{"deleted on her side", mina, to(id, deleted.id), "NOT_FOUND replyToId"},
		refusal{"written before she came", hana, to(id, early.id), "NOT_FOUND replyToId"},
		refusal{"by whom she has blocked", hana, to(lounge, public.id), "NOT_FOUND replyToId"},
	)
	equal(t, "others can", early.id, sendInput(joon, to(id, early.id)).NoErrors().Get("sendNote.note.replyTo.id"))
	equal(t, "and what remains of an unsent one", unsent.id, sendInput(mina, to(id, unsent.id)).NoErrors().Get("sendNote.note.replyTo.id"))
}

// TestAllThatIsWrongWithANoteAtOnce: a form is mended in one go.
func TestAllThatIsWrongWithANoteAtOnce(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	mine, foreign := write(mina, "mine", joon), write(joon, "foreign", hana)
	id := group(mina, "g", joon)
	lounge := room(joon, "lounge")
	block(hana, mina)
	refusedAll(t, site, sendNote, "sendNote",
		refusal{"a foreign conversation", mina, vars{"conversationId": foreign.conversation, "body": ""}, "REQUIRED body, NOT_FOUND conversationId"},
		refusal{"a room that was not joined", mina, vars{"conversationId": lounge, "body": long(10_001)}, "TOO_LONG body, NOT_ALLOWED conversationId"},
		refusal{"a foreign note", mina, vars{"conversationId": mine.conversation, "body": "", "replyToId": foreign.id}, "REQUIRED body, NOT_FOUND replyToId"},
		refusal{"no user", mina, vars{"toUserIds": []string{noUserID}, "body": " ", "idempotencyKey": ""}, "REQUIRED body, INVALID idempotencyKey, NOT_FOUND toUserIds"},
		refusal{"who has blocked her", mina, vars{"toUserIds": []string{hana.ID}, "body": "a\u0001"}, "INVALID body, NOT_ALLOWED toUserIds"},
		refusal{"only the text, to somebody new", hana, vars{"toUserIds": []string{joon.ID, site.User(t, "sora").ID}, "body": ""}, "REQUIRED body"},
	)
	refusedAll(t, site, `mutation($in: EditNoteInput!) { editNote(input: $in) { `+noteFields+` } }`, "editNote",
		refusal{"no note", mina, vars{"noteId": "junk", "body": ""}, "REQUIRED body, NOT_FOUND noteId"},
		refusal{"another's", joon, vars{"noteId": mine.id, "body": ""}, "REQUIRED body, NOT_ALLOWED noteId"},
		refusal{"only the text", mina, vars{"noteId": mine.id, "body": ""}, "REQUIRED body"},
	)
	refusedAll(t, site, createGroup, "createGroup",
		refusal{"no user", mina, vars{"userIds": []string{noUserID}, "title": ""}, "REQUIRED title, NOT_FOUND userIds"},
		refusal{"who has blocked her", mina, vars{"userIds": []string{hana.ID}, "title": ""}, "REQUIRED title, NOT_ALLOWED userIds"},
		refusal{"only the title", mina, vars{"userIds": []string{joon.ID}, "title": ""}, "REQUIRED title"},
	)
	refusedAll(t, site, renameConversation, "renameConversation",
		refusal{"no conversation", mina, vars{"conversationId": "junk", "title": ""}, "REQUIRED title, NOT_FOUND conversationId"},
		refusal{"another's", joon, vars{"conversationId": id, "title": ""}, "REQUIRED title, NOT_ALLOWED conversationId"},
		refusal{"only the title", mina, vars{"conversationId": id, "title": ""}, "REQUIRED title"},
	)
	refusedAll(t, site, addParticipants, "addParticipants",
		refusal{"no conversation", mina, vars{"conversationId": "junk", "userIds": []string{}}, "REQUIRED userIds, NOT_FOUND conversationId"},
		refusal{"a direct one", mina, vars{"conversationId": mine.conversation, "userIds": []string{}}, "REQUIRED userIds, NOT_ALLOWED conversationId"},
		refusal{"only the users", mina, vars{"conversationId": id, "userIds": []string{}}, "REQUIRED userIds"},
	)
}
