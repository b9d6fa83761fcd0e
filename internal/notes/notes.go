// Package notes is conversations and the notes in them.
package notes

import (
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/search"
	"github.com/notewire/notewire/internal/stream"
)

// Kind is the kind of a conversation.
type Kind string

// The kinds of conversations.
const (
	Direct Kind = "DIRECT" // between two; one for each pair
	Group  Kind = "GROUP"  // at most MaxParticipants
	Room   Kind = "ROOM"   // public; its notes stand in a log of its own
)

// Role is what a participant may do.
type Role string

// The roles.
const (
	Owner  Role = "OWNER"
	Member Role = "MEMBER"
)

// State is how a user stands to a conversation that somebody else has begun.
type State string

// The states.
const (
	Active   State = "ACTIVE"
	Request  State = "REQUEST"  // a stranger began it: it waits apart, and raises no notifications
	Declined State = "DECLINED" // nothing of it arrives
)

// Note is one message.
type Note struct {
	ID             uuid.UUID
	ConversationID uuid.UUID
	Seq            int64     // 1, 2, 3 ... in its conversation
	SenderID       uuid.UUID // nil when the account is gone
	Position       int64     // of the event NoteSent in the sender's log
	Body           string
	ReplyToID      uuid.UUID // nil when it answers none
	CreatedAt      time.Time
	EditedAt       *time.Time
	UnsentAt       *time.Time
	IdempotencyKey *string
}

// GlobalID is the identifier that clients see.
func (n *Note) GlobalID() string { return ids.Encode(ids.Note, n.ID) }

// Evidence is what a report keeps of a note.
func (n *Note) Evidence() string { return n.Body }

// Conversation is a conversation as one viewer sees it: a participant, or who looks into a room.
type Conversation struct {
	ID               uuid.UUID
	Kind             Kind
	Name             *string
	Title            *string
	ParticipantCount int
	LastNoteID       uuid.UUID // the newest that the viewer may see; nil when there is none
	CreatedAt        time.Time
	UpdatedAt        time.Time
	UnreadCount      int
	ParticipantID    uuid.UUID // the viewer's own part; nil for who only looks into a room
	State            State
	IsMuted          bool
	IsArchived       bool
	Position         int64 // of its latest note in the viewer's log: the order of the conversations
}

// IsKept says that it stands in one of the viewer's lists: the viewer takes part, and has not declined to.
func (c *Conversation) IsKept() bool { return c.ParticipantID != uuid.Nil && c.State != Declined }

// IsRequest says that a stranger has begun it and waits for the viewer.
func (c *Conversation) IsRequest() bool { return c.State == Request }

// GlobalID is the identifier that clients see.
func (c *Conversation) GlobalID() string { return ids.Encode(ids.Conversation, c.ID) }

// Participant is a user's part in a conversation.
type Participant struct {
	ID             uuid.UUID
	ConversationID uuid.UUID
	UserID         uuid.UUID
	Role           Role
	JoinedAt       time.Time
	LastReadSeq    int64 // seq of the newest note that was read; 0 when none was
}

// GlobalID is the identifier that clients see.
func (p *Participant) GlobalID() string { return ids.Encode(ids.Participant, p.ID) }

// Notes serves the conversations of one database.
type Notes struct {
	db   *postgres.DB
	log  *stream.Log
	bell *notify.Bell
	Walk int // how many notes of a box a search looks through before it asks the index
}

// New serves the conversations of db.
func New(db *postgres.DB, log *stream.Log, bell *notify.Bell) *Notes {
	return &Notes{db: db, log: log, bell: bell, Walk: search.Newest}
}
