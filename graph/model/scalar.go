package model

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/notewire/notewire/internal/problem"
)

const dateTime = "2006-01-02T15:04:05.000Z"

// MarshalDateTime writes a moment as RFC 3339 does, in UTC, with three fraction digits.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(t.UTC().AppendFormat(make([]byte, 0, len(dateTime)+2), `"`+dateTime+`"`))
	})
}

// UnmarshalDateTime reads RFC 3339, and nothing that only resembles it.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, problem.New(problem.BadUserInput, "A DateTime is a string like %q.", dateTime)
	}
	t, err := time.Parse(time.RFC3339, s)
	// time.Parse also takes a comma before the fraction and a one-digit hour.
	if err != nil || len(s) < 20 || len(s) > 19 && s[19] == ',' {
		return time.Time{}, problem.New(problem.BadUserInput, "A DateTime is written as RFC 3339 has it, like %q.", dateTime)
	}
	return t.UTC(), nil
}

// MarshalUserErrorCode writes the code of a user error.
func MarshalUserErrorCode(c problem.UserCode) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(c))) })
}

// UnmarshalUserErrorCode is required by the generator; no input has such a code.
func UnmarshalUserErrorCode(v any) (problem.UserCode, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("a UserErrorCode is a string")
	}
	return problem.UserCode(s), nil
}

// gqlgen's own scalars take a number for a string, and a string for a number. The specification does not
// (https://spec.graphql.org/October2021/#sec-Scalars.Input-Coercion), and a body that was a number by mistake
// would be stored as one.

// MarshalString writes a string.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads a string and nothing else.
func UnmarshalString(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	if v == nil {
		return "", problem.New(problem.BadUserInput, "This must not be null.")
	}
	return "", problem.New(problem.BadUserInput, "This must be a string.")
}

// MarshalID writes an identifier.
func MarshalID(id string) graphql.Marshaler { return graphql.MarshalString(id) }

// UnmarshalID reads an identifier: a string or, as the specification has it, an integer.
func UnmarshalID(v any) (string, error) {
	switch id := v.(type) {
	case string:
		return id, nil
	case int64:
		return strconv.FormatInt(id, 10), nil
	case json.Number:
		if n, err := id.Int64(); err == nil {
			return strconv.FormatInt(n, 10), nil
		}
	}
	return "", problem.New(problem.BadUserInput, "This must be an identifier, which is a string.")
}

// MarshalInt writes a number.
func MarshalInt(n int) graphql.Marshaler { return graphql.MarshalInt(n) }

// UnmarshalInt reads a whole number of 32 bits.
func UnmarshalInt(v any) (int, error) {
	switch n := v.(type) {
	case int64:
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			return int(n), nil
		}
	case json.Number:
		if i, err := strconv.ParseInt(n.String(), 10, 32); err == nil {
			return int(i), nil
		}
	}
	return 0, problem.New(problem.BadUserInput, "This must be a whole number of 32 bits.")
}
