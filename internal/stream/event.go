// Package stream is what happened and who hears of it: one event log per topic, written in the
// transaction that makes the event true, and read by subscriptions that are woken when there is more.
//
// The log is the truth. The broker is a doorbell between processes, and polling is the net under it:
// losing either costs time, never an event.
package stream

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
)

// Kind says what an event means. The numbers are stored.
type Kind int16

// The kinds of events. Those of a user's topic come first.
const (
	NoteReceived          Kind = 1  // subject: the note
	NoteSent              Kind = 2  // subject: the note
	NoteChanged           Kind = 3  // subject: the note, edited or unsent
	ConversationRead      Kind = 4  // subject: the conversation
	ConversationChanged   Kind = 5  // subject: the conversation, which the topic's user may have left
	NotificationReceived  Kind = 6  // subject: the notification, a new one
	NotificationGrew      Kind = 7  // subject: the notification, which the same again has made larger
	NotificationChanged   Kind = 8  // subject: the notification, seen or read
	NotificationRetracted Kind = 9  // subject: the notification, gone
	NoteDeleted           Kind = 10 // subject: the note, which the topic's user has deleted

	CommentAdded    Kind = 20 // topic: the post; subject: the comment
	RoomNoteAdded   Kind = 21 // topic: the room; subject: the note
	RoomNoteChanged Kind = 22 // topic: the room; subject: the note, edited or unsent
	CommentChanged  Kind = 23 // topic: the post; subject: the comment, edited or deleted
	PostDeleted     Kind = 24 // topic and subject: the post, of whose log this is the end
)

var kindNames = map[Kind]string{
	NoteReceived: "NoteReceived", NoteSent: "NoteSent", NoteChanged: "NoteChanged", NoteDeleted: "NoteDeleted",
	ConversationRead: "ConversationRead", ConversationChanged: "ConversationChanged",
	NotificationReceived: "NotificationReceived", NotificationGrew: "NotificationGrew",
	NotificationChanged: "NotificationChanged", NotificationRetracted: "NotificationRetracted",
	CommentAdded: "CommentAdded", RoomNoteAdded: "RoomNoteAdded", RoomNoteChanged: "RoomNoteChanged",
}

// String is the name of the kind, or its number where that is of a later version.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return strconv.Itoa(int(k))
}

// About is what the subject of such an event is, and what its topic is.
func (k Kind) About() (subject, topic ids.Kind) {
	topic = ids.User
	switch k {
	case ConversationRead, ConversationChanged:
		subject = ids.Conversation
	case NotificationReceived, NotificationGrew, NotificationChanged, NotificationRetracted:
		subject = ids.Notification
	case CommentAdded:
		subject, topic = ids.Comment, ids.Post
	case RoomNoteAdded, RoomNoteChanged:
		subject, topic = ids.Note, ids.Conversation
	default:
		subject = ids.Note
	}
	return subject, topic
}

// Unread are the counters of a mailbox.
type Unread struct {
	Notes         int // notes of others that were not read
	Conversations int // conversations with such notes
	Notifications int // notifications that were not read
	Unseen        int // notifications that were not seen, as the badge of a bell shows them
}

func (u *Unread) add(d Unread) {
	u.Notes += d.Notes
	u.Conversations += d.Conversations
	u.Notifications += d.Notifications
	u.Unseen += d.Unseen
}

// Head is the end of a topic's log.
type Head struct {
	Seq    int64 // of the newest event; 0 when there is none yet
	Unread Unread
}

// Event is one entry of a topic's log.
type Event struct {
	Topic   uuid.UUID
	Seq     int64 // 1, 2, 3 ... within the topic, in the order in which the transactions committed
	Kind    Kind
	Subject uuid.UUID
	Author  uuid.UUID // who did it; nil when nobody
	At      time.Time
	Unread  Unread // the topic's counters once the transaction of this event was done
}
