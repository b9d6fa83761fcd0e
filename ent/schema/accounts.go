package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// User is an account: a person or a bot.
type User struct{ ent.Schema }

// Fields of User.
func (User) Fields() []ent.Field {
	return []ent.Field{
		key(),
		field.String("username").Unique().SchemaType(plainText),
		field.String("display_name").SchemaType(plainText),
		field.String("avatar_url").Optional().Nillable().SchemaType(plainText),
		field.String("password_hash").Optional().Nillable().Sensitive().SchemaType(plainText).
			Comment("a PHC string; null for accounts that do not log in here"),
		field.Bool("is_bot").Default(false),
		field.Bool("shares_read_marks").Default(true).Comment("false: nobody sees what this user has read, nor does this user see what others have"),
		createdAt(),
	}
}

// Token is what a client shows to act as a user: a session made by login, or a token made for a program.
type Token struct{ ent.Schema }

// Fields of Token.
func (Token) Fields() []ent.Field {
	return []ent.Field{
		key(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").Values("SESSION", "API").Immutable(),
		field.Bytes("hash").Unique().Immutable().Sensitive().
			Comment("SHA-256 of the secret; the secret itself is nowhere"),
		createdAt(),
		field.Time("expires_at").SchemaType(timestamp),
	}
}

// Edges of Token.
func (Token) Edges() []ent.Edge {
	return []ent.Edge{owned("user", User.Type, "user_id")}
}

// Indexes of Token.
func (Token) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id"), index.Fields("expires_at")}
}
