package property_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// operations are what users do. Each says whether it was done: what is refused changes nothing, which is
// then checked like everything else.
var operations = map[string]func(*rapid.T, *world, *person) bool{
	"send to one":      sendToOne,
	"send to several":  sendToSeveral,
	"answer":           answer,
	"send again":       sendAgain,
	"read":             read,
	"edit":             edit,
	"unsend":           unsend,
	"delete":           deleteNote,
	"archive":          archive,
	"mute":             mute,
	"make a group":     makeGroup,
	"rename":           rename,
	"add":              add,
	"remove":           remove,
	"leave":            leave,
	"make a room":      makeRoom,
	"join a room":      joinRoom,
	"accept":           accept,
	"decline":          decline,
	"block":            block,
	"unblock":          unblock,
	"see the bell":     seeBell,
	"read the bell":    readBell,
	"read one in bell": readOneInBell,
	"unread in bell":   unreadInBell,
	"archive in bell":  archiveInBell,
	"prefer":           prefer,
	"post":             writePost,
	"comment":          comment,
	"reply":            reply,
	"like":             like,
	"unlike":           unlike,
	"watch":            watch,
	"edit a post":      editPost,
	"edit a comment":   editComment,
	"delete a post":    deletePost,
	"delete a comment": deleteComment,
}

func (w *world) fresh(kind string) string {
	w.texts++
	return fmt.Sprintf("%s %d", kind, w.texts)
}

func (w *world) other(t *rapid.T, p *person) *person {
	return w.people[(p.n+rapid.IntRange(1, users-1).Draw(t, "other"))%users]
}

func (p *person) id() string { return p.at[0].ID }

// someConversation is mostly one of the user's, but any may be tried.
func (w *world) someConversation(t *rapid.T, p *person) *conversation {
	return mostly(t, "conversation", w.model.conversations, func(c *conversation) bool { return c.members[p.n] != nil })
}

// someNote is mostly a late one by the user.
func (w *world) someNote(t *rapid.T, p *person) *note {
	return mostly(t, "note", w.model.notes, func(n *note) bool { return n.author == p.n && n.in.seqs()-n.seq < 4 })
}

func mostly[T any](t *rapid.T, what string, list []*T, is func(*T) bool) *T {
	var likely []*T
	for _, v := range list {
		if is(v) {
			likely = append(likely, v)
		}
	}
	if len(likely) == 0 || rapid.IntRange(0, 9).Draw(t, "any "+what) == 9 {
		likely = list
	}
	if len(likely) == 0 {
		return nil
	}
	return likely[rapid.IntRange(0, len(likely)-1).Draw(t, what)]
}

const sent = `note { id conversation { id kind } } cursor`

// note keeps what sending a note has made: perhaps a conversation, too.
func (w *world) note(by *person, payload object, body string, members ...*person) {
	n := payload["note"].(object)
	conv := n["conversation"].(object)
	c := w.model.conversation(conv["id"].(string))
	if c == nil {
		c = &conversation{id: conv["id"].(string), kind: conv["kind"].(string), by: by.n, members: map[int]*member{}}
		for _, m := range append(members, by) {
			c.members[m.n] = &member{}
		}
		w.model.conversations = append(w.model.conversations, c)
	}
	w.model.add(c, by.n, n["id"].(string), body)
}

func sendToOne(t *rapid.T, w *world, p *person) bool {
	to, body := w.other(t, p), w.fresh("to one")
	payload := p.do(t, "sendNote", object{"toUserIds": []string{to.id()}, "body": body}, sent)
	if apart := w.model.apart(p.n, to.n); apart == (payload != nil) {
		t.Fatalf("blocked: %v, and the note %v", apart, payload)
	}
	if payload == nil {
		return false
	}
	w.note(p, payload, body, to)
	return true
}

func sendToSeveral(t *rapid.T, w *world, p *person) bool {
	to, body := []*person{w.other(t, p)}, w.fresh("to several")
	if second := w.other(t, p); second != to[0] {
		to = append(to, second)
	} else {
		return false
	}
	payload := p.do(t, "sendNote", object{"toUserIds": []string{to[0].id(), to[1].id()}, "body": body}, sent)
	if payload == nil {
		return false
	}
	w.note(p, payload, body, to...)
	return true
}

func answer(t *rapid.T, w *world, p *person) bool {
	c := w.someConversation(t, p)
	if c == nil {
		return false
	}
	body := w.fresh("answer") + " @" + w.other(t, p).at[0].Username
	in := object{"conversationId": c.id, "body": body}
	if n := w.someNote(t, p); n != nil && n.in == c && w.model.reads(p.n, n) && rapid.Bool().Draw(t, "reply") {
		in["replyToId"] = n.id
	}
	payload := p.do(t, "sendNote", in, sent)
	if may := c.members[p.n] != nil && w.model.sees(p.n, c); may != (payload != nil) {
		t.Fatalf("may: %v, and the note %v", may, payload)
	}
	if payload == nil {
		return false
	}
	w.note(p, payload, body)
	return true
}

func sendAgain(t *rapid.T, w *world, p *person) bool {
	c := w.someConversation(t, p)
	if c == nil || c.members[p.n] == nil {
		return false
	}
	body := w.fresh("again")
	in := object{"conversationId": c.id, "body": body, "idempotencyKey": body}
	first := p.do(t, "sendNote", in, sent)
	if first == nil {
		return false
	}
	second := p.do(t, "sendNote", in, sent)
	if text(first) != text(second) {
		t.Fatalf("the same key gave %v and %v", first, second)
	}
	w.note(p, first, body)
	return true
}

func read(t *rapid.T, w *world, p *person) bool {
	c := w.someConversation(t, p)
	if c == nil {
		return false
	}
	in := object{"conversationId": c.id}
	if n := w.someNote(t, p); n != nil && n.in == c {
		in["upToNoteId"] = n.id
	}
	return p.do(t, "markConversationRead", in, "cursor") != nil
}

func edit(t *rapid.T, w *world, p *person) bool {
	n := w.someNote(t, p)
	if n == nil {
		return false
	}
	body := w.fresh("edited")
	done := p.do(t, "editNote", object{"noteId": n.id, "body": body}, "cursor") != nil
	if may := n.author == p.n && w.model.reads(p.n, n) && !n.unsent; done != may && (done || n.in.members[p.n] != nil) {
		t.Fatalf("may edit: %v, done: %v", may, done)
	}
	if done {
		n.body, n.edited = body, true
	}
	return done
}

func unsend(t *rapid.T, w *world, p *person) bool {
	n := w.someNote(t, p)
	if n == nil {
		return false
	}
	done := p.do(t, "unsendNote", object{"noteId": n.id}, "cursor") != nil
	if done && n.author != p.n {
		t.Fatalf("%d has unsent a note of %d", p.n, n.author)
	}
	if done {
		n.body, n.unsent = "", true
	}
	return done
}

func deleteNote(t *rapid.T, w *world, p *person) bool {
	n := w.someNote(t, p)
	if n == nil {
		return false
	}
	done := p.do(t, "deleteNote", object{"noteId": n.id}, "cursor") != nil
	if done {
		n.deleted[p.n] = true
	}
	return done
}

func archive(t *rapid.T, w *world, p *person) bool {
	c := w.someConversation(t, p)
	return c != nil && p.do(t, "archiveConversation", object{"conversationId": c.id, "archived": rapid.Bool().Draw(t, "archived")}, "cursor") != nil
}

func mute(t *rapid.T, w *world, p *person) bool {
	c := w.someConversation(t, p)
	return c != nil && p.do(t, "muteConversation", object{"conversationId": c.id, "muted": rapid.Bool().Draw(t, "muted")}, "cursor") != nil
}

func makeGroup(t *rapid.T, w *world, p *person) bool {
	to := w.other(t, p)
	payload := p.do(t, "createGroup", object{"title": w.fresh("group"), "userIds": []string{to.id()}}, "conversation { id kind }")
	if payload == nil {
		return false
	}
	c := &conversation{id: payload["conversation"].(object)["id"].(string), kind: "GROUP", by: p.n, members: map[int]*member{p.n: {}, to.n: {}}}
	w.model.conversations = append(w.model.conversations, c)
	return true
}

func rename(t *rapid.T, w *world, p *person) bool {
	c := mostly(t, "conversation", w.model.conversations, func(c *conversation) bool { return c.kind == "GROUP" && c.members[p.n] != nil })
	return c != nil && p.do(t, "renameConversation", object{"conversationId": c.id, "title": w.fresh("title")}, "cursor") != nil
}

func add(t *rapid.T, w *world, p *person) bool {
	c, to := w.someConversation(t, p), w.other(t, p)
	if c == nil || p.do(t, "addParticipants", object{"conversationId": c.id, "userIds": []string{to.id()}}, "cursor") == nil {
		return false
	}
	w.model.join(c, to.n)
	return true
}

func remove(t *rapid.T, w *world, p *person) bool {
	// Who may is mostly who began it.
	c := mostly(t, "conversation", w.model.conversations, func(c *conversation) bool {
		return c.by == p.n && c.kind != "DIRECT" && len(c.members) > 1
	})
	if c == nil {
		return false
	}
	whom := mostly(t, "member", w.people, func(q *person) bool { return q != p && c.members[q.n] != nil })
	if p.do(t, "removeParticipant", object{"conversationId": c.id, "userId": whom.id()}, "cursor") == nil {
		return false
	}
	w.model.leave(c, whom.n)
	return true
}

func leave(t *rapid.T, w *world, p *person) bool {
	c := w.someConversation(t, p)
	if c == nil || p.do(t, "leaveConversation", object{"conversationId": c.id}, "cursor") == nil {
		return false
	}
	w.model.leave(c, p.n)
	return true
}

func makeRoom(t *rapid.T, w *world, p *person) bool {
	w.texts++
	name := fmt.Sprintf("%s-room-%d", p.at[0].Username, w.texts)
	payload := p.do(t, "createRoom", object{"name": name}, "conversation { id }")
	if payload == nil {
		return false
	}
	w.model.conversations = append(w.model.conversations, &conversation{id: payload["conversation"].(object)["id"].(string), kind: "ROOM", by: p.n, members: map[int]*member{p.n: {}}})
	return true
}

func joinRoom(t *rapid.T, w *world, p *person) bool {
	c := mostly(t, "conversation", w.model.conversations, func(c *conversation) bool { return c.kind == "ROOM" })
	if c == nil || p.do(t, "joinRoom", object{"roomId": c.id}, "cursor") == nil {
		return false
	}
	if c.kind != "ROOM" {
		t.Fatalf("%d has joined what is no room", p.n)
	}
	w.model.join(c, p.n)
	return true
}

func accept(t *rapid.T, w *world, p *person) bool {
	c := w.someConversation(t, p)
	if c == nil || p.do(t, "acceptRequest", object{"conversationId": c.id}, "cursor") == nil {
		return false
	}
	c.members[p.n].declined = false
	return true
}

func decline(t *rapid.T, w *world, p *person) bool {
	waiting := p.requests(t)
	c := mostly(t, "conversation", w.model.conversations, func(c *conversation) bool { return waiting[c.id] })
	if c == nil || p.do(t, "declineRequest", object{"conversationId": c.id}, "cursor") == nil {
		return false
	}
	c.decline(p.n)
	return true
}

func block(t *rapid.T, w *world, p *person) bool {
	// Seldom: otherwise nobody could do anything with anybody after a while.
	whom := w.other(t, p)
	if rapid.IntRange(0, 1).Draw(t, "angry") > 0 {
		return false
	}
	before := map[*person]map[string]bool{p: p.requests(t), whom: whom.requests(t)}
	if p.do(t, "blockUser", object{"userId": whom.id()}, "cursor") == nil {
		return false
	}
	w.model.blocks[[2]int{p.n, whom.n}] = true
	w.model.forgetMentions(p.n, whom.n)
	for q, waited := range before { // what the other has begun and was not accepted is declined
		after := q.requests(t)
		for id := range waited {
			if c := w.model.conversation(id); !after[id] && c.kind == "GROUP" {
				c.decline(q.n)
			}
		}
	}
	return true
}

func (p *person) requests(t *rapid.T) map[string]bool {
	found := map[string]bool{}
	for _, c := range nodes(p.ask(t, fetchAll, nil)["viewer"].(object), "requests") {
		found[c["id"].(string)] = true
	}
	return found
}

func unblock(t *rapid.T, w *world, p *person) bool {
	// Few have blocked anybody: one of them does it, mostly.
	p = mostly(t, "blocker", w.people, func(q *person) bool {
		return slices.ContainsFunc(w.people, func(o *person) bool { return w.model.blocks[[2]int{q.n, o.n}] })
	})
	whom := mostly(t, "blocked", w.people, func(o *person) bool { return w.model.blocks[[2]int{p.n, o.n}] })
	if whom == p {
		return false
	}
	if p.do(t, "unblockUser", object{"userId": whom.id()}, "cursor") == nil {
		return false
	}
	was := w.model.blocks[[2]int{p.n, whom.n}]
	delete(w.model.blocks, [2]int{p.n, whom.n})
	return was
}
