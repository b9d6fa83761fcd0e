package faults_test

import (
	"slices"
	"sync"
	"time"
)

// durations are collected by many and looked at by one.
type durations struct {
	mu   sync.Mutex
	list []time.Duration
}

func (d *durations) add(v time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, v)
}

// summary is how many there are, their median and the longest.
func (d *durations) summary() (n int, median, longest time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.list) == 0 {
		return 0, 0, 0
	}
	sorted := slices.Sorted(slices.Values(d.list))
	return len(sorted), sorted[len(sorted)/2].Round(time.Millisecond), sorted[len(sorted)-1].Round(time.Millisecond)
}
