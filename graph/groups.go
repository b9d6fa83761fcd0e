package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/problem"
)

func (r *Resolver) createGroup(ctx context.Context, input model.CreateGroupInput) (*model.CreateGroupPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	made, err := r.Notes.CreateGroup(ctx, v, notes.NewGroup{Title: input.Title, Users: idList(ids.User, input.UserIds), IdempotencyKey: input.IdempotencyKey})
	p := &model.CreateGroupPayload{}
	if p.UserErrors, err = refused(err); err != nil || made == nil {
		return p, err
	}
	p.Conversation, p.Cursor = made.Conversation, made.Cursor
	return p, nil
}

func (r *Resolver) renameConversation(ctx context.Context, input model.RenameConversationInput) (*model.RenameConversationPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := r.Notes.Rename(ctx, v, ids.Of(ids.Conversation, input.ConversationID), input.Title)
	p := &model.RenameConversationPayload{}
	if p.UserErrors, err = refused(err); err != nil || changed == nil {
		return p, err
	}
	p.Conversation, p.Cursor = changed.Conversation, changed.Cursor
	return p, nil
}

func (r *Resolver) addParticipants(ctx context.Context, input model.AddParticipantsInput) (*model.AddParticipantsPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := r.Notes.AddParticipants(ctx, v, ids.Of(ids.Conversation, input.ConversationID), idList(ids.User, input.UserIds))
	p := &model.AddParticipantsPayload{}
	if p.UserErrors, err = refused(err); err != nil || changed == nil {
		return p, err
	}
	p.Conversation, p.Cursor = changed.Conversation, changed.Cursor
	return p, nil
}

func (r *Resolver) removeParticipant(ctx context.Context, input model.RemoveParticipantInput) (*model.RemoveParticipantPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := r.Notes.RemoveParticipant(ctx, v, ids.Of(ids.Conversation, input.ConversationID), ids.Of(ids.User, input.UserID))
	p := &model.RemoveParticipantPayload{}
	if p.UserErrors, err = refused(err); err != nil || changed == nil {
		return p, err
	}
	p.Conversation, p.Cursor = changed.Conversation, changed.Cursor
	return p, nil
}

func (r *Resolver) leaveConversation(ctx context.Context, input model.LeaveConversationInput) (*model.LeaveConversationPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	left, err := r.Notes.Leave(ctx, v, ids.Of(ids.Conversation, input.ConversationID))
	p := &model.LeaveConversationPayload{}
	if p.UserErrors, err = refused(err); err != nil || left == nil {
		return p, err
	}
	p.LeftConversationID, p.Unread, p.Cursor = &input.ConversationID, model.NewUnreadCounts(v.UserID, left.Unread), left.Cursor
	return p, nil
}

func (r *Resolver) conversationViewerParticipant(ctx context.Context, obj *notes.Conversation) (*notes.Participant, error) {
	return find(ctx, from(ctx).participants, obj.ParticipantID)
}

// noteConversation is never null: who sees a note sees its conversation, unless that ends between the one look
// and the other.
func (r *Resolver) noteConversation(ctx context.Context, obj *notes.Note) (*notes.Conversation, error) {
	found, err := find(ctx, from(ctx).conversations, obj.ConversationID)
	if err == nil && found == nil {
		err = problem.New(problem.NotFound, "This has gone while it was read: ask again.")
	}
	return found, err
}
