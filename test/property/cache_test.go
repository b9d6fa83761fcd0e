package property_test

import (
	"encoding/json"
	"fmt"
	"maps"

	"pgregory.net/rapid"
)

const (
	conversationFields = `{ id kind name title unreadCount isMuted isArchived isRequest participantCount lastNote { id } }`
	noteFields         = `{ id body sender { id } editedAt unsentAt conversation ` + conversationFields + ` }`
	notificationFields = `{ id kind isSeen isRead isArchived count actorCount actors(first: 10) { id } updatedAt }`
	unreadFields       = `{ notes conversations notifications unseenNotifications }`
)

// pollEvents asks for what a client that keeps everything needs.
const pollEvents = `query($after: Cursor!) { events(after: $after, first: 25) { cursor hasMore events {
  __typename cursor unread ` + unreadFields + `
  ... on NoteReceived { note ` + noteFields + ` }
  ... on NoteSent { note ` + noteFields + ` }
  ... on NoteChanged { note ` + noteFields + ` }
  ... on NoteDeleted { noteId }
  ... on ConversationRemoved { conversationId }
  ... on ConversationRead { conversation ` + conversationFields + ` }
  ... on ConversationChanged { conversation ` + conversationFields + ` }
  ... on NotificationReceived { notification ` + notificationFields + ` }
  ... on NotificationChanged { notification ` + notificationFields + ` }
  ... on NotificationRetracted { notificationId }
} } }`

// fetchAll is the same, fetched afresh.
const fetchAll = `query {
  viewer { unread ` + unreadFields + ` cursor
    inbox: conversations(first: 50) { nodes ` + conversationFields + ` }
    archived: conversations(archived: true, first: 50) { nodes ` + conversationFields + ` }
    requests: conversations(requests: true, first: 50) { nodes ` + conversationFields + ` }
    subjects: notifications(first: 60) { nodes { id kind subject { __typename } } }
    notifications(first: 60) { nodes ` + notificationFields + ` }
    away: notifications(archived: true, first: 60) { nodes ` + notificationFields + ` } } }`

const fetchNotes = `query {
  viewer {
    unread: notes(box: INBOX, unreadOnly: true, first: 100) { nodes { id } }
    inbox: notes(box: INBOX, first: 100) { nodes { id body } }
    sent: notes(box: SENT, first: 100) { nodes { id body } }
    archive: notes(box: ARCHIVE, first: 100) { nodes { id body } } } }`

type object = map[string]any

// cache is what a client has that follows its events and fetches nothing again.
type cache struct {
	cursor        string
	unread        object
	conversations map[string]object
	notifications map[string]object
	lastEvent     string
}

func newCache(cursor string) *cache {
	return &cache{cursor: cursor, conversations: map[string]object{}, notifications: map[string]object{}}
}

// follow reads the events since the last time.
func (c *cache) follow(t *rapid.T, p *person) {
	for more := true; more; {
		page := p.ask(t, pollEvents, object{"after": c.cursor})["events"].(object)
		for _, e := range page["events"].([]any) {
			c.apply(t, e.(object))
		}
		c.cursor, more = page["cursor"].(string), page["hasMore"].(bool)
	}
}

func (c *cache) apply(t *rapid.T, e object) {
	if e["cursor"] == c.lastEvent {
		t.Fatalf("the event %v came twice", e)
	}
	c.lastEvent = e["cursor"].(string)
	c.unread = e["unread"].(object)
	if n, ok := e["note"].(object); ok {
		c.keepConversation(n["conversation"].(object))
	}
	if conv, ok := e["conversation"].(object); ok {
		c.keepConversation(conv)
	}
	if n, ok := e["notification"].(object); ok {
		c.notifications[n["id"].(string)] = n
	}
	switch e["__typename"] {
	case "ConversationRemoved":
		delete(c.conversations, e["conversationId"].(string))
	case "NotificationRetracted":
		delete(c.notifications, e["notificationId"].(string))
	}
}

func (c *cache) keepConversation(conv object) { c.conversations[conv["id"].(string)] = conv }

// essence is what of a conversation its participants are told: of a room, whose notes stand in a log of its
// own, only what concerns the viewer.
func essence(conversations map[string]object) map[string]string {
	list := map[string]string{}
	for id, c := range conversations {
		c = maps.Clone(c)
		if c["kind"] == "ROOM" {
			for _, field := range []string{"participantCount", "unreadCount", "lastNote", "title"} {
				delete(c, field)
			}
		}
		list[id] = text(c)
	}
	return list
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
