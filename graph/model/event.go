package model

import (
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
)

// Event is something that happened to the viewer: one of the types below that embed Header.
type Event interface{ IsEvent() }

// Header is what all events of a viewer have.
type Header struct {
	Cursor     string
	OccurredAt time.Time
	Unread     *UnreadCounts
}

// IsEvent marks the types of the interface Event.
func (Header) IsEvent() {}

// The events of a viewer.
type (
	NoteReceived struct {
		Header
		Note *notes.Note
	}
	NoteSent struct {
		Header
		Note *notes.Note
	}
	NoteChanged struct {
		Header
		Note *notes.Note
	}
	NoteDeleted struct {
		Header
		NoteID string
	}
	ConversationChanged struct {
		Header
		Conversation *notes.Conversation
	}
	ConversationRemoved struct {
		Header
		ConversationID string
	}
	ConversationRead struct {
		Header
		Conversation *notes.Conversation
	}
	NotificationReceived struct {
		Header
		Notification *notify.Notification
	}
	NotificationChanged struct {
		Header
		Notification *notify.Notification
	}
	NotificationRetracted struct {
		Header
		NotificationID string
	}
)

// StreamReady says that a stream has caught up. It is no event of the log.
type StreamReady struct {
	Header
	Resumed bool
}

// UnreadChanged is the newest counters of a viewer.
type UnreadChanged struct {
	Cursor string
	Unread *UnreadCounts
}

// EventPage is a part of a viewer's log.
type EventPage struct {
	Events  []Event
	Cursor  string
	HasMore bool
}

// CommentAdded is an event of a post's log.
type CommentAdded struct {
	Cursor  string
	Comment *board.Comment
}

// RoomNoteAdded is an event of a room's log.
type RoomNoteAdded struct {
	Cursor string
	Note   *notes.Note
}

// ConversationActivity is what a user does in a conversation at this moment.
type ConversationActivity struct {
	ConversationID uuid.UUID
	UserID         uuid.UUID
	IsPresent      bool
	IsTyping       bool
	LastReadSeq    int64 // 0 when it has not moved, or is not shared
}
