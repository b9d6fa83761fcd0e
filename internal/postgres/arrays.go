package postgres

import (
	"database/sql/driver"
	"encoding/hex"

	"github.com/google/uuid"
)

// UUIDs is a uuid[] parameter.
type UUIDs []uuid.UUID

// Value writes the array as Postgres reads it; the nil UUID becomes NULL.
func (a UUIDs) Value() (driver.Value, error) {
	b := make([]byte, 0, 2+len(a)*33)
	b = append(b, '{')
	for i, id := range a {
		if i > 0 {
			b = append(b, ',')
		}
		if id == uuid.Nil {
			b = append(b, "NULL"...)
		} else {
			b = hex.AppendEncode(b, id[:]) // Postgres reads a UUID without hyphens
		}
	}
	return string(append(b, '}')), nil
}
