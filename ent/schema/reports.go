package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Report is what a user has told the moderators of something that others wrote, or of a user. It outlives its
// subject and its reporter.
type Report struct{ ent.Schema }

// Fields of Report.
func (Report) Fields() []ent.Field {
	return append([]ent.Field{
		key(),
		field.UUID("reporter_id", uuid.UUID{}).Optional().Nillable(),
		field.Enum("subject_kind").Values("NOTE", "POST", "COMMENT", "USER").Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Immutable(),
		field.String("reason").Immutable().SchemaType(plainText),
		field.String("evidence").Immutable().SchemaType(plainText).Comment("the text as it was when it was reported"),
		createdAt(),
	}, idempotent()...)
}

// Edges of Report.
func (Report) Edges() []ent.Edge { return []ent.Edge{orphaned("reporter", User.Type, "reporter_id")} }

// Indexes of Report.
func (Report) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("subject_id"),
		index.Fields("reporter_id", "idempotency_key").Unique().
			Annotations(entsql.IndexWhere("idempotency_key IS NOT NULL")),
	}
}
