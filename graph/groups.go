package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/notes"
)

func (r *Resolver) createGroup(ctx context.Context, input model.CreateGroupInput) (*model.CreateGroupPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) renameConversation(ctx context.Context, input model.RenameConversationInput) (*model.RenameConversationPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) addParticipants(ctx context.Context, input model.AddParticipantsInput) (*model.AddParticipantsPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) removeParticipant(ctx context.Context, input model.RemoveParticipantInput) (*model.RemoveParticipantPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) leaveConversation(ctx context.Context, input model.LeaveConversationInput) (*model.LeaveConversationPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) conversationViewerParticipant(ctx context.Context, obj *notes.Conversation) (*notes.Participant, error) {
	return nil, errUnbuilt
}
