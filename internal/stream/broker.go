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

// Signal is a small message about a topic for those who listen here and now. It is never stored.
type Signal struct {
	Topic uuid.UUID
	Data  string // any bytes, at most MaxSignal
}

// MaxSignal is how many bytes a signal may have: enough for a few identifiers and numbers, little enough that
// many go together.
const MaxSignal = 100

// signalMark begins what carries signals, between brokers. Nothing that carries wakes begins so.
const signalMark = "!"

// Broker is the doorbell between the processes of one site. It may lose, repeat and reorder what it is
// given, at any time. A wake only saves the hub from waiting for its next poll; a signal that is lost is lost.
type Broker interface {
	// Publish tells all processes, this one included. It is called by one goroutine at a time and returns
	// when the broker has taken the wakes and the signals.
	Publish(ctx context.Context, wakes []Wake, signals []Signal) error
	// Receive calls woken and signalled for what any process published, until ctx is done; it calls lost
	// whenever wakes may have been missed, so also once it has connected. All return at once. Receive
	// connects again by itself and returns only when ctx is done.
	Receive(ctx context.Context, woken func([]Wake), signalled func([]Signal), lost func())
	// Follow says of which topics there are readers or listeners here from now on, and of which there are
	// none left: what is about all others need not come. It is called by one goroutine at a time, from before Receive until
	// after it has returned, and does not wait for the broker.
	Follow(begin, end []uuid.UUID)
	// Connected says whether wakes and signals come in now.
	Connected() bool
}
