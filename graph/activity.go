package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/notes"
)

func (r *Resolver) setTyping(ctx context.Context, input model.SetTypingInput) (*model.SetTypingPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) conversationActivity(ctx context.Context, conversationID string) (<-chan *model.ConversationActivity, error) {
	return nil, errUnbuilt
}

func (r *Resolver) activityUser(ctx context.Context, obj *model.ConversationActivity) (*accounts.User, error) {
	return nil, errUnbuilt
}

func (r *Resolver) activityLastReadNote(ctx context.Context, obj *model.ConversationActivity) (*notes.Note, error) {
	return nil, errUnbuilt
}
