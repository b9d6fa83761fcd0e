package search

import (
	"strings"
	"unicode/utf8"

	"github.com/notewire/notewire/internal/problem"
)

const (
	// MaxLength is the longest search, in code points.
	MaxLength = 256
	// minWord is the shortest word that can be searched for, in code points: that of an index.
	minWord = 2
)

// Words are those that the argument search asks for, folded; none, when it is nil or white space. What cannot
// be searched for is BAD_USER_INPUT.
func Words(search *string) ([]string, error) {
	if search == nil {
		return nil, nil
	}
	if n := utf8.RuneCountInString(*search); n > MaxLength {
		return nil, problem.New(problem.BadUserInput, "search has %d characters; at most %d are allowed.", n, MaxLength)
	}
	var e problem.UserErrors
	if e.Characters("search", *search); len(e) > 0 {
		return nil, problem.New(problem.BadUserInput, "search: %s", e[0].Message)
	}
	words := strings.Fields(fold(*search))
	for _, word := range words {
		if utf8.RuneCountInString(word) < minWord {
			return nil, problem.New(problem.BadUserInput, "search: %q is too short: every word needs %d characters or more.", word, minWord)
		}
	}
	return words, nil
}

// Matches says that a text contains all of the words, which are folded.
func Matches(text string, words []string) bool {
	text = fold(text)
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
