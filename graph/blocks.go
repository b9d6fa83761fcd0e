package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/page"
)

func (r *Resolver) blockUser(ctx context.Context, input model.BlockUserInput) (*model.BlockUserPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) unblockUser(ctx context.Context, input model.UnblockUserInput) (*model.UnblockUserPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) viewerBlockedUsers(ctx context.Context, obj *model.Viewer, first *int, after *string, last *int, before *string) (*page.Page[*accounts.User], error) {
	return nil, errUnbuilt
}

func (r *Resolver) reportContent(ctx context.Context, input model.ReportContentInput) (*model.ReportContentPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) reportSubject(ctx context.Context, obj *accounts.Report) (model.ReportSubject, error) {
	return nil, errUnbuilt
}

func (r *Resolver) acceptRequest(ctx context.Context, input model.AcceptRequestInput) (*model.AcceptRequestPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) declineRequest(ctx context.Context, input model.DeclineRequestInput) (*model.DeclineRequestPayload, error) {
	return nil, errUnbuilt
}
