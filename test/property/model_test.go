package property_test

import "slices"

// model is who may see what, kept in the simplest way that says it.
type model struct {
	conversations []*conversation
	notes         []*note
	blocks        map[[2]int]bool // who has blocked whom
	posts         []*post
	gone          []*post // those that were deleted
	quiet         map[quiet]bool
}

type conversation struct {
	id, kind string
	by       int // who began it
	members  map[int]*member
	notes    []*note
}

type member struct {
	joined   int // how many notes there were when the user joined
	declined bool
}

type note struct {
	id, body  string
	in        *conversation
	seq       int
	author    int
	edited    bool
	unsent    bool
	delivered map[int]bool // who was sent it
	deleted   map[int]bool // who has deleted it on their side
}

func (m *model) conversation(id string) *conversation {
	for _, c := range m.conversations {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (m *model) apart(a, b int) bool { return m.blocks[[2]int{a, b}] || m.blocks[[2]int{b, a}] }

// sees says that a user may see a conversation.
func (m *model) sees(user int, c *conversation) bool {
	if c.kind == "ROOM" {
		return true
	}
	if c.members[user] == nil {
		return false
	}
	if c.kind == "DIRECT" {
		for other := range c.members {
			if m.apart(user, other) {
				return false
			}
		}
	}
	return true
}

// reads says that a user may see a note.
func (m *model) reads(user int, n *note) bool {
	switch {
	case !m.sees(user, n.in), n.deleted[user], m.apart(user, n.author):
		return false
	case n.in.kind == "ROOM":
		return true
	}
	return n.seq > n.in.members[user].joined
}

// boxed says that a note stands in one of the boxes of a user.
func (m *model) boxed(user int, n *note) bool {
	if n.author == user {
		return m.reads(user, n)
	}
	return m.reads(user, n) && n.delivered[user] && !n.in.members[user].declined
}

// add writes a note.
func (m *model) add(c *conversation, author int, id, body string) {
	n := &note{id: id, body: body, in: c, author: author, seq: len(c.notes) + 1, delivered: map[int]bool{}, deleted: map[int]bool{}}
	for user, mem := range c.members {
		n.delivered[user] = c.kind != "ROOM" && user != author && !mem.declined && !m.apart(user, author)
	}
	c.members[author].declined = false
	c.notes = append(c.notes, n)
	m.notes = append(m.notes, n)
}

// decline has nothing more arrive until the user writes.
func (c *conversation) decline(user int) { c.members[user].declined = true }

func (c *conversation) seqs() int { return len(c.notes) }

// leave takes a user out of a conversation.
func (m *model) leave(c *conversation, user int) {
	delete(c.members, user)
	for _, n := range c.notes {
		delete(n.delivered, user)
	}
}

// join adds a user to a conversation; one who is in it already stays as they were.
func (m *model) join(c *conversation, user int) {
	if c.members[user] == nil {
		c.members[user] = &member{joined: len(c.notes)}
	}
}

// boxes are the ids of the notes that all boxes of a user hold, each with its text.
func (m *model) boxes(user int) map[string]string {
	found := map[string]string{}
	for _, n := range m.notes {
		if m.boxed(user, n) {
			found[n.id] = n.body
		}
	}
	return found
}

// visible are the ids of a conversation's notes that a user may see, the newest first.
func (m *model) visible(user int, c *conversation) []string {
	list := []string{}
	for _, n := range slices.Backward(c.notes) {
		if m.reads(user, n) {
			list = append(list, n.id)
		}
	}
	return list
}
