package access

import (
	"entgo.io/ent/dialect/sql"

	"github.com/notewire/notewire/ent/notification"
	"github.com/notewire/notewire/ent/participant"
	"github.com/notewire/notewire/ent/predicate"
)

// Participant holds for the participants of the conversations that the viewer takes part in.
func Participant(v Viewer) predicate.Participant {
	return func(s *sql.Selector) { s.Where(participates(v, s.C(participant.FieldConversationID))) }
}

// Notification holds for the viewer's own notifications.
func Notification(v Viewer) predicate.Notification { return notification.UserID(v.UserID) }

func participates(v Viewer, conversationID string) *sql.Predicate {
	p := sql.Table(participant.Table).As("mine")
	return sql.Exists(sql.Select().From(p).Where(sql.And(
		sql.ColumnsEQ(p.C(participant.FieldConversationID), conversationID),
		sql.EQ(p.C(participant.FieldUserID), v.UserID),
	)))
}

// For statements written by hand, the same rules as SQL. The viewer's user id is $1.
const (
	// MyConversations holds the viewer's part in each conversation (mine) and the conversation (c).
	MyConversations = `participants AS mine JOIN conversations AS c ON c.id = mine.conversation_id AND mine.user_id = $1`
	// NoteVisible holds for a row n of notes that the viewer may see.
	NoteVisible = `EXISTS (SELECT FROM participants AS mine WHERE mine.conversation_id = n.conversation_id AND mine.user_id = $1)`
)
