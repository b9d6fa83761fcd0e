package problem

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text checks a text that a person wrote: 1 to limit code points that are not all white space, with no
// control characters but tab, line feed and carriage return. What passes is stored as it came.
func (e *UserErrors) Text(field, value string, limit int) {
	switch n := utf8.RuneCountInString(value); {
	case strings.TrimSpace(value) == "":
		e.Add(Required, field, "Write something: this must not be empty.")
	case n > limit:
		e.Add(TooLong, field, "This has %d characters; at most %d are allowed.", n, limit)
	default:
		e.Characters(field, value)
	}
}

// Characters refuses what no text may hold, by name.
func (e *UserErrors) Characters(field, value string) {
	if !utf8.ValidString(value) {
		e.Add(Invalid, field, "This is not valid UTF-8.")
		return
	}
	for _, r := range value {
		if unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' {
			e.Add(Invalid, field, "The control character U+%04X is not allowed.", r)
			return
		}
	}
}

// MaxIdempotencyKey is the longest idempotency key, in bytes: room for any UUID, hash or request id.
const MaxIdempotencyKey = 128

// IdempotencyKey checks an optional key.
func (e *UserErrors) IdempotencyKey(field string, key *string) {
	switch {
	case key == nil:
	case *key == "":
		e.Add(Invalid, field, "An idempotencyKey must not be empty: leave it out, or send a new UUID.")
	case len(*key) > MaxIdempotencyKey:
		e.Add(TooLong, field, "An idempotencyKey has at most %d bytes.", MaxIdempotencyKey)
	default:
		e.Characters(field, *key)
	}
}
