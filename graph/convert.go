package graph

import (
	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/problem"
)

// refused splits what a mutation of the domain says: what a form can show becomes userErrors, and all else
// stays an error. The list is never null.
func refused(err error) ([]problem.UserError, error) {
	if list, ok := problem.AsUserErrors(err); ok {
		return list, nil
	}
	return []problem.UserError{}, err
}

// optionalID decodes an identifier that may be left out. What cannot be one becomes the nil UUID, which
// nothing has.
func optionalID(kind ids.Kind, s *string) *uuid.UUID {
	if s == nil {
		return nil
	}
	id := ids.Of(kind, *s)
	return &id
}

// idList decodes identifiers; a list that was left out stays nil.
func idList(kind ids.Kind, list []string) []uuid.UUID {
	if list == nil {
		return nil
	}
	decoded := make([]uuid.UUID, len(list))
	for i, s := range list {
		decoded[i] = ids.Of(kind, s)
	}
	return decoded
}
