package postgres

import (
	"database/sql/driver"
	"encoding/hex"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// UUIDs is a uuid[], as a parameter or as a column.
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

// Scan reads the array.
func (a *UUIDs) Scan(src any) error { return pq.GenericArray{A: (*[]uuid.UUID)(a)}.Scan(src) }
