package notes

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
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

// The index knows each note by its terms: a number for each two characters that stand together, and one for
// each user in whose box the note is. Numbers may collide; what is found is held against the text.

// pairTerm is the term of two characters.
func pairTerm(a, b rune) int32 { return mix(uint64(a)<<21 | uint64(b)) }

// ownerTerm is the term of a user.
func ownerTerm(user uuid.UUID) int32 {
	var n uint64
	for _, b := range user[8:] { // the random half
		n = n<<8 | uint64(b)
	}
	return mix(n)
}

// mix spreads a number over 32 bits. The index holds what it gives: a change of it is another termsVersion.
func mix(n uint64) int32 {
	n *= 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio: the multiplier of Fibonacci hashing
	n ^= n >> 29            // and the finish of splitmix64, so that all bits count
	n *= 0xBF58476D1CE4E5B9
	return int32(n >> 32)
}

// addPairs adds the terms of a folded text. No pair goes over white space.
func addPairs(terms map[int32]struct{}, text string, limit int) {
	before := ' '
	for _, r := range text {
		if len(terms) >= limit {
			return
		}
		if !unicode.IsSpace(before) && !unicode.IsSpace(r) {
			terms[pairTerm(before, r)] = struct{}{}
		}
		before = r
	}
}

// noteTerms are the terms of a note in the boxes of users.
func noteTerms(body string, users []uuid.UUID) []int32 {
	terms := make(map[int32]struct{}, len(users)+len(body)/2)
	for _, user := range users {
		terms[ownerTerm(user)] = struct{}{}
	}
	addPairs(terms, fold(body), len(users)+MaxBody*3) // folding makes up to three characters of one
	return sortedTerms(terms)
}

// maxQueryTerms bounds what is asked of the index: the more terms, the less each of them adds.
const maxQueryTerms = 32

// queryTerms are the terms that a note of the user's box has when it contains folded words.
func queryTerms(user uuid.UUID, words []string) []int64 {
	terms := map[int32]struct{}{ownerTerm(user): {}}
	addPairs(terms, strings.Join(words, " "), maxQueryTerms)
	var list []int64
	for _, t := range sortedTerms(terms) {
		list = append(list, int64(t))
	}
	return list
}

func sortedTerms(terms map[int32]struct{}) []int32 {
	list := make([]int32, 0, len(terms))
	for t := range terms {
		list = append(list, t)
	}
	slices.Sort(list)
	return list
}
