package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/page"
)

// loaders collect the identifiers that the fields of one operation ask for, and read each kind once. They
// live for one query, for the poll in it, for one field of a mutation, or for one batch of events of a
// subscription: what a field of a mutation has changed, or whom it has signed in, the next must not find remembered.
type loaders struct {
	users         *loader[uuid.UUID, *accounts.User]
	conversations *loader[uuid.UUID, *notes.Conversation]
	participants  *loader[uuid.UUID, *notes.Participant]
	notes         *loader[uuid.UUID, *notes.Note]
	readNotes     *loader[notes.ReadMark, *notes.Note]
	readers       *loader[notes.Place, []notes.Reader]
	members       *loader[notes.ParticipantsPage, *page.Page[*notes.Participant]]
	posts         *loader[uuid.UUID, *board.Post]
	comments      *loader[uuid.UUID, *board.Comment]
	liked         *loader[uuid.UUID, bool]
	watching      *loader[uuid.UUID, bool]
	notifications *loader[uuid.UUID, *notify.Notification]
	actors        *loader[actorsKey, []uuid.UUID]
}

// actorsKey asks for the latest actors of a notification.
type actorsKey struct {
	notification uuid.UUID
	limit        int
}

type loadersKey struct{}

// quiet is how long nobody new must have come before a loader reads: long enough for the fields of one level to
// ask, one after the other, and not to be felt. Where processors are short some come too late and are read by one
// more statement.
const quiet = 50 * time.Microsecond

// withLoaders gives an operation its loaders.
func (r *Resolver) withLoaders(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	return next(r.freshLoaders(ctx))
}

// withOwnLoaders gives each field of a mutation loaders of its own, and the poll, which goes on long after its
// neighbours were read.
func (r *Resolver) withOwnLoaders(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	switch graphql.GetOperationContext(ctx).Operation.Operation {
	case ast.Mutation:
		ctx = r.freshLoaders(ctx)
	case ast.Query:
		if graphql.GetRootFieldContext(ctx).Field.Name == "events" {
			ctx = r.freshLoaders(ctx)
		}
	}
	return next(ctx)
}

func (r *Resolver) freshLoaders(ctx context.Context) context.Context {
	return context.WithValue(ctx, loadersKey{}, &loaders{
		users: newLoader(r.Quiet, r.Accounts.ByIDs),
		conversations: newLoader(r.Quiet, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*notes.Conversation, error) {
			return r.Notes.ConversationsByIDs(ctx, access.From(ctx), list)
		}),
		participants: newLoader(r.Quiet, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*notes.Participant, error) {
			return r.Notes.ParticipantsByIDs(ctx, access.From(ctx), list)
		}),
		notes: newLoader(r.Quiet, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*notes.Note, error) {
			return r.Notes.NotesByIDs(ctx, access.From(ctx), list)
		}),
		readNotes: newLoader(r.Quiet, func(ctx context.Context, list []notes.ReadMark) (map[notes.ReadMark]*notes.Note, error) {
			return r.Notes.NotesByMarks(ctx, access.From(ctx), list)
		}),
		readers: newLoader(r.Quiet, func(ctx context.Context, list []notes.Place) (map[notes.Place][]notes.Reader, error) {
			return r.Notes.Readers(ctx, access.From(ctx), list)
		}),
		members: newLoader(r.Quiet, func(ctx context.Context, list []notes.ParticipantsPage) (map[notes.ParticipantsPage]*page.Page[*notes.Participant], error) {
			return r.Notes.Participants(ctx, access.From(ctx), list)
		}),
		posts:    newLoader(r.Quiet, r.Board.PostsByIDs),
		comments: newLoader(r.Quiet, r.Board.CommentsByIDs),
		liked: newLoader(r.Quiet, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]bool, error) {
			return r.Board.Liked(ctx, access.From(ctx), list)
		}),
		watching: newLoader(r.Quiet, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]bool, error) {
			return r.Bell.Watching(ctx, access.From(ctx), list)
		}),
		notifications: newLoader(r.Quiet, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*notify.Notification, error) {
			return r.Bell.ByIDs(ctx, access.From(ctx), list)
		}),
		actors: newLoader(r.Quiet, func(ctx context.Context, list []actorsKey) (map[actorsKey][]uuid.UUID, error) {
			return r.actors(ctx, list)
		}),
	})
}

// actors reads the actors of notifications, one statement for each limit that was asked for.
func (r *Resolver) actors(ctx context.Context, list []actorsKey) (map[actorsKey][]uuid.UUID, error) {
	byLimit := map[int][]uuid.UUID{}
	for _, k := range list {
		byLimit[k.limit] = append(byLimit[k.limit], k.notification)
	}
	found := map[actorsKey][]uuid.UUID{}
	for limit, notifications := range byLimit {
		actors, err := r.Bell.Actors(ctx, notifications, limit)
		if err != nil {
			return nil, err
		}
		for n, a := range actors {
			found[actorsKey{n, limit}] = a
		}
	}
	return found, nil
}

func from(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

// find loads one object: nil when id is nil, or when there is no such object for the viewer.
func find[V any](ctx context.Context, l *loader[uuid.UUID, *V], id uuid.UUID) (*V, error) {
	if id == uuid.Nil {
		return nil, nil
	}
	return l.Load(ctx, id)
}
