package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/page"
)

func (r *Resolver) renewSession(ctx context.Context) (*model.RenewSessionPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	session, err := r.Accounts.Renew(ctx, v)
	p := &model.RenewSessionPayload{}
	if p.UserErrors, err = refused(err); err != nil || session == nil {
		return p, err
	}
	p.Session, p.ExpiresAt = session, &session.ExpiresAt
	return p, nil
}

func (r *Resolver) revokeSession(ctx context.Context, input model.RevokeSessionInput) (*model.RevokeSessionPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	id := ids.Of(ids.Session, input.ID)
	p := &model.RevokeSessionPayload{}
	if p.UserErrors, err = refused(r.Accounts.Revoke(ctx, v, id)); err != nil || len(p.UserErrors) > 0 {
		return p, err
	}
	r.Sessions.CloseSession(id)
	p.RevokedSessionID = new(ids.Encode(ids.Session, id))
	return p, nil
}

func (r *Resolver) changePassword(ctx context.Context, input model.ChangePasswordInput) (*model.ChangePasswordPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	ended, err := r.Accounts.ChangePassword(ctx, v, input.CurrentPassword, input.NewPassword)
	p := &model.ChangePasswordPayload{}
	if p.UserErrors, err = refused(err); err != nil || len(p.UserErrors) > 0 {
		return p, err
	}
	for _, id := range ended {
		r.Sessions.CloseSession(id)
	}
	p.Viewer, err = r.payloadViewer(ctx, v)
	return p, err
}

func (r *Resolver) updateProfile(ctx context.Context, input model.UpdateProfileInput) (*model.UpdateProfilePayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	p := &model.UpdateProfilePayload{}
	if p.UserErrors, err = refused(r.Accounts.UpdateProfile(ctx, v, accounts.Profile(input))); err != nil || len(p.UserErrors) > 0 {
		return p, err
	}
	p.Viewer, err = r.payloadViewer(ctx, v)
	return p, err
}

// payloadViewer is the viewer below a payload, where what is selected of it is not looked up beforehand.
func (r *Resolver) payloadViewer(ctx context.Context, v access.Viewer) (*model.Viewer, error) {
	head, _, err := r.Log.Head(ctx, v.UserID)
	return &model.Viewer{Viewer: v, Head: &head}, err
}

func (r *Resolver) viewerSessions(ctx context.Context, obj *model.Viewer, first *int, after *string, last *int, before *string) (*page.Page[*accounts.SessionInfo], error) {
	return r.Accounts.OwnSessions(ctx, obj.Viewer, page.Args{First: first, After: after, Last: last, Before: before})
}

func (r *Resolver) sessionIsCurrent(ctx context.Context, obj *accounts.SessionInfo) (bool, error) {
	return obj.ID == access.From(ctx).SessionID, nil
}

func (r *Resolver) viewerSharesReadMarks(ctx context.Context, obj *model.Viewer) (bool, error) {
	return r.Accounts.SharesReadMarks(ctx, obj.Viewer)
}
