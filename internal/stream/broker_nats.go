package stream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/nats-io/nats.go"

	"github.com/notewire/notewire/internal/postgres"
)

const (
	// Wakes and signals that have come in and were not looked at yet. They are looked at as fast as a map is
	// read; when there are more nevertheless, the rest is dropped and the logs of all that is served are read.
	natsBuffer = 8192
	// What is waiting is handed on together, up to so many wakes.
	natsBatch = 512

	natsTimeout = 2 * time.Second // for what takes a round trip, and for a write
	// Between two attempts to connect. The jitter keeps all servers of a site from coming back at once.
	natsRetry, natsJitter, natsJitterTLS = 250 * time.Millisecond, 500 * time.Millisecond, time.Second
	// A server that leaves two pings unanswered is taken for gone.
	natsPing = 5 * time.Second
)

// errNATSAway is what Publish says while there is no connection.
var errNATSAway = errors.New("there is no connection to NATS")

// NATSBroker rings through the subjects of a NATS server or cluster, without JetStream. Each topic is a
// subject of its own, "notewire", the site and the topic, which is subscribed only while it is followed; a
// message is the seq in decimal, or a signal's data behind signalMark. Nothing is kept for when the connection is lost: whoever connects reads
// the logs of all it serves.
type NATSBroker struct {
	conn   *nats.Conn
	prefix string // of all subjects of this database: two sites may share a NATS
	log    *slog.Logger

	followed map[uuid.UUID]*nats.Subscription // touched by Follow only
	in       chan *nats.Msg                   // size natsBuffer
	missed   chan struct{}                    // size 1: wakes may have been missed

	connected, overflowed atomic.Bool
	refused               bool // since the last connection; touched by up and failed only
}

// NewNATSBroker makes a broker for the site on the database that db is connected to. urls is one address,
// or several of one cluster separated by commas; user and password, or a token, stand in them. A NATS
// that cannot be reached is tried for ever; one that refuses us is an error that says what to do. Receive
// must be called: it ends the connection.
func NewNATSBroker(ctx context.Context, db *postgres.DB, urls string, log *slog.Logger) (*NATSBroker, error) {
	prefix, err := natsPrefix(ctx, db)
	if err != nil {
		return nil, err
	}
	b := &NATSBroker{prefix: prefix, log: log, followed: map[uuid.UUID]*nats.Subscription{},
		in: make(chan *nats.Msg, natsBuffer), missed: make(chan struct{}, 1)}
	if err := b.try(ctx, urls); err != nil {
		return nil, err
	}
	b.conn, err = nats.Connect(urls, nats.Name("notewire"), nats.Timeout(natsTimeout), nats.FlusherTimeout(natsTimeout),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(natsRetry), nats.ReconnectJitter(natsJitter, natsJitterTLS),
		nats.IgnoreAuthErrorAbort(), // a password may be changed here and there one after the other
		nats.ReconnectBufSize(-1),   // old wakes are of no use to anybody
		nats.PingInterval(natsPing), nats.MaxPingsOutstanding(2),
		nats.ConnectHandler(b.up), nats.ReconnectHandler(b.up), nats.DisconnectErrHandler(b.down), nats.ErrorHandler(b.failed))
	if err != nil {
		return nil, explainNATS(err)
	}
	return b, nil
}

// try connects once, and sends itself a message. It finds out what trying again would not mend.
func (b *NATSBroker) try(ctx context.Context, urls string) error {
	conn, err := nats.Connect(urls, nats.Name("notewire"), nats.Timeout(natsTimeout), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err == nil {
		defer conn.Close()
		ctx, cancel := context.WithTimeout(ctx, natsTimeout)
		defer cancel()
		err = b.hearOneself(ctx, conn)
	}
	if err = explainNATS(err); errors.Is(err, errNATSRefused) || errors.Is(err, errNATSURL) {
		return err
	}
	if err != nil {
		b.log.Warn("broker: NATS is not there: events arrive by polling until it is", "error", err)
	}
	return nil
}

func (b *NATSBroker) hearOneself(ctx context.Context, conn *nats.Conn) error {
	echo, err := conn.SubscribeSync(b.prefix + "echo")
	if err == nil {
		err = conn.Publish(echo.Subject, nil)
	}
	if err == nil {
		err = conn.FlushWithContext(ctx) // a refusal comes before the answer to this
	}
	if err == nil {
		err = conn.LastError()
	}
	if err == nil {
		_, err = echo.NextMsgWithContext(ctx)
	}
	return err
}

var (
	errNATSRefused = errors.New("NATS refuses this server: put a user and a password, or a token, that it knows into NATS_URL (nats://user:password@host:4222), and allow that user to publish and to subscribe to notewire.>")
	errNATSURL     = errors.New("NATS_URL is not understood: give nats://host:4222, or several addresses of one cluster separated by commas")
)

// explainNATS says what to do about err, and repeats no address: it may hold a password.
func explainNATS(err error) error {
	var bad *url.Error
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		errors.Is(err, nats.ErrAccountAuthExpired), errors.Is(err, nats.ErrPermissionViolation):
		return fmt.Errorf("%w (%w)", errNATSRefused, err)
	case errors.As(err, &bad):
		return fmt.Errorf("%w (%w)", errNATSURL, bad.Err)
	}
	return err
}

// natsPrefix is the same for all servers on a database, and for those on no other. Where a managed Postgres
// hides its identity, it is made of the host in DATABASE_URL: then all servers must name it alike, or they
// hear of each other by polling only.
func natsPrefix(ctx context.Context, db *postgres.DB) (string, error) {
	var database, cluster string
	err := db.QueryRowContext(ctx, `SELECT current_database()`).Scan(&database)
	if err == nil {
		err = db.QueryRowContext(ctx, `SELECT system_identifier::text FROM pg_control_system()`).Scan(&cluster)
		if _, ok := errors.AsType[*pq.Error](err); ok { // this role may not ask
			var cfg pq.Config
			cfg, err = pq.NewConfig(db.DSN())
			cluster = cfg.Host
		}
	}
	if err != nil {
		return "", postgres.Explain(err)
	}
	sum := sha256.Sum256([]byte(cluster + "/" + database))
	return "notewire." + hex.EncodeToString(sum[:8]) + ".", nil
}

func (b *NATSBroker) subject(topic uuid.UUID) string { return b.prefix + topic.String() }

// Publish implements Broker. What is published while there is no connection is lost.
func (b *NATSBroker) Publish(ctx context.Context, wakes []Wake, signals []Signal) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, w := range wakes {
		if err := b.publish(w.Topic, strconv.AppendInt(nil, w.Seq, 10)); err != nil {
			return err
		}
	}
	for _, s := range signals {
		if err := b.publish(s.Topic, append([]byte(signalMark), s.Data...)); err != nil {
			return err
		}
	}
	return nil
}

func (b *NATSBroker) publish(topic uuid.UUID, message []byte) error {
	err := b.conn.Publish(b.subject(topic), message)
	if errors.Is(err, nats.ErrReconnectBufExceeded) {
		return errNATSAway
	}
	return err
}

// Follow implements Broker. While there is no connection it only notes what to subscribe.
func (b *NATSBroker) Follow(begin, end []uuid.UUID) {
	for _, topic := range end {
		if s := b.followed[topic]; s != nil {
			delete(b.followed, topic)
			_ = s.Unsubscribe() // fails when the connection is closed: then nothing comes either
		}
	}
	for _, topic := range begin {
		if b.followed[topic] != nil {
			continue
		}
		s, err := b.conn.ChanSubscribe(b.subject(topic), b.in)
		if err != nil { // closed
			continue
		}
		b.followed[topic] = s
	}
}

// Receive implements Broker.
func (b *NATSBroker) Receive(ctx context.Context, woken func([]Wake), signalled func([]Signal), lost func()) {
	defer b.connected.Store(false)
	defer b.conn.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.missed:
			if b.overflowed.Swap(false) {
				b.log.Warn("broker: more wakes from NATS than could be taken: reading all that is served")
			}
			// The subscriptions were sent again before this: once it is answered they hold, and what is
			// published from then on comes.
			limited, cancel := context.WithTimeout(ctx, natsTimeout)
			_ = b.conn.FlushWithContext(limited) // when it fails we are told of the next connection
			cancel()
			lost()
		case m := <-b.in:
			wakes, signals := b.waiting(m)
			if len(wakes) > 0 {
				woken(wakes)
			}
			if len(signals) > 0 {
				signalled(signals)
			}
		}
	}
}

// waiting takes what has come in beside the first message.
func (b *NATSBroker) waiting(first *nats.Msg) (wakes []Wake, signals []Signal) {
	m := first
	for n := min(len(b.in), natsBatch); ; n-- { // nobody else takes from in
		if topic, err := uuid.Parse(strings.TrimPrefix(m.Subject, b.prefix)); err == nil {
			if data, ok := strings.CutPrefix(string(m.Data), signalMark); ok {
				signals = append(signals, Signal{topic, data})
			} else if seq, err := strconv.ParseInt(string(m.Data), 10, 64); err == nil {
				wakes = append(wakes, Wake{topic, seq}) // what is neither is somebody else's: the poll knows better
			}
		}
		if n == 0 {
			return wakes, signals
		}
		m = <-b.in
	}
}

// Connected implements Broker.
func (b *NATSBroker) Connected() bool { return b.connected.Load() }

// up, down and failed are called by the connection, one at a time.

func (b *NATSBroker) up(*nats.Conn) {
	b.refused = false
	b.connected.Store(true)
	ring(b.missed)
}

func (b *NATSBroker) down(_ *nats.Conn, err error) {
	if b.connected.Swap(false) && err != nil { // nil: closed by Receive
		b.log.Warn("broker: NATS connection lost: events arrive by polling until it is back", "error", err)
	}
}

func (b *NATSBroker) failed(_ *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrSlowConsumer) {
		b.overflowed.Store(true)
		ring(b.missed)
		return
	}
	err = explainNATS(err)
	if errors.Is(err, errNATSRefused) && b.refused { // said once, not for each attempt and each topic
		return
	}
	b.refused = errors.Is(err, errNATSRefused)
	b.log.Warn("broker: NATS: trying on", "error", err)
}
