// Package schema describes the tables. Identifiers are UUIDv7, made before the transaction so that a write
// can be repeated. There are no hooks and no computed defaults: the domain packages write every value.
//
// A column named position is a place in an event log: that of the row's owner, at the event which last
// moved the row. It is unique and in commit order, which no clock is, so lists are ordered by it.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

var (
	timestamp = map[string]string{dialect.Postgres: "timestamptz(3)"}
	plainText = map[string]string{dialect.Postgres: "text"}
)

func key() ent.Field {
	return field.UUID("id", uuid.UUID{}).Immutable()
}

func createdAt() ent.Field {
	return field.Time("created_at").Immutable().SchemaType(timestamp)
}

// owned is the edge to the row without which this one has no meaning: it goes when that goes.
func owned(name string, to any, column string) ent.Edge {
	return edge.To(name, to).Field(column).Unique().Required().Immutable().
		Annotations(entsql.OnDelete(entsql.Cascade))
}

// orphaned is the edge to a row that may go while this one stays.
func orphaned(name string, to any, column string) ent.Edge {
	return edge.To(name, to).Field(column).Unique().
		Annotations(entsql.OnDelete(entsql.SetNull))
}

// idempotent are the columns by which a repeated request finds the row that its first try made.
func idempotent() []ent.Field {
	return []ent.Field{
		field.String("idempotency_key").Optional().Nillable().Immutable().SchemaType(plainText).
			Comment("chosen by the author, unique among that author's rows of this table"),
		field.Bytes("input_hash").Optional().Immutable().
			Comment("SHA-256 of the input: the same key with another input is refused"),
	}
}
