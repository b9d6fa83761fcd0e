// Package ids is the identifiers that clients see: TypeIDs (https://github.com/jetify-com/typeid, spec
// 0.3), which are a prefix that names the type and a UUID in 26 characters of Crockford's base32.
package ids

import (
	"strings"

	"github.com/google/uuid"
)

// Kind is the type of an object, as its prefix says it.
type Kind string

// The kinds of objects that have identifiers.
const (
	User         Kind = "user"
	Conversation Kind = "conversation"
	Participant  Kind = "participant"
	Note         Kind = "note"
	Post         Kind = "post"
	Comment      Kind = "comment"
	Notification Kind = "notification"
	Viewer       Kind = "viewer"
	Unread       Kind = "unread"
	Session      Kind = "session"
	Report       Kind = "report"
)

// New makes an identifier: a UUIDv7, so that what is made later usually sorts later.
func New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

var value = func() (v [256]byte) {
	for i := range v {
		v[i] = 0xff
	}
	for i, c := range []byte(alphabet) {
		v[c] = byte(i)
	}
	return v
}()

// Encode writes the identifier of an object.
func Encode(kind Kind, id uuid.UUID) string {
	b := make([]byte, 0, len(kind)+27)
	b = append(b, kind...)
	b = append(b, '_')
	// 26 characters of 5 bits are 130: the first holds the top 3 bits of the 128.
	var acc uint32
	bits := 2
	for _, c := range id {
		acc = acc<<8 | uint32(c)
		bits += 8
		for bits >= 5 {
			bits -= 5
			b = append(b, alphabet[acc>>bits&31])
		}
	}
	return string(b)
}

// Decode takes an identifier apart. What Encode did not write is refused.
func Decode(s string) (Kind, uuid.UUID, bool) {
	i := strings.LastIndexByte(s, '_')
	if i < 1 || len(s)-i != 27 {
		return "", uuid.Nil, false
	}
	var id uuid.UUID
	var acc uint32
	bits, n := -2, 0
	for j, c := range []byte(s[i+1:]) {
		v := value[c]
		if v == 0xff || j == 0 && v > 7 {
			return "", uuid.Nil, false
		}
		acc = acc<<5 | uint32(v)
		bits += 5
		if bits >= 8 {
			bits -= 8
			id[n] = byte(acc >> bits)
			n++
		}
	}
	return Kind(s[:i]), id, true
}

// Of decodes an identifier of one kind. Anything else gives the nil UUID, which no row has: an identifier
// that cannot be is treated as one that does not exist.
func Of(kind Kind, s string) uuid.UUID {
	if k, id, ok := Decode(s); ok && k == kind {
		return id
	}
	return uuid.Nil
}
