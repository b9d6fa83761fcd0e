package stream

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/notewire/notewire/internal/postgres"
)

const (
	channel = "notewire"
	// Postgres refuses a payload of 8,000 bytes.
	maxPayload = 7000
	wakeSize   = 16 + 8
)

// payloadText is how payloads are written: NOTIFY carries text only.
var payloadText = base64.RawStdEncoding

// PostgresBroker rings through LISTEN and NOTIFY. NOTIFY holds a lock of the whole database until its
// transaction has committed, so it stands in transactions of its own, one at a time and coalesced.
type PostgresBroker struct {
	db        *postgres.DB
	log       *slog.Logger
	connected atomic.Bool
}

// NewPostgresBroker makes a broker on the database that db is connected to.
func NewPostgresBroker(db *postgres.DB, log *slog.Logger) *PostgresBroker {
	return &PostgresBroker{db: db, log: log}
}

// Publish implements Broker: all payloads in one statement.
func (b *PostgresBroker) Publish(ctx context.Context, wakes []Wake, signals []Signal) error {
	payloads := append(wakePayloads(wakes), signalPayloads(signals)...)
	if len(payloads) == 0 {
		return ctx.Err()
	}
	rows, err := b.db.Rows(ctx, `SELECT pg_notify('`+channel+`', p) FROM unnest($1::text[]) AS p`, payloads)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func wakePayloads(wakes []Wake) (payloads []string) {
	var p strings.Builder
	var raw [wakeSize]byte
	for _, w := range wakes {
		copy(raw[:], w.Topic[:])
		binary.BigEndian.PutUint64(raw[16:], uint64(w.Seq))
		p.WriteString(payloadText.EncodeToString(raw[:])) // 24 bytes make 32 characters: no separator needed
		if p.Len() > maxPayload-payloadText.EncodedLen(wakeSize) {
			payloads = append(payloads, p.String())
			p.Reset()
		}
	}
	if p.Len() > 0 {
		payloads = append(payloads, p.String())
	}
	return payloads
}

func parseWakes(payload string) []Wake {
	size := payloadText.EncodedLen(wakeSize)
	wakes := make([]Wake, 0, len(payload)/size)
	var raw [wakeSize]byte
	for ; len(payload) >= size; payload = payload[size:] {
		if _, err := payloadText.Decode(raw[:], []byte(payload[:size])); err != nil {
			continue // somebody else's notification: the poll knows better
		}
		wakes = append(wakes, Wake{Topic: uuid.UUID(raw[:16]), Seq: int64(binary.BigEndian.Uint64(raw[16:]))})
	}
	return wakes
}

// signalPayloads writes for each signal its topic, its length in one byte, and its data, all as one text
// behind signalMark.
func signalPayloads(signals []Signal) (payloads []string) {
	var raw []byte
	for i, s := range signals {
		raw = append(append(append(raw, s.Topic[:]...), byte(len(s.Data))), s.Data...)
		if i == len(signals)-1 || payloadText.EncodedLen(len(raw)+16+1+MaxSignal) > maxPayload-len(signalMark) {
			payloads = append(payloads, signalMark+payloadText.EncodeToString(raw))
			raw = raw[:0]
		}
	}
	return payloads
}

func parseSignals(text string) (signals []Signal) {
	raw, err := payloadText.DecodeString(text)
	if err != nil {
		return nil // somebody else's notification
	}
	for len(raw) > 16 && len(raw) > 16+int(raw[16]) {
		end := 17 + int(raw[16])
		signals = append(signals, Signal{uuid.UUID(raw[:16]), string(raw[17:end])})
		raw = raw[end:]
	}
	return signals
}

const (
	listenRetryMin = 100 * time.Millisecond
	listenRetryMax = 5 * time.Second
	// A connection over which nothing came for so long is tried with a ping.
	listenIdle = 10 * time.Second
)

// Receive implements Broker.
func (b *PostgresBroker) Receive(ctx context.Context, woken func([]Wake), signalled func([]Signal), lost func()) {
	for ctx.Err() == nil {
		b.listen(ctx, woken, signalled, lost)
	}
}

// listen serves one pq.Listener until it seems dead. It is then replaced rather than closed and waited
// for: closing a listener whose connection hangs can hang itself (lib/pq#1409).
func (b *PostgresBroker) listen(ctx context.Context, woken func([]Wake), signalled func([]Signal), lost func()) {
	defer b.connected.Store(false)
	l := pq.NewListener(b.db.DSN(), listenRetryMin, listenRetryMax, func(event pq.ListenerEventType, err error) {
		if err != nil && ctx.Err() == nil {
			b.connected.Store(false)
			b.log.Warn("broker: LISTEN connection lost: events arrive by polling until it is back", "error", err)
		}
	})
	defer func() { go l.Close() }()
	listening := make(chan error, 1)
	go func() { listening <- l.Listen(channel) }() // waits until there is a connection
	ping := time.NewTicker(listenIdle)
	defer ping.Stop()
	pinged := make(chan error, 1)
	pinging := false
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-listening:
			if err != nil {
				b.log.Warn("broker: LISTEN failed", "error", err)
				return
			}
			b.connected.Store(true)
			lost()
		case n, ok := <-l.Notify:
			switch {
			case !ok:
				return
			case n == nil: // connected again: what came in between is lost
				b.connected.Store(true)
				lost()
			default:
				if text, ok := strings.CutPrefix(n.Extra, signalMark); ok {
					signalled(parseSignals(text))
				} else {
					woken(parseWakes(n.Extra))
				}
			}
		case err := <-pinged:
			pinging = false
			if err != nil {
				b.connected.Store(false)
			}
		case <-ping.C:
			if pinging { // the last one was not answered in time
				return
			}
			pinging = true
			go func() { pinged <- l.Ping() }()
		}
	}
}

// Follow implements Broker. There is one channel for all topics: what nobody reads here costs the hub a look
// into a map.
func (b *PostgresBroker) Follow(_, _ []uuid.UUID) {}

// Connected implements Broker.
func (b *PostgresBroker) Connected() bool { return b.connected.Load() }
