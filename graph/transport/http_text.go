package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxJSONDepth is how deep objects and lists of a request may nest: an input of the schema needs fewer
// than ten levels, the free JSON of an integration some more.
const maxJSONDepth = 64

// CheckText looks for what Go's decoder would hide: it reads lone surrogates and bytes that are not UTF-8
// as U+FFFD, and a resolver could not tell. Such text and NUL, which Postgres cannot store, are refused with
// an error that names the place ("variables.input.body"), and so is JSON nested too deep. raw must be
// valid JSON; the text of the request is never repeated in the error.
func CheckText(raw []byte) *gqlerror.Error {
	var stack []place
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '{', '[':
			if len(stack) == maxJSONDepth {
				return requestError(codeBadRequest, "the JSON is nested deeper than %d levels", maxJSONDepth)
			}
			stack = append(stack, place{list: raw[i] == '[', key: raw[i] == '{'})
		case '}', ']':
			stack = stack[:len(stack)-1]
		case ',':
			top := &stack[len(stack)-1]
			top.index++
			top.key = !top.list
		case '"':
			end, problem := checkString(raw, i+1)
			isKey := len(stack) > 0 && stack[len(stack)-1].key
			if problem != "" {
				where := pathOf(stack)
				if isKey {
					where = "a name in " + pathOf(stack[:len(stack)-1])
				}
				return requestError(codeBadUserInput, "%s holds %s: send text as UTF-8 without it", where, problem)
			}
			if isKey {
				top := &stack[len(stack)-1]
				top.name, top.key = raw[i+1:end], false
			}
			i = end
		}
	}
	return nil
}

// checkString checks the JSON string whose text begins at i, and returns where its closing quote is.
func checkString(raw []byte, i int) (end int, problem string) {
	for raw[i] != '"' {
		switch {
		case raw[i] == '\\' && raw[i+1] == 'u':
			unit := hex4(raw[i+2:])
			i += 6
			switch {
			case unit == 0:
				return i, "NUL"
			case !utf16.IsSurrogate(unit):
			case raw[i] == '\\' && raw[i+1] == 'u' && utf16.DecodeRune(unit, hex4(raw[i+2:])) != utf8.RuneError:
				i += 6
			default:
				return i, "a lone surrogate"
			}
		case raw[i] == '\\':
			i += 2
		case raw[i] < utf8.RuneSelf:
			i++
		default:
			r, size := utf8.DecodeRune(raw[i:])
			if r == utf8.RuneError && size == 1 {
				return i, "bytes that are not UTF-8"
			}
			i += size
		}
	}
	return i, ""
}

func hex4(b []byte) rune {
	n, _ := strconv.ParseUint(string(b[:4]), 16, 16) // valid JSON has four digits here
	return rune(n)
}

// place is one level of nesting and how far it has been read.
type place struct {
	list  bool
	index int
	name  []byte
	key   bool // the next string is a name
}

func pathOf(stack []place) string {
	var b strings.Builder
	for _, p := range stack {
		switch {
		case p.list:
			fmt.Fprintf(&b, "[%d]", p.index)
		case b.Len() > 0:
			b.WriteByte('.')
			fallthrough
		default:
			b.WriteString(printableName(p.name))
		}
	}
	if b.Len() == 0 {
		return "the request"
	}
	return b.String()
}

// printableName shows a name that could be one of the schema's, and hides any other: it goes into errors.
func printableName(name []byte) string {
	const longest = 64 // no name of the schema comes near
	plain := len(name) > 0 && len(name) <= longest
	for _, c := range name {
		plain = plain && (c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z')
	}
	if !plain {
		return "?"
	}
	return string(name)
}

// checkPlain is CheckText for text that came in a query string.
func checkPlain(where, text string) *gqlerror.Error {
	problem := ""
	switch {
	case !utf8.ValidString(text):
		problem = "bytes that are not UTF-8"
	case strings.IndexByte(text, 0) >= 0:
		problem = "NUL"
	default:
		return nil
	}
	return requestError(codeBadUserInput, "%s holds %s: send text as UTF-8 without it", where, problem)
}

// checkJSON says whether raw is one JSON value, and if not, at which byte it stops to be one.
func checkJSON(where string, raw []byte) *gqlerror.Error {
	if json.Valid(raw) {
		return nil
	}
	var v json.RawMessage
	err := json.Unmarshal(raw, &v)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return requestError(codeBadRequest, "%s is not valid JSON (byte %d)", where, syntax.Offset)
	}
	return requestError(codeBadRequest, "%s is not valid JSON", where)
}
