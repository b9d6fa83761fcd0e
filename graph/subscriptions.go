package graph

import (
	"context"
	"slices"
	"time"

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
func (r *Resolver) events(ctx context.Context, after, device *string, onExpired model.OnExpired) (<-chan model.Event, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[model.Event], error) {
		v, err := access.SignedIn(ctx)
		if err != nil {
			return nil, err
		}
		return listen(ctx, r, wake, listening[model.Event]{
			topic: v.UserID, after: after, device: device, name: "events", onExpired: onExpired,
			ready: func(position stream.Event, resumed bool) model.Event {
				position.At = time.Now()
				return &model.StreamReady{Header: r.header(v, position), Resumed: resumed}
			},
			convert: func(ctx context.Context, events []stream.Event, give func(stream.Event, model.Event)) error {
				return r.convert(ctx, v, events, give)
			},
		})
	})
}

// convert makes the log's events into those of the API.
func (r *Resolver) convert(ctx context.Context, v access.Viewer, events []stream.Event, give func(stream.Event, model.Event)) error {
	noteList, err := some(ctx, v, subjects(events, stream.NoteReceived, stream.NoteSent, stream.NoteChanged), r.Notes.NotesByIDs)
	if err != nil {
		return err
	}
	conversations, err := some(ctx, v, subjects(events, stream.ConversationRead, stream.ConversationChanged), r.Notes.ConversationsByIDs)
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
		case e.Kind == stream.NoteChanged && note != nil:
			give(e, &model.NoteChanged{Header: h, Note: note})
		case e.Kind == stream.NoteDeleted:
			give(e, &model.NoteDeleted{Header: h, NoteID: ids.Encode(ids.Note, e.Subject)})
		case e.Kind == stream.ConversationChanged && conversation != nil && conversation.IsKept():
			give(e, &model.ConversationChanged{Header: h, Conversation: conversation})
		case e.Kind == stream.ConversationChanged: // left or declined, now or since
			give(e, &model.ConversationRemoved{Header: h, ConversationID: ids.Encode(ids.Conversation, e.Subject)})
		case e.Kind == stream.ConversationRead && conversation != nil && conversation.IsKept():
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

func (r *Resolver) noteReceived(ctx context.Context, after, conversation, device *string) (<-chan *model.NoteReceived, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[*model.NoteReceived], error) {
		v, err := access.SignedIn(ctx)
		if err != nil {
			return nil, err
		}
		name := "noteReceived"
		only := optionalID(ids.Conversation, conversation)
		if only != nil {
			name += ":" + only.String()
			if err := r.mustSee(ctx, v, *only); err != nil {
				return nil, err
			}
		}
		convert := func(ctx context.Context, events []stream.Event, give func(stream.Event, *model.NoteReceived)) error {
			// What ends a viewer's part in a conversation says so in the viewer's log, on every server.
			if only != nil && slices.Contains(subjects(events, stream.ConversationChanged), *only) {
				if err := r.mustSee(ctx, v, *only); err != nil {
					return err
				}
			}
			found, err := some(ctx, v, subjects(events, stream.NoteReceived), r.Notes.NotesByIDs)
			if err != nil {
				return err
			}
			return each(events, found, func(e stream.Event, n *notes.Note) {
				if only == nil || n.ConversationID == *only {
					give(e, &model.NoteReceived{Header: r.header(v, e), Note: n})
				}
			}, stream.NoteReceived)
		}
		source, err := listen(ctx, r, wake, listening[*model.NoteReceived]{topic: v.UserID, after: after, device: device, name: name, convert: convert})
		if err != nil || only == nil {
			return source, err
		}
		if err := r.mustSee(ctx, v, *only); err != nil { // it ended before the log was listened to
			source.Close()
			return nil, err
		}
		return source, nil
	})
}

// mustSee refuses a conversation that the viewer cannot see, or not any more, and rooms, which have logs of
// their own.
func (r *Resolver) mustSee(ctx context.Context, v access.Viewer, id uuid.UUID) error {
	found, err := r.Notes.ConversationsByIDs(ctx, v, []uuid.UUID{id})
	switch {
	case err != nil:
		return err
	case found[id] == nil:
		return problem.New(problem.NotFound, "There is no such conversation.")
	case found[id].Kind == notes.Room:
		return problem.New(problem.BadUserInput, "The notes of a room come by roomNoteAdded.")
	}
	return nil
}

func (r *Resolver) notificationReceived(ctx context.Context, after, device *string) (<-chan *model.NotificationReceived, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[*model.NotificationReceived], error) {
		v, err := access.SignedIn(ctx)
		if err != nil {
			return nil, err
		}
		convert := func(ctx context.Context, events []stream.Event, give func(stream.Event, *model.NotificationReceived)) error {
			found, err := some(ctx, v, subjects(events, stream.NotificationReceived, stream.NotificationGrew), r.Bell.ByIDs)
			if err != nil {
				return err
			}
			return each(events, found, func(e stream.Event, n *notify.Notification) {
				give(e, &model.NotificationReceived{Header: r.header(v, e), Notification: n})
			}, stream.NotificationReceived, stream.NotificationGrew)
		}
		return listen(ctx, r, wake, listening[*model.NotificationReceived]{topic: v.UserID, after: after, device: device, name: "notificationReceived", convert: convert})
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
