package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/page"
)

func (r *Resolver) blockUser(ctx context.Context, input model.BlockUserInput) (*model.BlockUserPayload, error) {
	changed, user, err := r.setBlocked(ctx, input.UserID, r.Notes.Block)
	p := &model.BlockUserPayload{}
	if p.UserErrors, err = refused(err); err != nil || changed == nil {
		return p, err
	}
	p.User, p.Unread, p.Cursor = user, r.counts(ctx, changed), changed.Cursor
	return p, nil
}

func (r *Resolver) unblockUser(ctx context.Context, input model.UnblockUserInput) (*model.UnblockUserPayload, error) {
	changed, user, err := r.setBlocked(ctx, input.UserID, r.Notes.Unblock)
	p := &model.UnblockUserPayload{}
	if p.UserErrors, err = refused(err); err != nil || changed == nil {
		return p, err
	}
	p.User, p.Unread, p.Cursor = user, r.counts(ctx, changed), changed.Cursor
	return p, nil
}

// setBlocked blocks or unblocks, and finds the user whom that was about.
func (r *Resolver) setBlocked(ctx context.Context, user string, set func(context.Context, access.Viewer, uuid.UUID) (*notes.Changed, error)) (*notes.Changed, *accounts.User, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, nil, err
	}
	id := ids.Of(ids.User, user)
	changed, err := set(ctx, v, id)
	if err != nil {
		return nil, nil, err
	}
	found, err := find(ctx, from(ctx).users, id)
	return changed, found, err
}

// counts are the viewer's counters after a change.
func (r *Resolver) counts(ctx context.Context, c *notes.Changed) *model.UnreadCounts {
	return model.NewUnreadCounts(access.From(ctx).UserID, c.Unread)
}

func (r *Resolver) viewerBlockedUsers(ctx context.Context, obj *model.Viewer, first *int, after *string, last *int, before *string) (*page.Page[*accounts.User], error) {
	return r.Accounts.BlockedBy(ctx, obj.Viewer, page.Args{First: first, After: after, Last: last, Before: before})
}

func (r *Resolver) acceptRequest(ctx context.Context, input model.AcceptRequestInput) (*model.AcceptRequestPayload, error) {
	changed, conversation, err := r.answerRequest(ctx, input.ConversationID, r.Notes.Accept)
	p := &model.AcceptRequestPayload{}
	if p.UserErrors, err = refused(err); err != nil || changed == nil {
		return p, err
	}
	p.Conversation, p.Cursor = conversation, changed.Cursor
	return p, nil
}

func (r *Resolver) declineRequest(ctx context.Context, input model.DeclineRequestInput) (*model.DeclineRequestPayload, error) {
	changed, conversation, err := r.answerRequest(ctx, input.ConversationID, r.Notes.Decline)
	p := &model.DeclineRequestPayload{}
	if p.UserErrors, err = refused(err); err != nil || changed == nil {
		return p, err
	}
	p.Conversation, p.Unread, p.Cursor = conversation, r.counts(ctx, changed), changed.Cursor
	return p, nil
}

// answerRequest accepts or declines, and reads what that made of the conversation.
func (r *Resolver) answerRequest(ctx context.Context, conversation string, answer func(context.Context, access.Viewer, uuid.UUID) (*notes.Changed, error)) (*notes.Changed, *notes.Conversation, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, nil, err
	}
	id := ids.Of(ids.Conversation, conversation)
	changed, err := answer(ctx, v, id)
	if err != nil {
		return nil, nil, err
	}
	found, err := find(ctx, from(ctx).conversations, id)
	return changed, found, err
}
