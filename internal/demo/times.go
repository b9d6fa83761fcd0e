package demo

import (
	"math"
	"time"
)

// moment is a time between two, more often late than early: the site grows. Most people write in the evening.
func (p *plan) moment(after moment, lateness float64) moment {
	span := p.end.Sub(after)
	if span <= 0 {
		return after
	}
	at := after.Add(time.Duration(math.Pow(p.random.Float64(), 1/lateness) * float64(span)))
	hour := 7 + max(p.random.IntN(17), p.random.IntN(17)) // 7 to 23
	awake := time.Date(at.Year(), at.Month(), at.Day(), hour, at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
	if awake.Before(after) || awake.After(p.end) {
		return at
	}
	return awake
}

// after is a while later, mean in the long run, and at least a fiftieth of it.
func (p *plan) after(at moment, mean time.Duration) moment {
	return at.Add(mean/50 + time.Duration(p.random.ExpFloat64()*float64(mean)))
}

func (p *plan) chance(percent int) bool { return p.random.IntN(100) < percent }
