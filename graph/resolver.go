// Package graph is GraphQL in and out: it finds who is asking, calls the domain once, and gives back what
// it says. It decides nothing.
package graph

import (
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/stream"
)

// Resolver answers the fields of the schema.
type Resolver struct {
	Accounts *accounts.Accounts
	Notes    *notes.Notes
	Board    *board.Board
	Bell     *notify.Bell
	Log      *stream.Log
	Hub      *stream.Hub
	Sessions Sessions
}

// Sessions ends what is open on behalf of a session.
type Sessions interface{ CloseSession(sessionID string) }
