package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/board"
)

func (r *Resolver) muteSubject(ctx context.Context, input model.MuteSubjectInput) (*model.MuteSubjectPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) unmuteSubject(ctx context.Context, input model.UnmuteSubjectInput) (*model.UnmuteSubjectPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) postViewerIsWatching(ctx context.Context, obj *board.Post) (bool, error) {
	return false, errUnbuilt
}
