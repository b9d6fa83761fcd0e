package sitetest

import (
	"slices"
	"strings"
	"sync"
)

// statements are the texts of those that a server has executed, except what a server does by itself, for
// nobody in particular: the poll, looking for what workers do, at the epoch, and looking up a token, which is remembered
// for a second.
type statements struct {
	mu   sync.Mutex
	list []string
}

func (s *statements) add(text string) {
	for _, own := range []string{"pg_snapshot_xmin", "pg_notify", "FROM fanouts", "FROM retractions", "FROM epoch", "FROM tokens"} {
		if strings.Contains(text, own) {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, text)
}

// Statements are the SQL statements that the server executes while f runs, but for its poll, its wake-ups
// and the look-up of tokens.
func (s *Server) Statements(f func()) []string {
	s.statements.mu.Lock()
	s.statements.list = nil
	s.statements.mu.Unlock()
	f()
	s.statements.mu.Lock()
	defer s.statements.mu.Unlock()
	return slices.Clone(s.statements.list)
}
