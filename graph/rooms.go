package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

func (r *Resolver) createRoom(ctx context.Context, input model.CreateRoomInput) (*model.CreateRoomPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	made, err := r.Notes.CreateRoom(ctx, v, notes.NewRoom(input))
	p := &model.CreateRoomPayload{}
	if p.UserErrors, err = refused(err); err != nil || made == nil {
		return p, err
	}
	p.Conversation, p.Cursor = made.Conversation, made.Cursor
	return p, nil
}

func (r *Resolver) joinRoom(ctx context.Context, input model.JoinRoomInput) (*model.JoinRoomPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	joined, err := r.Notes.JoinRoom(ctx, v, optionalID(ids.Conversation, input.RoomID), input.Name)
	p := &model.JoinRoomPayload{}
	if p.UserErrors, err = refused(err); err != nil || joined == nil {
		return p, err
	}
	p.Conversation, p.Cursor = joined.Conversation, joined.Cursor
	return p, nil
}

func (r *Resolver) rooms(ctx context.Context, search *string, first *int, after *string, last *int, before *string) (*page.Page[*notes.Conversation], error) {
	return r.Notes.Rooms(ctx, access.From(ctx), search, page.Args{First: first, After: after, Last: last, Before: before})
}

func (r *Resolver) room(ctx context.Context, name string) (*notes.Conversation, error) {
	return r.Notes.RoomByName(ctx, access.From(ctx), name)
}

// roomNoteAdded is the room's own log, which is public. What a viewer does not see of it, such as the notes of
// a blocked sender, is passed over for that viewer.
func (r *Resolver) roomNoteAdded(ctx context.Context, roomID string, after *string) (<-chan *model.RoomNoteAdded, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[*model.RoomNoteAdded], error) {
		v, id := access.From(ctx), ids.Of(ids.Conversation, roomID)
		found, err := r.Notes.ConversationsByIDs(ctx, v, []uuid.UUID{id})
		if err != nil {
			return nil, err
		}
		if found[id] == nil || found[id].Kind != notes.Room {
			return nil, problem.New(problem.NotFound, "There is no such room.")
		}
		convert := func(ctx context.Context, events []stream.Event, give func(stream.Event, *model.RoomNoteAdded)) error {
			found, err := some(ctx, v, subjects(events, stream.RoomNoteAdded, stream.RoomNoteChanged), r.Notes.NotesByIDs)
			if err != nil {
				return err
			}
			return each(events, found, func(e stream.Event, n *notes.Note) {
				give(e, &model.RoomNoteAdded{Cursor: r.Log.Cursor(e.Topic, e.Seq), Note: n})
			}, stream.RoomNoteAdded, stream.RoomNoteChanged)
		}
		return listen(ctx, r, wake, listening[*model.RoomNoteAdded]{topic: id, after: after, convert: convert})
	})
}
