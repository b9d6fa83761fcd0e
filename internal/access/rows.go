package access

import (
	"entgo.io/ent/dialect/sql"

	"github.com/notewire/notewire/ent/comment"
	"github.com/notewire/notewire/ent/conversation"
	"github.com/notewire/notewire/ent/notification"
	"github.com/notewire/notewire/ent/participant"
	"github.com/notewire/notewire/ent/post"
	"github.com/notewire/notewire/ent/predicate"
)

// Participant holds for the participants of the conversations that the viewer takes part in, and of rooms.
func Participant(v Viewer) predicate.Participant {
	return func(s *sql.Selector) {
		s.Where(sql.Or(participates(v, s.C(participant.FieldConversationID)), isRoom(s.C(participant.FieldConversationID))))
	}
}

// Notification holds for the viewer's own notifications.
func Notification(v Viewer) predicate.Notification { return notification.UserID(v.UserID) }

// Post holds for the posts that the viewer has in lists: those whose author and the viewer see each other.
// By its identifier everybody may see any.
func Post(v Viewer) predicate.Post {
	return func(s *sql.Selector) { sees(v, s, post.FieldAuthorID) }
}

// Comment holds for the comments that the viewer has in lists and hears of, as Post does for posts.
func Comment(v Viewer) predicate.Comment {
	return func(s *sql.Selector) { sees(v, s, comment.FieldAuthorID) }
}

// CommentRemains holds for the comments that are there to be seen: those that were not deleted, and the places
// of those that were, as long as they have replies.
func CommentRemains() predicate.Comment {
	return comment.Or(comment.DeletedAtIsNil(), comment.ReplyCountGT(0))
}

// sees leaves out what was written by those whom the viewer has blocked, or who have blocked the viewer.
func sees(v Viewer, s *sql.Selector, author string) {
	if v.IsAnonymous() {
		return
	}
	b := sql.Table("blocks")
	s.Where(sql.NotExists(sql.Select().From(b).Where(sql.And(sql.EQ(b.C("user_id"), v.UserID), sql.ColumnsEQ(b.C("other_id"), s.C(author))))))
}

func participates(v Viewer, conversationID string) *sql.Predicate {
	p := sql.Table(participant.Table).As("mine")
	return sql.Exists(sql.Select().From(p).Where(sql.And(
		sql.ColumnsEQ(p.C(participant.FieldConversationID), conversationID),
		sql.EQ(p.C(participant.FieldUserID), v.UserID),
		sql.EQ(p.C(participant.FieldIsBlocked), false),
	)))
}

func isRoom(conversationID string) *sql.Predicate {
	c := sql.Table(conversation.Table).As("room")
	return sql.Exists(sql.Select().From(c).Where(sql.And(
		sql.ColumnsEQ(c.C(conversation.FieldID), conversationID),
		sql.EQ(c.C(conversation.FieldKind), conversation.KindROOM),
	)))
}

// For statements written by hand, the same rules as SQL. The viewer's user id is $1.
const (
	// MyConversations holds the viewer's part in each conversation (mine) and the conversation (c).
	MyConversations = `participants AS mine JOIN conversations AS c ON c.id = mine.conversation_id AND mine.user_id = $1 AND NOT mine.is_blocked`
	// AllConversations holds every conversation (c), and the viewer's part in it (mine) where there is one;
	// ConversationVisible holds for those that the viewer may see.
	AllConversations    = `conversations AS c LEFT JOIN participants AS mine ON mine.conversation_id = c.id AND mine.user_id = $1`
	ConversationVisible = `(c.kind = 'ROOM' OR mine.user_id IS NOT NULL AND NOT mine.is_blocked)`
	// NoteVisible holds for a row n of notes that the viewer may see: those that are told to the viewer, and
	// that the viewer has not deleted.
	NoteVisible = NoteTold + `
 AND NOT EXISTS (SELECT FROM hidden_notes AS h WHERE h.user_id = $1 AND h.note_id = n.id)`
	// NoteTold holds for a row n of notes of rooms, and of those written after the viewer joined the
	// conversation, unless the sender and the viewer do not see each other.
	NoteTold = `(EXISTS (SELECT FROM participants AS mine WHERE mine.conversation_id = n.conversation_id AND mine.user_id = $1 AND n.seq > mine.joined_seq AND NOT mine.is_blocked)
  OR EXISTS (SELECT FROM conversations AS room WHERE room.id = n.conversation_id AND room.kind = 'ROOM'))
 AND NOT EXISTS (SELECT FROM blocks AS b WHERE b.user_id = $1 AND b.other_id = n.sender_id)`
	// PostListed holds for a row p of posts as Post does.
	PostListed = `NOT EXISTS (SELECT FROM blocks AS b WHERE b.user_id = $1 AND b.other_id = p.author_id)`
)
