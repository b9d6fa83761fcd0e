// Package model is the types that the API has of its own: pages, events, payloads, scalars. Everything
// else in the schema is bound to the types of the domain.
package model

import (
	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/stream"
)

// The connections of the API and their edges.
type (
	UserConnection         = page.Page[*accounts.User]
	UserEdge               = page.Edge[*accounts.User]
	SessionConnection      = page.Page[*accounts.SessionInfo]
	SessionEdge            = page.Edge[*accounts.SessionInfo]
	ConversationConnection = page.Page[*notes.Conversation]
	ConversationEdge       = page.Edge[*notes.Conversation]
	ParticipantConnection  = page.Page[*notes.Participant]
	ParticipantEdge        = page.Edge[*notes.Participant]
	NoteConnection         = page.Page[*notes.Note]
	NoteEdge               = page.Edge[*notes.Note]
	PostConnection         = page.Page[*board.Post]
	PostEdge               = page.Edge[*board.Post]
	CommentConnection      = page.Page[*board.Comment]
	CommentEdge            = page.Edge[*board.Comment]
	NotificationConnection = page.Page[*notify.Notification]
	NotificationEdge       = page.Edge[*notify.Notification]
)

// Node is any object that has an identifier: *accounts.User, *notes.Note and so on. What tells one interface
// from another here is its methods, by which gqlgen finds the type of an object.
type Node interface{ GlobalID() string }

// Likeable is a *board.Post or a *board.Comment.
type Likeable interface {
	Node
	Subject() board.Subject
}

// Reportable is a *notes.Note, a *board.Post, a *board.Comment or an *accounts.User.
type Reportable interface {
	Node
	Evidence() string
}

// The unions of the API. NotificationSubject is a *notes.Conversation, a *notes.Note, a *board.Post or a
// *board.Comment, MutableSubject a *board.Post or a *notes.Conversation, and ReportSubject a *notes.Note, a
// *board.Post, a *board.Comment or an *accounts.User.
type (
	NotificationSubject any
	MutableSubject      any
	ReportSubject       any
)

// Viewer is the signed-in user's view.
type Viewer struct {
	access.Viewer
	// Head is the end of the viewer's log, read before everything below the viewer; nil when neither the
	// cursor nor the counters were asked for.
	Head *stream.Head
}

// ID is the identifier that clients see.
func (v *Viewer) ID() string { return ids.Encode(ids.Viewer, v.UserID) }

// UnreadCounts are the counters of a viewer.
type UnreadCounts struct {
	ID                  string
	Notes               int
	Conversations       int
	Notifications       int
	UnseenNotifications int
}

// NewUnreadCounts are the counters of a user as the API shows them.
func NewUnreadCounts(user uuid.UUID, u stream.Unread) *UnreadCounts {
	return &UnreadCounts{ID: ids.Encode(ids.Unread, user), Notes: u.Notes, Conversations: u.Conversations,
		Notifications: u.Notifications, UnseenNotifications: u.Unseen}
}
