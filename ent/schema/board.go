package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Post is an article on the board.
type Post struct{ ent.Schema }

// Fields of Post.
func (Post) Fields() []ent.Field {
	return append([]ent.Field{
		key(),
		field.UUID("author_id", uuid.UUID{}).Optional().Nillable(),
		field.String("title").SchemaType(plainText),
		field.String("body").SchemaType(plainText),
		createdAt(),
		field.Time("edited_at").Optional().Nillable().SchemaType(timestamp),
		field.Int("comment_count").Default(0).Comment("comments that are listed: deleted ones only while they have replies"),
		field.Int("like_count").Default(0),
	}, idempotent()...)
}

// Edges of Post.
func (Post) Edges() []ent.Edge { return []ent.Edge{orphaned("author", User.Type, "author_id")} }

// Indexes of Post.
func (Post) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("author_id", "id"),
		index.Fields("author_id", "idempotency_key").Unique().
			Annotations(entsql.IndexWhere("idempotency_key IS NOT NULL")),
	}
}

// Comment is an answer to a post, or to another comment of it.
type Comment struct{ ent.Schema }

// Fields of Comment.
func (Comment) Fields() []ent.Field {
	return append([]ent.Field{
		key(),
		field.UUID("post_id", uuid.UUID{}).Immutable(),
		field.UUID("parent_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.UUID("author_id", uuid.UUID{}).Optional().Nillable(),
		field.Int64("position").Immutable().Comment("in the post's log"),
		field.String("body").SchemaType(plainText),
		createdAt(),
		field.Time("edited_at").Optional().Nillable().SchemaType(timestamp),
		field.Time("deleted_at").Optional().Nillable().SchemaType(timestamp).Comment("the text and the author are gone; without replies it is listed no more"),
		field.Int("reply_count").Default(0).Comment("direct replies that are listed"),
		field.Int("like_count").Default(0),
	}, idempotent()...)
}

// Edges of Comment.
func (Comment) Edges() []ent.Edge {
	return []ent.Edge{
		owned("post", Post.Type, "post_id"),
		orphaned("author", User.Type, "author_id"),
	}
}

// Indexes of Comment.
func (Comment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("post_id", "position").Unique(),
		index.Fields("parent_id", "position").
			Annotations(entsql.IndexWhere("parent_id IS NOT NULL")),
		index.Fields("author_id", "idempotency_key").Unique().
			Annotations(entsql.IndexWhere("idempotency_key IS NOT NULL")),
	}
}

// Like is a user's liking of a post or a comment. An unliked row stays, marked, so that liking again does
// not notify a second time.
type Like struct{ ent.Schema }

// Fields of Like.
func (Like) Fields() []ent.Field {
	return []ent.Field{
		key(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Immutable(),
		createdAt(),
		field.Time("removed_at").Optional().Nillable().SchemaType(timestamp),
	}
}

// Edges of Like.
func (Like) Edges() []ent.Edge { return []ent.Edge{owned("user", User.Type, "user_id")} }

// Indexes of Like.
func (Like) Indexes() []ent.Index {
	return []ent.Index{index.Fields("subject_id", "user_id").Unique(), index.Fields("user_id")}
}
