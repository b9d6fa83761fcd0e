package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/page"
)

func (r *Resolver) editNote(ctx context.Context, input model.EditNoteInput) (*model.EditNotePayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) unsendNote(ctx context.Context, input model.UnsendNoteInput) (*model.UnsendNotePayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) deleteNote(ctx context.Context, input model.DeleteNoteInput) (*model.DeleteNotePayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) archiveConversation(ctx context.Context, input model.ArchiveConversationInput) (*model.ArchiveConversationPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) muteConversation(ctx context.Context, input model.MuteConversationInput) (*model.MuteConversationPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) noteReadBy(ctx context.Context, obj *notes.Note, first *int, after *string, last *int, before *string) (*page.Page[*notes.Participant], error) {
	return nil, errUnbuilt
}
