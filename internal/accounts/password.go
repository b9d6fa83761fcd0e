package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/notewire/notewire/internal/problem"
)

// argon2id with OWASP's least parameters of 2023: 19 MiB, two passes, one lane.
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	saltSize    = 16
	hashSize    = 32
)

// A flood of logins may take the processors, never the memory: one hash per processor at a time.
var hashing = make(chan struct{}, runtime.NumCPU())

var b64 = base64.RawStdEncoding

func derive(ctx context.Context, password string, salt []byte, time, memory uint32, lanes uint8) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, problem.Busy(ctx.Err())
	}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, time, memory, lanes, hashSize), nil
}

// hashPassword makes a PHC string.
func hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	key, err := derive(ctx, password, salt, argonTime, argonMemory, argonLanes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// dummyHash is checked when there is no account or it has no password, so that the answer takes as long
// as a wrong password. Nothing hashes to it.
var dummyHash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes, b64.EncodeToString(make([]byte, saltSize)), b64.EncodeToString(make([]byte, hashSize)))

// checkPassword compares a password with a PHC string.
func checkPassword(ctx context.Context, phc, password string) (bool, error) {
	var version int
	var memory, time uint32
	var lanes uint8
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("accounts: not an argon2id hash")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &lanes); err != nil || version != argon2.Version {
		return false, fmt.Errorf("accounts: hash parameters %q are not understood", parts[2]+parts[3])
	}
	salt, err := b64.DecodeString(parts[4])
	if err != nil {
		return false, err
	}
	want, err := b64.DecodeString(parts[5])
	if err != nil {
		return false, err
	}
	got, err := derive(ctx, password, salt, time, memory, lanes)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// matches is checkPassword for what a stranger sends, however long it is.
func matches(ctx context.Context, phc, password string) (bool, error) {
	if len(password) > 4*maxPassword { // no password of ours is longer, and hashing it would cost
		password, phc = "", dummyHash
	}
	return checkPassword(ctx, phc, password)
}

// Lengths of a password in code points: short ones are guessed, very long ones only cost time.
const (
	minPassword = 8
	maxPassword = 128
)

func checkNewPassword(e *problem.UserErrors, field, password string) {
	switch n := utf8.RuneCountInString(password); {
	case n == 0:
		e.Add(problem.Required, field, "Choose a password of at least %d characters.", minPassword)
	case n < minPassword:
		e.Add(problem.Invalid, field, "A password has at least %d characters: this one has %d.", minPassword, n)
	case n > maxPassword:
		e.Add(problem.TooLong, field, "This password has %d characters; at most %d are allowed.", n, maxPassword)
	default:
		e.Characters(field, password)
	}
}
