package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// source makes a log's events into those of a subscription.
type source[T any] struct {
	log   *stream.Log
	topic uuid.UUID
	sub   *stream.Subscription
	// convert loads what the events speak of, each kind once for all of them, and calls give for each that
	// the viewer may see and this subscription is about. The others are passed over with their cursors.
	convert func(ctx context.Context, events []stream.Event, give func(stream.Event, T)) error
}

// listen opens a subscription of a topic after a cursor: the one of Last-Event-ID, where the door has such
// a thing, or the argument.
func listen[T any](ctx context.Context, r *Resolver, topic uuid.UUID, after *string, wake func(),
	convert func(ctx context.Context, events []stream.Event, give func(stream.Event, T)) error) (transport.Source[T], error) {
	position := stream.Now
	if id := transport.LastEventID(ctx); id != "" {
		after = &id
	}
	if after != nil {
		var err error
		if position, err = r.Log.Position(topic, *after); err != nil {
			return nil, err
		}
	}
	sub, err := r.Hub.Subscribe(ctx, topic, position, wake)
	if err != nil {
		return nil, err
	}
	return &source[T]{log: r.Log, topic: topic, sub: sub, convert: convert}, nil
}

// Next implements transport.Source.
func (s *source[T]) Next(ctx context.Context, limit int) ([]transport.Item[T], error) {
	for {
		events, err := s.sub.Read(ctx, limit)
		if err != nil || len(events) == 0 {
			return nil, err
		}
		items := make([]transport.Item[T], 0, len(events))
		err = s.convert(ctx, events, func(e stream.Event, v T) {
			items = append(items, transport.Item[T]{Value: v, Cursor: s.log.Cursor(s.topic, e.Seq)})
		})
		if err != nil || len(items) > 0 {
			return items, err
		}
	}
}

// Acknowledged implements transport.Source.
func (s *source[T]) Acknowledged(string) {}

// Close implements transport.Source.
func (s *source[T]) Close() { s.sub.Close() }

// subjects are the ids of what the events of some kinds speak of.
func subjects(events []stream.Event, kinds ...stream.Kind) (list []uuid.UUID) {
	for _, e := range events {
		for _, k := range kinds {
			if e.Kind == k {
				list = append(list, e.Subject)
			}
		}
	}
	return list
}

// some reads objects by id, if there are any ids.
func some[V any](ctx context.Context, v access.Viewer, list []uuid.UUID, fetch func(context.Context, access.Viewer, []uuid.UUID) (map[uuid.UUID]*V, error)) (map[uuid.UUID]*V, error) {
	if len(list) == 0 {
		return nil, nil
	}
	return fetch(ctx, v, list)
}

func (r *Resolver) header(v access.Viewer, e stream.Event) model.Header {
	return model.Header{Cursor: r.Log.Cursor(e.Topic, e.Seq), OccurredAt: e.At, Unread: model.NewUnreadCounts(v.UserID, e.Unread)}
}

// events is everything of the viewer.
func (r *Resolver) events(ctx context.Context, after *string) (<-chan model.Event, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[model.Event], error) {
		v, err := access.SignedIn(ctx)
		if err != nil {
			return nil, err
		}
		return listen(ctx, r, v.UserID, after, wake, func(ctx context.Context, events []stream.Event, give func(stream.Event, model.Event)) error {
			return r.convert(ctx, v, events, give)
		})
	})
}

// convert makes the log's events into those of the API.
func (r *Resolver) convert(ctx context.Context, v access.Viewer, events []stream.Event, give func(stream.Event, model.Event)) error {
	noteList, err := some(ctx, v, subjects(events, stream.NoteReceived, stream.NoteSent), r.Notes.NotesByIDs)
	if err != nil {
		return err
	}
	conversations, err := some(ctx, v, subjects(events, stream.ConversationRead), r.Notes.ConversationsByIDs)
	if err != nil {
		return err
	}
	notifications, err := some(ctx, v, subjects(events, stream.NotificationReceived, stream.NotificationGrew, stream.NotificationChanged), r.Bell.ByIDs)
	if err != nil {
		return err
	}
	for _, e := range events {
		h := r.header(v, e)
		note, conversation, notification := noteList[e.Subject], conversations[e.Subject], notifications[e.Subject]
		switch {
		case e.Kind == stream.NoteReceived && note != nil:
			give(e, &model.NoteReceived{Header: h, Note: note})
		case e.Kind == stream.NoteSent && note != nil:
			give(e, &model.NoteSent{Header: h, Note: note})
		case e.Kind == stream.ConversationRead && conversation != nil:
			give(e, &model.ConversationRead{Header: h, Conversation: conversation})
		case e.Kind == stream.NotificationReceived && notification != nil:
			give(e, &model.NotificationReceived{Header: h, Notification: notification})
		case (e.Kind == stream.NotificationGrew || e.Kind == stream.NotificationChanged) && notification != nil:
			give(e, &model.NotificationChanged{Header: h, Notification: notification})
		case e.Kind == stream.NotificationRetracted:
			give(e, &model.NotificationRetracted{Header: h, NotificationID: ids.Encode(ids.Notification, e.Subject)})
		}
	}
	return nil
}

func (r *Resolver) noteReceived(ctx context.Context, after, conversation *string) (<-chan *model.NoteReceived, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[*model.NoteReceived], error) {
		v, err := access.SignedIn(ctx)
		if err != nil {
			return nil, err
		}
		only := optionalID(ids.Conversation, conversation)
		if only != nil {
			found, err := r.Notes.ConversationsByIDs(ctx, v, []uuid.UUID{*only})
			if err != nil {
				return nil, err
			}
			if found[*only] == nil {
				return nil, problem.New(problem.NotFound, "There is no such conversation.")
			}
		}
		return listen(ctx, r, v.UserID, after, wake, func(ctx context.Context, events []stream.Event, give func(stream.Event, *model.NoteReceived)) error {
			found, err := some(ctx, v, subjects(events, stream.NoteReceived), r.Notes.NotesByIDs)
			if err != nil {
				return err
			}
			return each(events, found, func(e stream.Event, n *notes.Note) {
				if only == nil || n.ConversationID == *only {
					give(e, &model.NoteReceived{Header: r.header(v, e), Note: n})
				}
			}, stream.NoteReceived)
		})
	})
}

func (r *Resolver) notificationReceived(ctx context.Context, after *string) (<-chan *model.NotificationReceived, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[*model.NotificationReceived], error) {
		v, err := access.SignedIn(ctx)
		if err != nil {
			return nil, err
		}
		return listen(ctx, r, v.UserID, after, wake, func(ctx context.Context, events []stream.Event, give func(stream.Event, *model.NotificationReceived)) error {
			found, err := some(ctx, v, subjects(events, stream.NotificationReceived, stream.NotificationGrew), r.Bell.ByIDs)
			if err != nil {
				return err
			}
			return each(events, found, func(e stream.Event, n *notify.Notification) {
				give(e, &model.NotificationReceived{Header: r.header(v, e), Notification: n})
			}, stream.NotificationReceived, stream.NotificationGrew)
		})
	})
}

// each calls f for the events of some kinds whose subject was found.
func each[V any](events []stream.Event, found map[uuid.UUID]*V, f func(stream.Event, *V), kinds ...stream.Kind) error {
	for _, e := range events {
		for _, k := range kinds {
			if v := found[e.Subject]; e.Kind == k && v != nil {
				f(e, v)
			}
		}
	}
	return nil
}

// commentAdded is public, so its events are the same for everybody.
func (r *Resolver) commentAdded(ctx context.Context, post string, after *string) (<-chan *model.CommentAdded, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[*model.CommentAdded], error) {
		id := ids.Of(ids.Post, post)
		posts, err := r.Board.PostsByIDs(ctx, []uuid.UUID{id})
		if err != nil {
			return nil, err
		}
		if posts[id] == nil {
			return nil, problem.New(problem.NotFound, "There is no such post.")
		}
		return listen(ctx, r, id, after, wake, func(ctx context.Context, events []stream.Event, give func(stream.Event, *model.CommentAdded)) error {
			found, err := r.Board.CommentsByIDs(ctx, subjects(events, stream.CommentAdded))
			if err != nil {
				return err
			}
			for _, e := range events {
				if c := found[e.Subject]; c != nil {
					give(e, &model.CommentAdded{Cursor: r.Log.Cursor(e.Topic, e.Seq), Comment: c})
				}
			}
			return nil
		})
	})
}
