package graph

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// listening is what a subscription of a log is about.
type listening[T any] struct {
	topic     uuid.UUID
	after     *string
	device    *string // only of a user's own log
	name      string  // the field and its arguments, to which the device's position belongs
	onExpired model.OnExpired
	// ready makes what is sent once when all that was missed has been; nil: nothing is.
	ready func(position stream.Event, resumed bool) T
	// convert loads what the events speak of, each kind once for all of them, and calls give for each that
	// the viewer may see and this subscription is about. The others are passed over with their cursors.
	convert func(ctx context.Context, events []stream.Event, give func(stream.Event, T)) error
}

// source is an open subscription of a log.
type source[T any] struct {
	listening[T]
	log      *stream.Log
	sub      *stream.Subscription
	position *stream.Position // of the device; nil when none was named
	resumed  bool
	wake     func()
	last     stream.Event // the last that was read, or where the log ended at the start
}

// maxDevice is the longest device, in bytes: room for a UUID.
const maxDevice = 64

// listen opens a subscription: after the cursor of Last-Event-ID, where the door has such a thing, or that
// of the argument, or where the device has got to, whichever is later.
func listen[T any](ctx context.Context, r *Resolver, wake func(), l listening[T]) (transport.Source[T], error) {
	s := &source[T]{listening: l, log: r.Log, wake: wake}
	if err := checkDevice(ctx, l.device); err != nil {
		return nil, err
	}
	after, err := s.startingPoint(ctx)
	if err != nil {
		return nil, err
	}
	s.resumed = after != stream.Now
	var key stream.PositionKey
	if l.device != nil {
		key = stream.PositionKey{User: l.topic, Device: *l.device, Subscription: l.name}
		var known bool
		if s.position, after, known, err = r.Positions.Open(ctx, r.Log, key, after); err != nil {
			return nil, err
		}
		s.resumed = s.resumed || known
	}
	s.sub, err = r.Hub.Subscribe(ctx, l.topic, after, wake)
	if isExpired(err) && l.device != nil {
		// The position is of no use any more. Whoever subscribes again has been told.
		if err := r.Positions.Forget(ctx, key); err != nil {
			return nil, err
		}
	}
	if isExpired(err) && l.onExpired == model.OnExpiredReset {
		s.resumed = false
		if l.device != nil {
			if s.position, _, _, err = r.Positions.Open(ctx, r.Log, key, stream.Now); err != nil {
				return nil, err
			}
		}
		s.sub, err = r.Hub.Subscribe(ctx, l.topic, stream.Now, wake)
	}
	if err != nil {
		return nil, err
	}
	s.last = stream.Event{Topic: l.topic, Seq: s.sub.Start().Seq, Unread: s.sub.Start().Unread}
	return s, nil
}

// checkDevice refuses a device where nothing could be remembered of it.
func checkDevice(ctx context.Context, device *string) error {
	switch {
	case device == nil:
	case !transport.Acknowledges(ctx):
		return problem.New(problem.BadUserInput, "device needs the acknowledgements of graphql-transport-ws: resume by after, or by Last-Event-ID.")
	case *device == "" || len(*device) > maxDevice:
		return problem.New(problem.BadUserInput, "device must have 1 to %d bytes.", maxDevice)
	}
	return nil
}

// passing hides a failure that passes by itself, such as a database that restarts: the subscription goes on
// a second later, where clients would take an error for its end.
func passing(err error, wake func()) error {
	var p *problem.Error
	if errors.As(err, &p) && p.Code == problem.Unavailable {
		time.AfterFunc(time.Second, wake) // without effect, if it has ended by then
		return nil
	}
	return err
}

func isExpired(err error) bool {
	var p *problem.Error
	return errors.As(err, &p) && p.Code == problem.CursorExpired
}

// startingPoint is the position that the client asked for.
func (s *source[T]) startingPoint(ctx context.Context) (int64, error) {
	after := s.after
	if id := transport.LastEventID(ctx); id != "" {
		after = &id
	}
	if after == nil {
		return stream.Now, nil
	}
	position, err := s.log.Position(s.topic, *after)
	if isExpired(err) && s.onExpired == model.OnExpiredReset {
		return stream.Now, nil
	}
	return position, err
}

// Next implements transport.Source.
func (s *source[T]) Next(ctx context.Context, limit int) ([]transport.Item[T], error) {
	for {
		if s.ready != nil {
			missed := s.sub.Start().Seq - s.sub.Position()
			if missed <= 0 {
				item := transport.Item[T]{Value: s.ready(s.last, s.resumed), Cursor: s.log.Cursor(s.topic, s.last.Seq)}
				s.ready = nil
				return []transport.Item[T]{item}, nil
			}
			limit = int(min(int64(limit), missed))
		}
		before := s.sub.Position()
		events, err := s.sub.Read(ctx, limit)
		if err != nil || len(events) == 0 {
			return nil, passing(err, s.wake)
		}
		items := make([]transport.Item[T], 0, len(events))
		err = s.convert(ctx, events, func(e stream.Event, v T) {
			items = append(items, transport.Item[T]{Value: v, Cursor: s.log.Cursor(s.topic, e.Seq)})
		})
		if err != nil {
			s.sub.Rewind(before) // they are read again
			return nil, passing(err, s.wake)
		}
		s.last = events[len(events)-1]
		if len(items) > 0 {
			return items, nil
		}
	}
}

// Acknowledged implements transport.Source.
func (s *source[T]) Acknowledged(cursor string) {
	if s.position == nil {
		return
	}
	if seq, err := s.log.Position(s.topic, cursor); err == nil {
		s.position.Acknowledge(seq)
	}
}

// Close implements transport.Source.
func (s *source[T]) Close() {
	s.sub.Close()
	if s.position != nil {
		s.position.Close()
	}
}
