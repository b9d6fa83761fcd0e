package model

import (
	"fmt"
	"io"
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
		return time.Time{}, fmt.Errorf("a DateTime is a string like %q", dateTime)
	}
	t, err := time.Parse(time.RFC3339, s)
	// time.Parse also takes a comma before the fraction and a one-digit hour.
	if err != nil || len(s) < 20 || len(s) > 19 && s[19] == ',' {
		return time.Time{}, fmt.Errorf("a DateTime is written as RFC 3339 has it, like %q", dateTime)
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
