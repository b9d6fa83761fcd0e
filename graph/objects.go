package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/problem"
)

// viewer reads the head of the viewer's log first, if it is asked for: what is below it is read later, so
// nothing lies between the cursor and the snapshot.
func (r *Resolver) viewer(ctx context.Context, v access.Viewer) (*model.Viewer, error) {
	view := &model.Viewer{Viewer: v}
	for _, f := range graphql.CollectFieldsCtx(ctx, []string{"Viewer"}) {
		if f.Name != "cursor" && f.Name != "unread" {
			continue
		}
		head, ok, err := r.Log.Head(ctx, v.UserID)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, problem.SignIn() // the account is gone
		}
		view.Head = &head
		break
	}
	return view, nil
}

// become makes the rest of the field the new session's: what it selects below viewer is read as that user.
func (r *Resolver) become(ctx context.Context, s *accounts.Session) (*model.Viewer, error) {
	access.Become(ctx, s.Viewer)
	return r.payloadViewer(ctx, s.Viewer)
}

// object finds any object that the viewer may see, or nil.
func object(ctx context.Context, kind ids.Kind, id uuid.UUID) (model.Node, error) {
	l := from(ctx)
	switch kind {
	case ids.User:
		return untyped(find(ctx, l.users, id))
	case ids.Conversation:
		return untyped(find(ctx, l.conversations, id))
	case ids.Participant:
		return untyped(find(ctx, l.participants, id))
	case ids.Note:
		return untyped(find(ctx, l.notes, id))
	case ids.Post:
		return untyped(find(ctx, l.posts, id))
	case ids.Comment:
		return untyped(find(ctx, l.comments, id))
	case ids.Notification:
		return untyped(find(ctx, l.notifications, id))
	}
	return nil, nil
}

// untyped makes a nil pointer a nil interface.
func untyped[V any, P interface {
	*V
	model.Node
}](v P, err error) (model.Node, error) {
	if v == nil || err != nil {
		return nil, err
	}
	return v, nil
}

func (r *Resolver) node(ctx context.Context, id string) (model.Node, error) {
	kind, key, ok := ids.Decode(id)
	if !ok {
		return nil, nil
	}
	switch v := access.From(ctx); kind {
	case ids.Session:
		return untyped(r.Accounts.OwnSession(ctx, v, key))
	case ids.Report:
		return untyped(r.Accounts.OwnReport(ctx, v, key))
	}
	return object(ctx, kind, key)
}

const maxNodes = 100

func (r *Resolver) nodes(ctx context.Context, list []string) ([]model.Node, error) {
	if len(list) > maxNodes {
		return nil, problem.New(problem.BadUserInput, "nodes takes at most %d ids.", maxNodes)
	}
	found := make([]model.Node, len(list))
	g, ctx := errgroup.WithContext(ctx) // together, so that the loaders read each kind once
	for i, id := range list {
		g.Go(func() (err error) {
			found[i], err = r.node(ctx, id)
			return err
		})
	}
	return found, g.Wait()
}

func (r *Resolver) conversation(ctx context.Context, v access.Viewer, id, withUser *string) (*notes.Conversation, error) {
	switch {
	case (id == nil) == (withUser == nil):
		return nil, problem.New(problem.BadUserInput, "Give exactly one of id and withUserId.")
	case id != nil:
		return find(ctx, from(ctx).conversations, ids.Of(ids.Conversation, *id))
	}
	return r.Notes.ConversationWith(ctx, v, ids.Of(ids.User, *withUser))
}

// actorsOf are the latest actors of a notification.
func (r *Resolver) actorsOf(ctx context.Context, n *notify.Notification, first *int) ([]accounts.User, error) {
	limit := 3
	if first != nil {
		limit = *first
	}
	if limit < 1 || limit > page.MaxSize {
		return nil, problem.New(problem.BadUserInput, "first must be 1 to %d.", page.MaxSize)
	}
	l := from(ctx)
	actors, err := l.actors.Load(ctx, actorsKey{n.ID, limit})
	if err != nil {
		return nil, err
	}
	users, err := l.users.LoadAll(ctx, actors)
	if err != nil {
		return nil, err
	}
	list := make([]accounts.User, 0, len(users))
	for _, u := range users {
		if u != nil { // the account is not gone
			list = append(list, *u)
		}
	}
	return list, nil
}

// setLiked likes or unlikes, and reads what that made of the subject.
func (r *Resolver) setLiked(ctx context.Context, v access.Viewer, subject string, set func(context.Context, access.Viewer, board.Subject) error) (model.Likeable, []problem.UserError, error) {
	kind, id, _ := ids.Decode(subject)
	userErrors, err := refused(set(ctx, v, board.Subject{Kind: kind, ID: id}))
	if err != nil || len(userErrors) > 0 {
		return nil, userErrors, err
	}
	found, err := object(ctx, kind, id)
	likeable, _ := found.(model.Likeable) // nil, if it is gone since
	return likeable, userErrors, err
}

// participants are who takes part in a conversation. What is asked of several conversations at once is read
// together.
func (r *Resolver) participants(ctx context.Context, c *notes.Conversation, args page.Args) (*page.Page[*notes.Participant], error) {
	key, err := notes.NewParticipantsPage(c.ID, args)
	if err != nil {
		return nil, err
	}
	return from(ctx).members.Load(ctx, key)
}
