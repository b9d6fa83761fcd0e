package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/page"
)

func (r *Resolver) renewSession(ctx context.Context) (*model.RenewSessionPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) revokeSession(ctx context.Context, input model.RevokeSessionInput) (*model.RevokeSessionPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) changePassword(ctx context.Context, input model.ChangePasswordInput) (*model.ChangePasswordPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) updateProfile(ctx context.Context, input model.UpdateProfileInput) (*model.UpdateProfilePayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) viewerSessions(ctx context.Context, obj *model.Viewer, first *int, after *string, last *int, before *string) (*page.Page[*accounts.SessionInfo], error) {
	return nil, errUnbuilt
}

func (r *Resolver) sessionIsCurrent(ctx context.Context, obj *accounts.SessionInfo) (bool, error) {
	return false, errUnbuilt
}

func (r *Resolver) viewerSharesReadMarks(ctx context.Context, obj *model.Viewer) (bool, error) {
	return false, errUnbuilt
}
