package transport

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkLiterals is CheckText for the string literals of a GraphQL document: the parser reads a lone
// surrogate escape as U+FFFD. Other escapes are left to the parser.
func checkLiterals(document string) *gqlerror.Error {
	if !strings.Contains(document, `\u`) {
		return nil
	}
	for i := 0; i < len(document); {
		switch rest := document[i:]; {
		case rest[0] == '#':
			i += lineLength(rest)
		case strings.HasPrefix(rest, `"""`):
			i += blockLength(rest)
		case rest[0] == '"':
			length, problem := checkLiteral(rest)
			if problem != "" {
				line, column := position(document, i)
				return requestError(codeBadUserInput, "the string at line %d, column %d of the query holds %s: send text as UTF-8 without it", line, column, problem)
			}
			i += length
		default:
			i++
		}
	}
	return nil
}

func lineLength(s string) int {
	if end := strings.IndexAny(s, "\r\n"); end >= 0 {
		return end
	}
	return len(s)
}

// blockLength is the length of the block string that s begins with; \""" does not end it.
func blockLength(s string) int {
	for i := 3; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], `\"""`):
			i += 3
		case strings.HasPrefix(s[i:], `"""`):
			return i + 3
		}
	}
	return len(s)
}

// checkLiteral returns the length of the string literal that s begins with.
func checkLiteral(s string) (length int, problem string) {
	for i := 1; i < len(s); {
		switch {
		case s[i] == '"':
			return i + 1, ""
		case s[i] == '\n' || s[i] == '\r':
			return i, "" // unterminated: the parser says so
		case s[i] != '\\':
			i++
		default:
			unit, size := escape(s[i:])
			i += size
			switch {
			case unit == 0:
				return i, "NUL"
			case !utf16.IsSurrogate(unit):
			default:
				second, more := escape(s[i:])
				if utf16.DecodeRune(unit, second) == utf8.RuneError {
					return i, "a lone surrogate"
				}
				i += more
			}
		}
	}
	return len(s), ""
}

// escape reads \uXXXX or \u{X...}; of any other text it returns -1 and the length to skip.
func escape(s string) (r rune, size int) {
	switch {
	case len(s) >= 6 && s[:2] == `\u` && s[2] != '{':
		if n, err := strconv.ParseUint(s[2:6], 16, 32); err == nil {
			return rune(n), 6
		}
	case strings.HasPrefix(s, `\u{`):
		if end := strings.IndexByte(s, '}'); end > 0 {
			if n, err := strconv.ParseUint(s[3:end], 16, 31); err == nil {
				return rune(n), end + 1
			}
		}
	}
	return -1, min(2, len(s))
}

// position counts lines and columns from 1, as GraphQL errors do.
func position(document string, at int) (line, column int) {
	before := document[:at]
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}
