// Package notes is conversations and the notes in them.
package notes

import (
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// Kind is the kind of a conversation.
type Kind string

// The kinds of conversations.
const (
	Direct Kind = "DIRECT" // between two; one for each pair
	Group  Kind = "GROUP"
)

// Role is what a participant may do.
type Role string

// The roles.
const (
	Owner  Role = "OWNER"
	Member Role = "MEMBER"
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
	IdempotencyKey *string
}

// GlobalID is the identifier that clients see.
func (n *Note) GlobalID() string { return ids.Encode(ids.Note, n.ID) }

// Conversation is a conversation as one of its participants sees it.
type Conversation struct {
	ID          uuid.UUID
	Kind        Kind
	Title       *string
	LastNoteID  uuid.UUID // nil when there is none
	CreatedAt   time.Time
	UpdatedAt   time.Time
	UnreadCount int
	Position    int64 // of its latest note in the viewer's log: the order of the conversations
}

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
}

// New serves the conversations of db.
func New(db *postgres.DB, log *stream.Log, bell *notify.Bell) *Notes {
	return &Notes{db: db, log: log, bell: bell}
}
