package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// A token is a prefix that secret scanners can find, 256 random bits and a checksum of these, which
// refuses most slips of the hand without a look into the database. Only its SHA-256 is stored: with 256
// bits of chance a slow hash would add nothing.
const (
	sessionPrefix = "nws_"
	secretSize    = 32
)

// newToken makes a secret and the hash by which it is found.
func newToken(prefix string) (secret string, hash []byte) {
	raw := make([]byte, secretSize, secretSize+4)
	rand.Read(raw)
	raw = binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(raw))
	secret = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return secret, hashToken(secret)
}

func hashToken(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// wellFormed says whether a text can be a token of this program at all.
func wellFormed(secret string) bool {
	rest, ok := strings.CutPrefix(secret, sessionPrefix)
	if !ok || len(rest) != base64.RawURLEncoding.EncodedLen(secretSize+4) {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(rest)
	return err == nil && binary.BigEndian.Uint32(raw[secretSize:]) == crc32.ChecksumIEEE(raw[:secretSize])
}
