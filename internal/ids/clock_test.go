package ids

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestClock makes identifiers of another time: they are of version 7, carry that time, sort as they were made,
// and come again.
//
// Red when the counter is left out, and when the version is that of chance.
func TestClock(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 3, 1, 12, 0, 0, 123_456_789, time.UTC)
	make100 := func() (list []uuid.UUID) {
		random := rand.New(rand.NewPCG(1, 2))
		for _, later := range []time.Duration{0, time.Millisecond} {
			c := NewClock(at.Add(later), random)
			for range 50 {
				list = append(list, c.New())
			}
		}
		return list
	}
	list, again := make100(), make100()
	for i, id := range list {
		if id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Errorf("%s has version %d and variant %d", id, id.Version(), id.Variant())
		}
		s, ns := id.Time().UnixTime()
		if got, want := time.Unix(s, ns).UnixMilli(), at.UnixMilli()+int64(i/50); got != want {
			t.Errorf("%s is of %d, not %d", id, got, want)
		}
		if i > 0 && bytes.Compare(list[i-1][:], id[:]) >= 0 {
			t.Errorf("%s is not after %s", id, list[i-1])
		}
		if id != again[i] {
			t.Errorf("%s came as %s the second time", id, again[i])
		}
	}
}

// TestSystemClock has the nil Clock go.
func TestSystemClock(t *testing.T) {
	t.Parallel()
	var c *Clock
	before := time.Now().Truncate(time.Millisecond)
	if now := c.Now(); now.Before(before) || now.Nanosecond()%1e6 != 0 {
		t.Errorf("it is %s, after %s", now, before)
	}
	if a, b := c.New(), c.New(); bytes.Compare(a[:], b[:]) >= 0 {
		t.Errorf("%s and then %s", a, b)
	}
}
