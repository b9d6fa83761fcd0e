package stream

import (
	"context"

	"github.com/google/uuid"
)

// Wake says that a topic's log has reached seq. It carries nothing private.
type Wake struct {
	Topic uuid.UUID
	Seq   int64
}

// Broker is the doorbell between the processes of one site. It may lose, repeat and reorder what it is
// given, at any time: what it carries only saves the hub from waiting for its next poll.
type Broker interface {
	// Publish tells all processes, this one included. It is called by one goroutine at a time and returns
	// when the broker has taken the wakes.
	Publish(ctx context.Context, wakes []Wake) error
	// Receive calls woken for what any process published, until ctx is done; it calls lost whenever wakes
	// may have been missed, so also once it has connected. Both return at once. Receive connects again by
	// itself and returns only when ctx is done.
	Receive(ctx context.Context, woken func([]Wake), lost func())
	// Follow says of which topics there are readers here from now on, and of which there are none left:
	// wakes of all others need not come. It is called by one goroutine at a time, from before Receive until
	// after it has returned, and does not wait for the broker.
	Follow(begin, end []uuid.UUID)
	// Connected says whether wakes come in now.
	Connected() bool
}
