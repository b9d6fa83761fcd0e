package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Conversation is where notes are written: between two people, in a group, or in a room.
type Conversation struct{ ent.Schema }

// Fields of Conversation.
func (Conversation) Fields() []ent.Field {
	return append([]ent.Field{
		key(),
		field.Enum("kind").Values("DIRECT", "GROUP", "ROOM").Immutable(),
		field.String("pair").Optional().Nillable().Unique().Immutable().SchemaType(plainText).
			Comment("DIRECT only: both users' ids in order, so that there is one per pair"),
		field.String("name").Optional().Nillable().Unique().Immutable().SchemaType(plainText).
			Comment("ROOM only: by which it is joined, in lower case"),
		field.String("title").Optional().Nillable().SchemaType(plainText),
		field.String("folded_title").Optional().Nillable().SchemaType(plainText).
			Comment("ROOM only: the title as it is searched, in lower case"),
		field.Int("participant_count").Default(0).
			Comment("ROOM only: how many take part, written under the lock of this row; others are few and are counted"),
		field.Int64("seq").Default(0).Comment("number of notes ever written here: the newest note's seq"),
		field.UUID("last_note_id", uuid.UUID{}).Optional().Nillable(),
		createdAt(),
		field.Time("updated_at").SchemaType(timestamp),
		field.UUID("creator_id", uuid.UUID{}).Optional().Nillable(),
		field.Int64("position").Default(0).Comment("in the creator's log: the cursor of making it"),
	}, idempotent()...)
}

// Edges of Conversation.
func (Conversation) Edges() []ent.Edge {
	return []ent.Edge{orphaned("creator", User.Type, "creator_id")}
}

// Indexes of Conversation.
func (Conversation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("creator_id", "kind", "idempotency_key").Unique().
			Annotations(entsql.IndexWhere("idempotency_key IS NOT NULL")),
	}
}

// Participant is a user's side of a conversation. Its row is written under that user's mailbox lock only.
type Participant struct{ ent.Schema }

// Fields of Participant.
func (Participant) Fields() []ent.Field {
	return []ent.Field{
		key(),
		field.UUID("conversation_id", uuid.UUID{}).Immutable(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Enum("role").Values("OWNER", "MEMBER").Default("MEMBER"),
		field.Time("joined_at").SchemaType(timestamp),
		field.Int64("joined_seq").Default(0).Comment("seq of the newest note when the user joined: those up to it are not theirs to see"),
		field.Enum("state").Values("ACTIVE", "REQUEST", "DECLINED").Default("ACTIVE").
			Comment("REQUEST: a stranger began it and waits; DECLINED: nothing more arrives"),
		field.Bool("is_archived").Default(false),
		field.Bool("is_muted").Default(false),
		field.Bool("is_blocked").Default(false).Comment("DIRECT only: one of the two has blocked the other, and neither sees the conversation"),
		field.Int64("last_read_seq").Default(0).Comment("seq of the newest note that was read"),
		field.Int("unread_count").Default(0).Comment("counted inbox entries beyond last_read_seq; always 0 in a ROOM"),
		field.Int64("position").Default(0),
	}
}

// Edges of Participant.
func (Participant) Edges() []ent.Edge {
	return []ent.Edge{
		owned("conversation", Conversation.Type, "conversation_id"),
		owned("user", User.Type, "user_id"),
	}
}

// Indexes of Participant.
func (Participant) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("conversation_id", "user_id").Unique(),
		index.Fields("conversation_id", "id"),
		index.Fields("user_id", "position"),
	}
}

// Note is one message in a conversation.
type Note struct{ ent.Schema }

// Fields of Note.
func (Note) Fields() []ent.Field {
	return append([]ent.Field{
		key(),
		field.UUID("conversation_id", uuid.UUID{}).Immutable(),
		field.Int64("seq").Immutable().Comment("1, 2, 3 ... in its conversation, in commit order"),
		field.UUID("sender_id", uuid.UUID{}).Optional().Nillable(),
		field.Int64("position").Immutable().Comment("in the sender's log: the cursor of sending it"),
		field.String("body").SchemaType(plainText),
		field.UUID("reply_to_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		createdAt(),
		field.Time("edited_at").Optional().Nillable().SchemaType(timestamp),
		field.Time("unsent_at").Optional().Nillable().SchemaType(timestamp).Comment("taken back for everyone; the body is gone"),
	}, idempotent()...)
}

// Edges of Note.
func (Note) Edges() []ent.Edge {
	return []ent.Edge{
		owned("conversation", Conversation.Type, "conversation_id"),
		orphaned("sender", User.Type, "sender_id"),
	}
}

// Indexes of Note.
func (Note) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("conversation_id", "seq").Unique(),
		index.Fields("sender_id", "position"),
		index.Fields("sender_id", "idempotency_key").Unique().
			Annotations(entsql.IndexWhere("idempotency_key IS NOT NULL")),
	}
}
