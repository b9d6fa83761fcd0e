// Package search is how texts are searched for words, and parts of words, of two characters or more: what is
// asked for, the terms by which an index finds it, and in what steps one looks. It knows neither notes nor posts.
package search

import (
	"database/sql/driver"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold makes texts alike that differ only in case, or in how the same characters are put together: the
// canonical caseless match of the Unicode Standard, 3.13, composed.
func fold(text string) string {
	if isLower(text) {
		return text
	}
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(text)))
}

// isLower says that folding would not change a text of ASCII and Hangul syllables: most are.
func isLower(text string) bool {
	for _, r := range text {
		if r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf && (r < '가' || r > '힣') {
			return false
		}
	}
	return true
}

// An index knows each text by its terms: a number for each two characters that stand together, and others that
// its owner adds. Numbers may collide; what is found is held against the text.

// Version is of what makes terms of a text: an index that holds those of another has to be made anew.
const Version = 1

// Terms are the terms of a text, each once, in order. As a parameter of a statement they are an int[].
type Terms []int32

// Value writes the terms as Postgres reads an int[].
func (t Terms) Value() (driver.Value, error) { return t.text(), nil }

func (t Terms) text() string {
	b := make([]byte, 0, 2+12*len(t))
	b = append(b, '{')
	for i, n := range t {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(append(b, '}'))
}

// Lists are the terms of several texts. As a parameter they are a text[]: Postgres has no arrays of arrays of
// different lengths, so that a statement makes an int[] of each.
type Lists []Terms

// Value writes the lists as Postgres reads a text[].
func (l Lists) Value() (driver.Value, error) {
	texts := make(pq.StringArray, len(l))
	for i, t := range l {
		texts[i] = t.text()
	}
	return texts.Value()
}

// pairTerm is the term of two characters.
func pairTerm(a, b rune) int32 { return mix(uint64(a)<<21 | uint64(b)) }

// UserTerm is a term for a user.
func UserTerm(user uuid.UUID) int32 {
	var n uint64
	for _, b := range user[8:] { // the random half
		n = n<<8 | uint64(b)
	}
	return mix(n)
}

// mix spreads a number over 32 bits. Indexes hold what it gives: a change of it is another Version.
func mix(n uint64) int32 {
	n *= 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio: the multiplier of Fibonacci hashing
	n ^= n >> 29            // and the finish of splitmix64, so that all bits count
	n *= 0xBF58476D1CE4E5B9
	return int32(n >> 32)
}

// pairs adds the terms of a folded text to others. No pair goes over white space.
func pairs(text string, limit int, more []int32) Terms {
	terms := make(map[int32]struct{}, len(more)+min(limit, len(text)/2))
	for _, t := range more {
		terms[t] = struct{}{}
	}
	before := ' '
	for _, r := range text {
		if len(terms) >= limit+len(more) {
			break
		}
		if !unicode.IsSpace(before) && !unicode.IsSpace(r) {
			terms[pairTerm(before, r)] = struct{}{}
		}
		before = r
	}
	list := make(Terms, 0, len(terms))
	for t := range terms {
		list = append(list, t)
	}
	slices.Sort(list)
	return list
}

// TermsOf are the terms of a text, and more.
func TermsOf(text string, more ...int32) Terms {
	text = fold(text)
	return pairs(text, len(text), more)
}

// maxQueryTerms bounds what is asked of an index: the more terms, the less each of them adds.
const maxQueryTerms = 32

// QueryTerms are terms that a text has which contains the words and has more.
func QueryTerms(words []string, more ...int32) Terms {
	return pairs(strings.Join(words, " "), maxQueryTerms, more)
}
