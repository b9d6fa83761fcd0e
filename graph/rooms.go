package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/page"
)

func (r *Resolver) createRoom(ctx context.Context, input model.CreateRoomInput) (*model.CreateRoomPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) joinRoom(ctx context.Context, input model.JoinRoomInput) (*model.JoinRoomPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) rooms(ctx context.Context, search *string, first *int, after *string, last *int, before *string) (*page.Page[*notes.Conversation], error) {
	return nil, errUnbuilt
}

func (r *Resolver) room(ctx context.Context, name string) (*notes.Conversation, error) {
	return nil, errUnbuilt
}

func (r *Resolver) roomNoteAdded(ctx context.Context, roomID string, after *string) (<-chan *model.RoomNoteAdded, error) {
	return nil, errUnbuilt
}
