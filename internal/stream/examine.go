package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/notewire/notewire/internal/postgres"
)

// ExamineEpoch says what makes cursors of before a restore invalid here. It changes nothing.
func ExamineEpoch(ctx context.Context, db *postgres.DB) postgres.Finding {
	f := postgres.Finding{What: "epoch", Says: "a restore and a failover are noticed"}
	var e epochs
	if _, f.Err = e.read(ctx, db); f.Err == nil && e.hidden.Load() {
		f.Err = errors.New("this role may not call pg_control_system() and pg_control_checkpoint(): GRANT EXECUTE ON FUNCTION both to it, or run notewire rotate-epoch after each restore and failover")
		f.Bearable = true
	}
	return f
}

// ExamineBroker says whether servers can wake each other: through NATS, where natsURL names one, or else by
// LISTEN and NOTIFY: it wakes a topic that nobody has.
func ExamineBroker(ctx context.Context, db *postgres.DB, natsURL string) postgres.Finding {
	f := postgres.Finding{What: "broker", Bearable: true} // the poll goes on
	if natsURL == "" {
		f.Says = "LISTEN and NOTIFY work"
		if err := hearNotify(ctx, db); err != nil {
			f.Err = fmt.Errorf("what is notified does not arrive, so that events of other servers come up to the poll interval late: name the database itself in DATABASE_URL, not a pooler (%w)", err)
		}
		return f
	}
	f.Says = "NATS hands on what it is given"
	f.Err = hearNATS(ctx, db, natsURL)
	f.Bearable = !errors.Is(f.Err, errNATSRefused) && !errors.Is(f.Err, errNATSURL)
	if f.Err != nil && f.Bearable {
		f.Err = fmt.Errorf("NATS cannot be reached, so that events of other servers come up to the poll interval late: see that it runs, and correct NATS_URL (%w)", f.Err)
	}
	return f
}

func hearNATS(ctx context.Context, db *postgres.DB, urls string) error {
	prefix, err := natsPrefix(ctx, db)
	if err != nil {
		return err
	}
	conn, err := nats.Connect(urls, nats.Name("notewire check"), nats.Timeout(natsTimeout), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err == nil {
		defer conn.Close()
		ctx, cancel := context.WithTimeout(ctx, natsTimeout)
		defer cancel()
		err = (&NATSBroker{prefix: prefix}).hearOneself(ctx, conn)
	}
	return explainNATS(err)
}

// notifyTime is how long a notification may take that is meant for oneself.
const notifyTime = 5 * time.Second

func hearNotify(ctx context.Context, db *postgres.DB) error {
	ctx, cancel := context.WithTimeout(ctx, notifyTime)
	defer cancel()
	b := NewPostgresBroker(db, slog.New(slog.DiscardHandler))
	want := Wake{Topic: uuid.New(), Seq: 1}
	heard, ended := make(chan struct{}, 1), make(chan struct{})
	listening := make(chan struct{}, 1)
	go func() {
		defer close(ended)
		b.Receive(ctx, func(wakes []Wake) {
			for _, w := range wakes {
				if w == want {
					ring(heard)
				}
			}
		}, func([]Signal) {}, func() { ring(listening) })
	}()
	defer func() { cancel(); <-ended }()
	select {
	case <-listening:
	case <-ctx.Done():
		return errors.New("LISTEN is not answered")
	}
	if err := b.Publish(ctx, []Wake{want}, nil); err != nil {
		return err
	}
	select {
	case <-heard:
		return nil
	case <-ctx.Done():
		return errors.New("NOTIFY is not heard")
	}
}
