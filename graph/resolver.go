// Package graph is GraphQL in and out: it finds who is asking, calls the domain once, and gives back what
// it says. It decides nothing.
package graph

import (
	"time"

	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/presence"
	"github.com/notewire/notewire/internal/stream"
)

// Resolver answers the fields of the schema.
type Resolver struct {
	Accounts  *accounts.Accounts
	Notes     *notes.Notes
	Board     *board.Board
	Bell      *notify.Bell
	Log       *stream.Log
	Hub       *stream.Hub
	Positions *stream.Positions
	Presence  *presence.Presence
	Sessions  *sessions
	Quiet     time.Duration // how long no field must have asked for more before what was asked for is read
}

// NewResolver wires the rooms of the domain on one database.
func NewResolver(db *postgres.DB, log *stream.Log, hub *stream.Hub, positions *stream.Positions, sessionTTL time.Duration) *Resolver {
	bell := notify.New(db, log)
	conversations := notes.New(db, log, bell)
	return &Resolver{Accounts: accounts.New(db, log, sessionTTL), Notes: conversations, Board: board.New(db, log, bell),
		Bell: bell, Log: log, Hub: hub, Positions: positions, Presence: presence.New(hub, conversations.Standing), Quiet: quiet}
}
