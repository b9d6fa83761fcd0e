package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

// maxWait is how long a poll of the log may wait, in milliseconds: below the idle timeouts of proxies.
const maxWait = 30_000

// eventPage is the viewer's log for those who poll.
func (r *Resolver) eventPage(ctx context.Context, after *string, first, waitMs *int) (*model.EventPage, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	w, err := page.Read[int64](page.Args{First: first})
	if err != nil {
		return nil, err
	}
	wait := time.Duration(0)
	if waitMs != nil {
		if *waitMs < 0 || *waitMs > maxWait {
			return nil, problem.New(problem.BadUserInput, "waitMs must be 0 to %d.", maxWait)
		}
		wait = time.Duration(*waitMs) * time.Millisecond
	}
	position := stream.Now
	if after != nil {
		if position, err = r.Log.Position(v.UserID, *after); err != nil {
			return nil, err
		}
	}
	woken := make(chan struct{}, 1)
	sub, err := r.Hub.Subscribe(ctx, v.UserID, position, func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	if after == nil {
		return &model.EventPage{Events: []model.Event{}, Cursor: r.Log.Cursor(v.UserID, sub.Position())}, nil
	}
	timeout := time.After(wait)
	over := make(chan struct{}, 1) // the session may have ended
	if wait > 0 {
		defer r.Hub.OnWake(v.SessionID, func() {
			select {
			case over <- struct{}{}:
			default:
			}
		})()
	}
	for {
		result, err := r.readPage(ctx, v, sub, w.Limit)
		if err != nil || len(result.Events) > 0 || result.HasMore || wait == 0 {
			return result, err
		}
		select {
		case <-woken:
		case <-timeout:
			return result, nil
		case <-r.Sessions.draining:
			return result, nil
		case <-over:
			alive, err := r.Accounts.Sessions(ctx, []uuid.UUID{v.SessionID})
			if err != nil {
				return nil, err
			}
			if len(alive) == 0 {
				return nil, problem.SignIn()
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *Resolver) readPage(ctx context.Context, v access.Viewer, sub *stream.Subscription, limit int) (*model.EventPage, error) {
	events, err := sub.Read(ctx, limit)
	if err != nil {
		return nil, err
	}
	result := &model.EventPage{Events: []model.Event{}, Cursor: r.Log.Cursor(v.UserID, sub.Position())}
	if len(events) == limit || sub.Position() < sub.Start().Seq {
		head, _, err := r.Log.Head(ctx, v.UserID)
		if err != nil {
			return nil, err
		}
		result.HasMore = head.Seq > sub.Position()
	}
	err = r.convert(ctx, v, events, func(_ stream.Event, e model.Event) { result.Events = append(result.Events, e) })
	return result, err
}

// unreadChanged is the newest counters only.
func (r *Resolver) unreadChanged(ctx context.Context, device *string) (<-chan *model.UnreadChanged, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[*model.UnreadChanged], error) {
		v, err := access.SignedIn(ctx)
		if err != nil {
			return nil, err
		}
		if err := checkDevice(ctx, device); err != nil {
			return nil, err
		}
		sub, err := r.Hub.Subscribe(ctx, v.UserID, stream.Now, wake)
		if err != nil {
			return nil, err
		}
		return &counters{log: r.Log, viewer: v, sub: sub, wake: wake}, nil
	})
}

// counters is an open subscription of a viewer's counters. There is nothing to resume: what counts now is
// sent at once.
type counters struct {
	log    *stream.Log
	viewer access.Viewer
	sub    *stream.Subscription
	wake   func()
	sent   *stream.Unread
}

// Next implements transport.Source: it reads to the end of the log and keeps the last.
func (c *counters) Next(ctx context.Context, limit int) ([]transport.Item[*model.UnreadChanged], error) {
	unread, seq := c.sub.Start().Unread, c.sub.Position()
	if c.sent != nil {
		unread = *c.sent
	}
	for {
		events, err := c.sub.Read(ctx, limit)
		if err != nil {
			return nil, passing(err, c.wake)
		}
		if len(events) == 0 {
			break
		}
		last := events[len(events)-1]
		unread, seq = last.Unread, last.Seq
	}
	if c.sent != nil && *c.sent == unread {
		return nil, nil
	}
	c.sent = &unread
	cursor := c.log.Cursor(c.viewer.UserID, seq)
	return []transport.Item[*model.UnreadChanged]{{Cursor: cursor,
		Value: &model.UnreadChanged{Cursor: cursor, Unread: model.NewUnreadCounts(c.viewer.UserID, unread)}}}, nil
}

// Acknowledged implements transport.Source.
func (c *counters) Acknowledged(string) {}

// Close implements transport.Source.
func (c *counters) Close() { c.sub.Close() }
