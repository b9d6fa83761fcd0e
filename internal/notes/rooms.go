package notes

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// Lengths of the name of a room, in code points of its folded form.
const (
	minRoomName = 2
	maxRoomName = 50
)

// foldRoom brings a text into the form in which names are compared and titles are searched: NFKC, which makes one
// of what looks the same, in lower case.
func foldRoom(s string) string { return norm.NFKC.String(strings.ToLower(norm.NFKC.String(s))) }

// roomName is the folded name of a room. Anything but letters, digits, `-` and `_` is refused, and so are the
// letters that cannot be seen.
func roomName(e *problem.UserErrors, given string) string {
	name := foldRoom(given)
	if name == "" {
		e.Add(problem.Required, "name", "Choose a name of %d to %d letters, digits, - and _.", minRoomName, maxRoomName)
		return ""
	}
	for _, r := range name {
		if r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
			e.Add(problem.Invalid, "name", "The name of a room has only letters, digits, - and _: %q is none.", r)
			return ""
		}
	}
	switch n := utf8.RuneCountInString(name); {
	case n < minRoomName:
		e.Add(problem.Invalid, "name", "The name of a room has at least %d characters.", minRoomName)
	case n > maxRoomName:
		e.Add(problem.TooLong, "name", "The name of a room has at most %d characters; this has %d.", maxRoomName, n)
	default:
		return name
	}
	return ""
}

func taken(name string) error {
	return problem.Refuse(problem.Taken, "name", "There is a room %q already: choose another name, or join it.", name)
}

// NewRoom is a room to be made.
type NewRoom struct {
	Name           string
	Title          *string
	IdempotencyKey *string
}

// CreateRoom makes a room, which the viewer owns and has joined. The key of an earlier room of the viewer gives
// that room, if the input is the same.
func (s *Notes) CreateRoom(ctx context.Context, v access.Viewer, in NewRoom) (*Outcome, error) {
	var e problem.UserErrors
	name := roomName(&e, in.Name)
	if in.Title != nil {
		e.Text("title", *in.Title, MaxTitle)
	}
	e.IdempotencyKey("idempotencyKey", in.IdempotencyKey)
	if len(e) > 0 {
		if found, err := s.RoomByName(ctx, v, name); err != nil {
			return nil, err
		} else if found != nil { // said together with the rest; by itself the insert finds it
			list, _ := problem.AsUserErrors(taken(name))
			e = append(e, list...)
		}
		return nil, e
	}
	id, now := s.log.Clock.New(), s.log.Clock.Now()
	return s.create(ctx, v, func(ctx context.Context, tx *postgres.Tx) (*making, *Outcome, error) {
		m := &making{id: id, kind: Room, name: &name, title: in.Title, creator: v.UserID, at: now, key: in.IdempotencyKey,
			hash: inputHash(in.IdempotencyKey, name, in.Title)}
		if found, err := m.insert(ctx, tx); found || err != nil {
			return m, nil, err
		}
		if err := stream.Topics(ctx, tx, id); err != nil {
			return m, nil, err
		}
		made, err := s.make(ctx, tx, v, m, nil)
		return m, made, err
	})
}

// JoinRoom makes the viewer a participant of a room, given by its id or its name. Joining twice is joining
// once. Who joins a room that everybody has left becomes its owner.
func (s *Notes) JoinRoom(ctx context.Context, v access.Viewer, id *uuid.UUID, name *string) (*Outcome, error) {
	field := "roomId"
	switch {
	case id == nil && name == nil:
		return nil, problem.Refuse(problem.Required, field, "Say which room: give roomId or name.")
	case id != nil && name != nil:
		return nil, problem.Refuse(problem.Invalid, field, "Give roomId or name, not both.")
	case name != nil: // it never changes, so the room may be looked up outside the transaction
		field = "name"
		room, err := s.RoomByName(ctx, v, *name)
		if err != nil {
			return nil, err
		}
		if room == nil {
			return nil, problem.Refuse(problem.Missing, field, noRoom)
		}
		id = &room.ID
	}
	return s.alter(ctx, v, field, *id, nil, func(ctx context.Context, c *alteration) error {
		if c.kind != Room {
			return problem.Refuse(problem.Missing, field, noRoom)
		}
		if c.me() != nil {
			return nil
		}
		role := Member
		var empty bool
		if _, err := c.tx.Row(ctx, isEmpty, []any{c.id}, &empty); err != nil {
			return err
		}
		if empty {
			role = Owner
		}
		if err := c.lock(ctx, []uuid.UUID{c.actor}); err != nil {
			return err
		}
		j := joining{batch: c.batch}
		j.add(c.actor, role, Active, c.tell(c.actor))
		return j.write(ctx, c.tx, c.id, c.batch.At())
	})
}

const (
	isEmpty = `SELECT participant_count = 0 FROM conversations WHERE id = $1`
	noRoom  = "There is no such room."
)

const (
	roomByName = selectConversations + access.AllConversations + ` WHERE c.name = $2`
	listRooms  = selectConversations + access.AllConversations + ` WHERE (c.name LIKE $5 OR c.folded_title LIKE $5) AND `
	// The order is the index's own, in which conversations without a name come last. Where the page begins must
	// stand by itself: beside an OR, Postgres would read all that lies before.
	roomsAfter  = listRooms + `c.name > coalesce($2, '') AND ($3::text IS NULL OR c.name < $3) ORDER BY c.name LIMIT $4`
	roomsBefore = listRooms + `c.name < $3 AND c.name > coalesce($2, '') ORDER BY c.name DESC LIMIT $4`
	lastRooms   = listRooms + `$3::text IS NULL AND c.name > coalesce($2, '') ORDER BY c.name DESC LIMIT $4`
)

// RoomByName finds a room, or nil. Case does not matter.
func (s *Notes) RoomByName(ctx context.Context, v access.Viewer, name string) (*Conversation, error) {
	var ignored problem.UserErrors
	folded := roomName(&ignored, name)
	if folded == "" {
		return nil, nil
	}
	list, err := scanConversations(s.db.Rows(ctx, roomByName, v.UserID, folded))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// What has a meaning in a pattern of LIKE is taken literally.
var literal = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Rooms are all rooms in the order of their names, or those whose name or title starts with prefix, in any case.
func (s *Notes) Rooms(ctx context.Context, v access.Viewer, prefix *string, args page.Args) (*page.Page[*Conversation], error) {
	w, err := page.Read[string](args)
	if err != nil {
		return nil, err
	}
	pattern := "%"
	if prefix != nil {
		pattern = literal.Replace(foldRoom(*prefix)) + "%"
	}
	statement := roomsAfter
	switch {
	case w.Backward && w.Before != nil:
		statement = roomsBefore
	case w.Backward:
		statement = lastRooms
	}
	list, err := scanConversations(s.db.Rows(ctx, statement, v.UserID, w.After, w.Before, w.Limit+1, pattern))
	if err != nil {
		return nil, err
	}
	return page.Make(w, list, func(c *Conversation) string { return *c.Name }), nil
}
