package graph

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vikstrous/dataloadgen"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/page"
)

// loaders collect the identifiers that the fields of one operation ask for, and read each kind once. They
// live for one query, for one field of a mutation, or for one batch of events of a subscription: what a
// field of a mutation has changed, or whom it has signed in, the next must not find remembered.
type loaders struct {
	users         *dataloadgen.Loader[uuid.UUID, *accounts.User]
	conversations *dataloadgen.Loader[uuid.UUID, *notes.Conversation]
	participants  *dataloadgen.Loader[uuid.UUID, *notes.Participant]
	notes         *dataloadgen.Loader[uuid.UUID, *notes.Note]
	readNotes     *dataloadgen.Loader[notes.ReadMark, *notes.Note]
	readers       *dataloadgen.Loader[notes.Place, []notes.Reader]
	members       *dataloadgen.Loader[notes.ParticipantsPage, *page.Page[*notes.Participant]]
	posts         *dataloadgen.Loader[uuid.UUID, *board.Post]
	comments      *dataloadgen.Loader[uuid.UUID, *board.Comment]
	liked         *dataloadgen.Loader[uuid.UUID, bool]
	watching      *dataloadgen.Loader[uuid.UUID, bool]
	notifications *dataloadgen.Loader[uuid.UUID, *notify.Notification]
	actors        *dataloadgen.Loader[actorsKey, []uuid.UUID]
}

// actorsKey asks for the latest actors of a notification.
type actorsKey struct {
	notification uuid.UUID
	limit        int
}

type loadersKey struct{}

// loadWait is how long a loader waits for more identifiers: long enough for the fields of one level to
// ask, which takes microseconds, and not to be felt. Where processors are short some come too late and are
// read by one more statement.
const loadWait = 250 * time.Microsecond

func load[K comparable, V any](wait time.Duration, fetch func(context.Context, []K) (map[K]V, error)) *dataloadgen.Loader[K, V] {
	return dataloadgen.NewMappedLoader(fetch, dataloadgen.WithWait(wait))
}

// withLoaders gives an operation its loaders.
func (r *Resolver) withLoaders(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	return next(r.freshLoaders(ctx))
}

// withOwnLoaders gives each field of a mutation loaders of its own.
func (r *Resolver) withOwnLoaders(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		ctx = r.freshLoaders(ctx)
	}
	return next(ctx)
}

func (r *Resolver) freshLoaders(ctx context.Context) context.Context {
	return context.WithValue(ctx, loadersKey{}, &loaders{
		users: load(r.LoadWait, r.Accounts.ByIDs),
		conversations: load(r.LoadWait, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*notes.Conversation, error) {
			return r.Notes.ConversationsByIDs(ctx, access.From(ctx), list)
		}),
		participants: load(r.LoadWait, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*notes.Participant, error) {
			return r.Notes.ParticipantsByIDs(ctx, access.From(ctx), list)
		}),
		notes: load(r.LoadWait, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*notes.Note, error) {
			return r.Notes.NotesByIDs(ctx, access.From(ctx), list)
		}),
		readNotes: load(r.LoadWait, func(ctx context.Context, list []notes.ReadMark) (map[notes.ReadMark]*notes.Note, error) {
			return r.Notes.NotesByMarks(ctx, access.From(ctx), list)
		}),
		readers: load(r.LoadWait, func(ctx context.Context, list []notes.Place) (map[notes.Place][]notes.Reader, error) {
			return r.Notes.Readers(ctx, access.From(ctx), list)
		}),
		members: load(r.LoadWait, func(ctx context.Context, list []notes.ParticipantsPage) (map[notes.ParticipantsPage]*page.Page[*notes.Participant], error) {
			return r.Notes.Participants(ctx, access.From(ctx), list)
		}),
		posts:    load(r.LoadWait, r.Board.PostsByIDs),
		comments: load(r.LoadWait, r.Board.CommentsByIDs),
		liked: load(r.LoadWait, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]bool, error) {
			return r.Board.Liked(ctx, access.From(ctx), list)
		}),
		watching: load(r.LoadWait, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]bool, error) {
			return r.Bell.Watching(ctx, access.From(ctx), list)
		}),
		notifications: load(r.LoadWait, func(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*notify.Notification, error) {
			return r.Bell.ByIDs(ctx, access.From(ctx), list)
		}),
		actors: load(r.LoadWait, func(ctx context.Context, list []actorsKey) (map[actorsKey][]uuid.UUID, error) {
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
func find[V any](ctx context.Context, l *dataloadgen.Loader[uuid.UUID, *V], id uuid.UUID) (*V, error) {
	if id == uuid.Nil {
		return nil, nil
	}
	return orNil(l.Load(ctx, id))
}

func orNil[V any](v V, err error) (V, error) {
	var none V
	if errors.Is(err, dataloadgen.ErrNotFound) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	return v, nil
}
