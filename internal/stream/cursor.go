package stream

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// A cursor is base64url of a version, the topic, the epoch, the seq and a checksum of these. It is no
// secret and grants nothing: it is only accepted for the topic that the viewer subscribes to.
const (
	cursorVersion = 1
	cursorSize    = 1 + 16 + 8 + 8 + 4
)

// Cursor is the position just after the event with this seq.
func (l *Log) Cursor(topic uuid.UUID, seq int64) string {
	var b [cursorSize]byte
	b[0] = cursorVersion
	copy(b[1:], topic[:])
	binary.BigEndian.PutUint64(b[17:], l.epochs.now.Load())
	binary.BigEndian.PutUint64(b[25:], uint64(seq))
	binary.BigEndian.PutUint32(b[33:], crc32.ChecksumIEEE(b[:33]))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Position reads a cursor of a topic. What is not a whole cursor, or one of another topic, is
// BAD_USER_INPUT; one of another epoch is CURSOR_EXPIRED.
func (l *Log) Position(topic uuid.UUID, cursor string) (int64, error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) != cursorSize || b[0] != cursorVersion || binary.BigEndian.Uint32(b[33:]) != crc32.ChecksumIEEE(b[:33]) {
		return 0, problem.New(problem.BadUserInput, "This is not a whole cursor: send one exactly as an event or a payload gave it.")
	}
	if uuid.UUID(b[1:17]) != topic {
		return 0, problem.New(problem.BadUserInput, "This cursor belongs to another log: send one that this subscription gave.")
	}
	seq := int64(binary.BigEndian.Uint64(b[25:]))
	if binary.BigEndian.Uint64(b[17:]) != l.epochs.now.Load() || seq < 0 {
		return 0, expired("the log was restored from a backup or lost its end")
	}
	return seq, nil
}

func expired(why string) error {
	return problem.New(problem.CursorExpired, "Events after this cursor are no longer known (%s): fetch afresh, then subscribe without it.", why)
}

// epochs is what makes cursors of another database, or of another history of this one, invalid.
type epochs struct {
	now    atomic.Uint64
	hidden atomic.Bool // this role may not see the cluster's identity
}

// The identity of the cluster, its timeline, which a failover or a restore changes, and a counter that an
// operator can raise.
const readEpoch = `
SELECT hashtextextended((SELECT system_identifier FROM pg_control_system())::text || '/' || (SELECT timeline_id FROM pg_control_checkpoint())::text || '/' || counter::text, 0)
FROM epoch`

// Where a managed Postgres hides the first two, the counter alone counts.
const readEpochCounter = `SELECT hashtextextended(counter::text, 0) FROM epoch`

// read finds the epoch and says whether it is another one than before.
func (e *epochs) read(ctx context.Context, db *postgres.DB) (changed bool, err error) {
	var v int64
	if !e.hidden.Load() {
		err = db.QueryRowContext(ctx, readEpoch).Scan(&v)
		e.hidden.Store(postgres.IsForbidden(err))
	}
	if e.hidden.Load() {
		err = db.QueryRowContext(ctx, readEpochCounter).Scan(&v)
	}
	if err != nil {
		return false, postgres.Explain(err)
	}
	was := e.now.Swap(uint64(v))
	return was != uint64(v) && was != 0, nil
}

// RotateEpoch makes all cursors invalid, as a restore does. Servers notice within their poll interval.
func RotateEpoch(ctx context.Context, db *postgres.DB) error {
	return db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE epoch SET counter = counter + 1`)
		return err
	})
}
