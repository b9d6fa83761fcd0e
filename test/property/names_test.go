package property_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// names are the short names that the identifiers of a history have in what is said of it: the first note is
// note_0. They are the same each time that the history is run.
type names struct {
	known map[string]string
	many  map[string]int // of each kind
}

func newNames() names { return names{map[string]string{}, map[string]int{}} }

var (
	identifier = regexp.MustCompile(`\b[a-z]+_[0-9a-z]{26}\b`)
	cursors    = regexp.MustCompile(`"cursor":"[^"]+",?`)
)

// brief is a text with short names.
func (n names) brief(text string) string {
	return identifier.ReplaceAllStringFunc(cursors.ReplaceAllString(text, ""), func(id string) string {
		name, ok := n.known[id]
		if !ok {
			kind, _, _ := strings.Cut(id, "_")
			name = fmt.Sprintf("%s_%d", kind, n.many[kind])
			n.known[id] = name
			n.many[kind]++
		}
		return name
	})
}

// lastWord is a test that, after all that rapid has printed, says again how it failed, and how to see that
// again.
type lastWord struct {
	*testing.T
	how string
}

// Errorf has the first failure, with its seed, said last, too.
func (l *lastWord) Errorf(format string, args ...any) {
	l.Helper()
	if l.how == "" {
		l.how = strings.TrimSuffix(fmt.Sprintf(format, args...), "\nFailed test output:")
	}
	l.T.Errorf(format, args...)
}

func (l *lastWord) say() {
	if l.how != "" {
		l.Log("\n" + l.how)
	}
}
