package stream

import (
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

// Both sockets of a device that was copied acknowledge within one second: the device is shared, whichever of
// the two is written last.
func TestTwoSocketsOfADeviceInOneFlush(t *testing.T) {
	t.Parallel()
	db := openDB(t, postgrestest.New(t))
	user := uuid.New()
	if _, err := db.ExecContext(t.Context(), `INSERT INTO users (id, username, display_name, created_at) VALUES ($1, 'mina', 'mina', now())`, user); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO topics (id, seq) VALUES ($1, 9)`, user); err != nil {
		t.Fatal(err)
	}
	all := NewPositions(db, slog.New(slog.DiscardHandler))
	key := PositionKey{User: user, Device: "copied", Subscription: "events"}
	var l Log
	older, start, known, err := all.Open(t.Context(), &l, key, 0)
	if err != nil || start != 0 || known {
		t.Fatal(start, known, err)
	}
	newer, _, known, err := all.Open(t.Context(), &l, key, 0)
	if err != nil || !known {
		t.Fatal(known, err)
	}
	older.Acknowledge(5)
	newer.Acknowledge(9)
	all.flush(t.Context())
	_, start, known, err = all.Open(t.Context(), &l, key, 2)
	if err != nil || start != 2 || known {
		t.Errorf("a shared device is believed: %d %t %v", start, known, err)
	}
}
