package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
)

func (r *Resolver) editPost(ctx context.Context, input model.EditPostInput) (*model.EditPostPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) deletePost(ctx context.Context, input model.DeletePostInput) (*model.DeletePostPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) editComment(ctx context.Context, input model.EditCommentInput) (*model.EditCommentPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) deleteComment(ctx context.Context, input model.DeleteCommentInput) (*model.DeleteCommentPayload, error) {
	return nil, errUnbuilt
}
