package stream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
)

// PositionKey says whose progress a position is: that of one subscription, with its arguments, of one
// device of a user.
type PositionKey struct {
	User         uuid.UUID
	Device       string
	Subscription string
}

const (
	// Acknowledgements are written together, this often: what a kill -9 forgets comes again.
	flushInterval = time.Second
	// A user's least recently seen devices beyond so many are forgotten.
	maxDevices = 50
	// An open subscription that acknowledges nothing, because nothing happens, is noted this often.
	seenInterval = time.Hour
	// A device that was not seen for so long is forgotten.
	deviceTTL = "30 days"
)

// Positions remembers how far the devices of users got, so that a client which subscribes again with its
// old variables continues where it was.
type Positions struct {
	db  *postgres.DB
	log *slog.Logger

	mu    sync.Mutex
	dirty map[*Position]struct{} // acknowledged and not yet written; one entry per position
	open  map[*Position]struct{}

	writing chan struct{} // size 1: held by the flush under way
}

// NewPositions keeps the positions of a database. Run must be running for acknowledgements to be written.
func NewPositions(db *postgres.DB, log *slog.Logger) *Positions {
	return &Positions{db: db, log: log, dirty: map[*Position]struct{}{}, open: map[*Position]struct{}{}, writing: make(chan struct{}, 1)}
}

// Position is the progress of one open subscription.
type Position struct {
	key    PositionKey
	holder uuid.UUID
	epoch  int64
	all    *Positions

	// Guarded by all.mu.
	seq     int64
	ackedAt time.Time
}

const openPosition = `
WITH was AS (
  SELECT epoch = $5 AND NOT shared AS valid FROM positions WHERE user_id = $1 AND device = $2 AND subscription = $3
)
INSERT INTO positions AS p (user_id, device, subscription, seq, epoch, holder)
VALUES ($1, $2, $3, CASE WHEN $4::bigint >= 0 THEN $4 ELSE (SELECT seq FROM topics WHERE id = $1) END, $5, $6)
ON CONFLICT (user_id, device, subscription) DO UPDATE
SET seq = CASE WHEN p.epoch = $5 AND NOT p.shared THEN greatest(p.seq, $4) ELSE excluded.seq END, epoch = $5, holder = $6, held_since = clock_timestamp(), seen_at = clock_timestamp()
RETURNING seq, coalesce((SELECT valid FROM was), false)`

const forgetDevices = `
DELETE FROM positions WHERE user_id = $1 AND device IN (
  SELECT device FROM positions WHERE user_id = $1 GROUP BY device ORDER BY max(seen_at) DESC OFFSET $2)`

// Open takes over the position of a key, for a subscription of the user's log that would start after a seq,
// or with the next event (Now), and returns the seq after which it is to start: the later of that and what
// was acknowledged. known says whether there was such a position. It is stored before the subscription's
// first event, so that a client which loses that event still gets it.
func (p *Positions) Open(ctx context.Context, l *Log, key PositionKey, after int64) (pos *Position, start int64, known bool, err error) {
	p.flush(ctx) // what this device has just acknowledged on another socket of this process
	pos = &Position{key: key, holder: uuid.New(), epoch: int64(l.epochs.now.Load()), all: p}
	err = p.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := tx.Row(ctx, openPosition, []any{key.User, key.Device, key.Subscription, after, pos.epoch, pos.holder}, &pos.seq, &known); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, forgetDevices, key.User, maxDevices)
		return err
	})
	if err == nil {
		p.mu.Lock()
		p.open[pos] = struct{}{}
		p.mu.Unlock()
	}
	return pos, pos.seq, known, err
}

// Close says that the subscription has ended. What it acknowledged is still written.
func (pos *Position) Close() {
	pos.all.mu.Lock()
	defer pos.all.mu.Unlock()
	delete(pos.all.open, pos)
}

// Forget drops the position of a key: it has expired.
func (p *Positions) Forget(ctx context.Context, key PositionKey) error {
	return p.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM positions WHERE user_id = $1 AND device = $2 AND subscription = $3`, key.User, key.Device, key.Subscription)
		return err
	})
}

// Acknowledge says that the client has handled everything up to seq. It does not block.
func (pos *Position) Acknowledge(seq int64) {
	p := pos.all
	p.mu.Lock()
	defer p.mu.Unlock()
	if seq > pos.seq {
		pos.seq, pos.ackedAt = seq, time.Now()
		p.dirty[pos] = struct{}{}
	}
}

// The position of a key that was taken over since belongs to the newer socket. If the older one's client
// has acknowledged something after that, both live: the device is shared, and its position says nothing.
const writePositions = `
UPDATE positions AS p SET
  seq = greatest(p.seq, a.seq), seen_at = clock_timestamp(),
  shared = p.shared OR p.holder <> a.holder AND statement_timestamp() - make_interval(secs => a.age) > p.held_since
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::uuid[], $7::float8[])
  AS a(user_id, device, subscription, seq, epoch, holder, age)
WHERE p.user_id = a.user_id AND p.device = a.device AND p.subscription = a.subscription AND p.epoch = a.epoch`

// Run writes what was acknowledged once a second until ctx is done, and then a last time.
func (p *Positions) Run(ctx context.Context) {
	tick, hour := time.NewTicker(flushInterval), time.NewTicker(seenInterval)
	defer tick.Stop()
	defer hour.Stop()
	for {
		select {
		case <-hour.C:
			p.mu.Lock()
			for pos := range p.open {
				p.dirty[pos] = struct{}{}
			}
			p.mu.Unlock()
		case <-tick.C:
			p.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			p.flush(last)
			return
		}
	}
}

// acknowledgement is what one position has to have written.
type acknowledgement struct {
	*Position
	seq int64
	at  time.Time // zero: nothing was acknowledged, it is only still open
}

// flush writes what was acknowledged, and returns when also what another flush has taken is written: whoever
// opens a position after it finds all of it.
func (p *Positions) flush(ctx context.Context) {
	select {
	case p.writing <- struct{}{}:
		defer func() { <-p.writing }()
	case <-ctx.Done():
		return
	}
	p.mu.Lock()
	list := make([]acknowledgement, 0, len(p.dirty))
	for pos := range p.dirty {
		list = append(list, acknowledgement{pos, pos.seq, pos.ackedAt})
	}
	clear(p.dirty)
	p.mu.Unlock()
	if len(list) == 0 {
		return
	}
	err := p.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		for _, once := range distinctKeys(list) {
			if err := writeAcknowledgements(ctx, tx, once); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return
	}
	// The next flush writes it: the client may have nothing more to acknowledge.
	p.mu.Lock()
	for _, a := range list {
		p.dirty[a.Position] = struct{}{}
	}
	p.mu.Unlock()
	if ctx.Err() == nil {
		p.log.Warn("positions of devices not written: trying again", "count", len(list), "error", err)
	}
}

// distinctKeys splits a list so that no part has a key twice: an UPDATE would take one of them and not look at
// the other, which is the one that shows that a device is shared.
func distinctKeys(list []acknowledgement) (parts [][]acknowledgement) {
	times := map[PositionKey]int{}
	for _, a := range list {
		n := times[a.key]
		times[a.key]++
		if n == len(parts) {
			parts = append(parts, nil)
		}
		parts[n] = append(parts[n], a)
	}
	return parts
}

func writeAcknowledgements(ctx context.Context, tx *postgres.Tx, list []acknowledgement) error {
	var users, holders postgres.UUIDs
	var devices, subscriptions []string
	var seqs, epochs []int64
	var ages []float64
	for _, a := range list {
		users, holders = append(users, a.key.User), append(holders, a.holder)
		devices, subscriptions = append(devices, a.key.Device), append(subscriptions, a.key.Subscription)
		seqs, epochs = append(seqs, a.seq), append(epochs, a.epoch)
		age := time.Since(a.at) // measured here: waiting for a connection must not make it look younger
		if a.at.IsZero() {
			age = 100 * 365 * 24 * time.Hour // before any other socket could take it over
		}
		ages = append(ages, age.Seconds())
	}
	_, err := tx.Exec(ctx, writePositions, users, devices, subscriptions, seqs, epochs, holders, ages)
	return err
}

// Prune forgets the devices that did not come back.
func (p *Positions) Prune(ctx context.Context) error {
	return p.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM positions WHERE seen_at < now() - interval '`+deviceTTL+`'`)
		return err
	})
}
