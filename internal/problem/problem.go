// Package problem is what can go wrong, as a client may see it: a closed list of codes with messages that
// are safe for a stranger. The cause, which is not, stays inside for the log.
package problem

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Code says what kind of failure a GraphQL error is; clients find it in extensions.code.
type Code string

// The codes that this program gives. Those of the parser and validator are gqlgen's.
const (
	Unauthenticated Code = "UNAUTHENTICATED"
	Forbidden       Code = "FORBIDDEN"
	NotFound        Code = "NOT_FOUND"
	BadUserInput    Code = "BAD_USER_INPUT"
	RateLimited     Code = "RATE_LIMITED"
	Unavailable     Code = "UNAVAILABLE"
	CursorExpired   Code = "CURSOR_EXPIRED"
	Internal        Code = "INTERNAL_SERVER_ERROR"
)

// Error is a failure that no form can show.
type Error struct {
	Code       Code
	Message    string        // for the client; says what to do
	RetryAfter time.Duration // for RateLimited and Unavailable
	Cause      error         // for the log only; may be nil
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

func (e *Error) Unwrap() error { return e.Cause }

// New makes an Error without a cause.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Busy is the answer when the database cannot be had now: the same request may be sent again.
func Busy(cause error) *Error {
	return &Error{Code: Unavailable, RetryAfter: time.Second, Cause: cause,
		Message: "The service is busy. Send the same request again, with the same idempotencyKey if it has one."}
}

// SignIn is the answer to a private operation of nobody.
func SignIn() *Error {
	return New(Unauthenticated, "Sign in first: send the header \"Authorization: Bearer TOKEN\", with a token from login or register.")
}

// UserCode says what is wrong with one field of an input.
type UserCode string

// The codes of user errors.
const (
	Invalid          UserCode = "INVALID"
	TooLong          UserCode = "TOO_LONG"
	Required         UserCode = "REQUIRED"
	Taken            UserCode = "TAKEN"
	Missing          UserCode = "NOT_FOUND"
	NotAllowed       UserCode = "NOT_ALLOWED"
	Conflict         UserCode = "CONFLICT"
	WrongCredentials UserCode = "WRONG_CREDENTIALS"
)

// UserError is something that the author of an input can mend.
type UserError struct {
	Code    UserCode
	Message string
	Field   []string // the path within the input; nil when no field is to blame
}

// UserErrors are all that is wrong with an input. With one of them nothing was written.
type UserErrors []UserError

func (e UserErrors) Error() string {
	s := make([]string, len(e))
	for i, u := range e {
		s[i] = strings.Join(u.Field, ".") + ": " + string(u.Code)
	}
	return "refused: " + strings.Join(s, ", ")
}

// Add puts one more error about a field to the list.
func (e *UserErrors) Add(code UserCode, field, format string, args ...any) {
	u := UserError{Code: code, Message: fmt.Sprintf(format, args...)}
	if field != "" {
		u.Field = strings.Split(field, ".")
	}
	*e = append(*e, u)
}

// About says whether one of the errors blames a field.
func (e UserErrors) About(field string) bool {
	return slices.ContainsFunc(e, func(u UserError) bool { return strings.Join(u.Field, ".") == field })
}

// With are these errors and those of err, so that all is said at once. An err of another sort stands alone.
func (e UserErrors) With(err error) error {
	more, ok := AsUserErrors(err)
	if err != nil && !ok {
		return err
	}
	return slices.Concat(e, more).Err()
}

// Err is nil when nothing was added.
func (e UserErrors) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// Refuse is a list of one.
func Refuse(code UserCode, field, format string, args ...any) error {
	var e UserErrors
	e.Add(code, field, format, args...)
	return e
}

// AsUserErrors finds the user errors in err.
func AsUserErrors(err error) (UserErrors, bool) {
	var e UserErrors
	ok := errors.As(err, &e)
	return e, ok
}
