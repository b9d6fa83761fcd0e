package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Notification is one line of a user's bell: what happened to one subject, by how many people. While it is
// open, the same again makes it grow instead of adding a line. Written under that user's mailbox lock only.
type Notification struct{ ent.Schema }

// Fields of Notification.
func (Notification) Fields() []ent.Field {
	return []ent.Field{
		key(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").Values("NOTE", "COMMENT", "REPLY", "MENTION", "LIKE", "CUSTOM").Immutable(),
		field.Enum("subject_kind").Values("CONVERSATION", "NOTE", "POST", "COMMENT").Optional().Nillable().Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("group_key").Immutable().SchemaType(plainText),
		field.Bool("is_open").Default(true),
		field.Int("count").Default(0).Comment("causes: comments, likes, notes"),
		field.Int("actor_count").Default(0).Comment("different people among the causes"),
		field.Bool("is_seen").Default(false),
		field.Bool("is_read").Default(false),
		field.Bool("is_archived").Default(false),
		field.Int64("position"),
		createdAt(),
		field.Time("updated_at").SchemaType(timestamp),
		field.Time("read_at").Optional().Nillable().SchemaType(timestamp).
			Comment("when it was last read, put away or taken back; null for what was read before this was kept"),
	}
}

// Edges of Notification.
func (Notification) Edges() []ent.Edge { return []ent.Edge{owned("user", User.Type, "user_id")} }

// Indexes of Notification.
func (Notification) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "group_key").Unique().Annotations(entsql.IndexWhere("is_open")),
		index.Fields("user_id", "position"),
		index.Fields("user_id", "position").StorageKey("notification_unseen").
			Annotations(entsql.IndexWhere("NOT is_seen")),
		index.Fields("user_id", "position").StorageKey("notification_unread").
			Annotations(entsql.IndexWhere("NOT is_read")),
		index.Fields("read_at", "updated_at").StorageKey("notification_read").
			Annotations(entsql.IndexWhere("is_read")),
		index.Fields("subject_id", "user_id"),
	}
}
