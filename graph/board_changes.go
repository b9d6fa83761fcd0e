package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

func (r *Resolver) editPost(ctx context.Context, input model.EditPostInput) (*model.EditPostPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	post, err := r.Board.EditPost(ctx, v, ids.Of(ids.Post, input.PostID), board.Edit{Title: input.Title, Body: input.Body})
	p := &model.EditPostPayload{}
	if p.UserErrors, err = refused(err); err != nil || post == nil {
		return p, err
	}
	p.Post = post
	return p, nil
}

func (r *Resolver) deletePost(ctx context.Context, input model.DeletePostInput) (*model.DeletePostPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	deleted, err := r.Board.DeletePost(ctx, v, ids.Of(ids.Post, input.PostID))
	p := &model.DeletePostPayload{}
	if p.UserErrors, err = refused(err); err != nil || deleted == nil {
		return p, err
	}
	p.DeletedPostID, p.Cursor = &input.PostID, deleted.Cursor
	return p, nil
}

func (r *Resolver) editComment(ctx context.Context, input model.EditCommentInput) (*model.EditCommentPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	comment, err := r.Board.EditComment(ctx, v, ids.Of(ids.Comment, input.CommentID), input.Body)
	p := &model.EditCommentPayload{}
	if p.UserErrors, err = refused(err); err != nil || comment == nil {
		return p, err
	}
	p.Comment = comment
	return p, nil
}

func (r *Resolver) deleteComment(ctx context.Context, input model.DeleteCommentInput) (*model.DeleteCommentPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	id := ids.Of(ids.Comment, input.CommentID)
	deleted, err := r.Board.DeleteComment(ctx, v, id)
	p := &model.DeleteCommentPayload{}
	if p.UserErrors, err = refused(err); err != nil || deleted == nil {
		return p, err
	}
	p.DeletedCommentID, p.Cursor = &input.CommentID, deleted.Cursor
	if p.Comment, err = find(ctx, from(ctx).comments, id); err != nil {
		return nil, err
	}
	p.Post, err = find(ctx, from(ctx).posts, deleted.PostID)
	return p, err
}

var noPost = problem.New(problem.NotFound, "There is no such post.")

// mustExist refuses a post that does not exist, or not any more.
func (r *Resolver) mustExist(ctx context.Context, post uuid.UUID) error {
	found, err := r.Board.PostsByIDs(ctx, []uuid.UUID{post})
	if err == nil && found[post] == nil {
		err = noPost
	}
	return err
}

// commentAdded is public: its events are the same for all but those who do not see each other.
func (r *Resolver) commentAdded(ctx context.Context, post string, after *string) (<-chan *model.CommentAdded, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[*model.CommentAdded], error) {
		id := ids.Of(ids.Post, post)
		if err := r.mustExist(ctx, id); err != nil {
			return nil, err
		}
		convert := func(ctx context.Context, events []stream.Event, give func(stream.Event, *model.CommentAdded)) error {
			if len(subjects(events, stream.PostDeleted)) > 0 {
				return noPost // its comments are gone, too: there is nothing to give before the end
			}
			found, err := r.Board.CommentsHeard(ctx, access.From(ctx), subjects(events, stream.CommentAdded, stream.CommentChanged))
			if err != nil {
				return err
			}
			return each(events, found, func(e stream.Event, c *board.Comment) {
				if e.Kind == stream.CommentChanged || !c.IsGone() {
					give(e, &model.CommentAdded{Cursor: r.Log.Cursor(e.Topic, e.Seq), Comment: c})
				}
			}, stream.CommentAdded, stream.CommentChanged)
		}
		source, err := listen(ctx, r, wake, listening[*model.CommentAdded]{topic: id, after: after, convert: convert})
		if err != nil {
			return nil, err
		}
		if err := r.mustExist(ctx, id); err != nil { // it was deleted before the log was listened to
			source.Close()
			return nil, err
		}
		return source, nil
	})
}
