package graph

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// loader reads values by their keys, each once, and those that several fields ask for at about the same time by one
// fetch. It remembers them, and an error, for as long as it lives.
//
// Whoever asks first reads for all who ask before nobody new has come for the time called quiet. A timer would not do:
// in a process that is otherwise idle the shortest takes a millisecond, which is how finely the system's poller waits,
// and each level of a query would. So the first gives way, again and again, to the goroutines that could still ask.
type loader[K comparable, V any] struct {
	quiet time.Duration
	fetch func(context.Context, []K) (map[K]V, error)

	mu    sync.Mutex
	asked map[K]*batch[K, V]
	open  *batch[K, V] // that takes keys yet
}

// batch is what is fetched together.
type batch[K comparable, V any] struct {
	keys  []K
	done  chan struct{} // closed when there is an answer, the rest of the fields
	found map[K]V
	err   error
}

func newLoader[K comparable, V any](quiet time.Duration, fetch func(context.Context, []K) (map[K]V, error)) *loader[K, V] {
	return &loader[K, V]{quiet: quiet, fetch: fetch, asked: map[K]*batch[K, V]{}}
}

// Load is the value of a key, or nought when there is none.
func (l *loader[K, V]) Load(ctx context.Context, key K) (value V, err error) {
	l.mu.Lock()
	b, leads := l.ask(key)
	l.mu.Unlock()
	if leads {
		l.read(ctx, b)
	}
	<-b.done
	return b.found[key], b.err
}

// LoadAll is Load for many keys, in their order.
func (l *loader[K, V]) LoadAll(ctx context.Context, keys []K) ([]V, error) {
	batches := make([]*batch[K, V], len(keys))
	var led *batch[K, V]
	l.mu.Lock()
	for i, key := range keys {
		var leads bool
		if batches[i], leads = l.ask(key); leads {
			led = batches[i]
		}
	}
	l.mu.Unlock()
	if led != nil {
		l.read(ctx, led)
	}
	values := make([]V, len(keys))
	for i, b := range batches {
		<-b.done
		if b.err != nil {
			return nil, b.err
		}
		values[i] = b.found[keys[i]]
	}
	return values, nil
}

// ask finds the batch that has a key, and says whether the caller must read it; l.mu is held.
func (l *loader[K, V]) ask(key K) (b *batch[K, V], leads bool) {
	if b = l.asked[key]; b != nil {
		return b, false
	}
	if b = l.open; b == nil {
		b, leads = &batch[K, V]{done: make(chan struct{}), err: errUnread}, true
		l.open = b
	}
	b.keys = append(b.keys, key)
	l.asked[key] = b
	return b, leads
}

// errUnread is for those who wait for somebody who panicked.
var errUnread = errors.New("what was asked for together was not read")

func (l *loader[K, V]) read(ctx context.Context, b *batch[K, V]) {
	defer close(b.done)
	l.collect(b)
	b.found, b.err = l.fetch(ctx, b.keys)
}

// collect ends when a batch has all that is asked for.
func (l *loader[K, V]) collect(b *batch[K, V]) {
	for last, had := time.Now(), 0; ; {
		runtime.Gosched()
		l.mu.Lock()
		if now := time.Now(); len(b.keys) != had {
			last, had = now, len(b.keys)
		} else if now.Sub(last) >= l.quiet {
			l.open = nil
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
	}
}
