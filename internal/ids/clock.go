package ids

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Clock says what time it is, and makes identifiers that say the same. The nil Clock is that of the system;
// one made by NewClock stands still, for those who write what happened at another time. All methods may be
// called by several goroutines at once.
type Clock struct {
	now    time.Time
	mu     sync.Mutex
	made   uint64 // identifiers so far: they sort in the order in which they were made
	random *rand.Rand
}

// NewClock makes a clock that stands at a time. Its identifiers are the same for the same random source and
// the same time.
func NewClock(at time.Time, random *rand.Rand) *Clock {
	return &Clock{now: at.Truncate(time.Millisecond), random: random}
}

// Now is the time in whole milliseconds, as it is stored.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now().Truncate(time.Millisecond)
	}
	return c.now
}

// New makes an identifier of this time.
func (c *Clock) New() (id uuid.UUID) {
	if c == nil {
		return New()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// RFC 9562, section 6.2, method 1: a counter stands where else there is chance. 12 bits are enough for
	// what one transaction makes.
	binary.BigEndian.PutUint64(id[:], uint64(c.now.UnixMilli())<<16|7<<12|min(c.made, 1<<12-1))
	binary.BigEndian.PutUint64(id[8:], 1<<63|c.random.Uint64()>>2)
	c.made++
	return id
}
