package testserver

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/notewire/notewire/graph/transport"
)

// Resolver holds what the resolvers share.
type Resolver struct {
	Log *Log

	mu    sync.Mutex
	gates map[string]*gate
}

// gate is where wait stands until release.
type gate struct{ waiting, released, cancelled signal }

// signal is a channel that any number of callers may close.
type signal struct {
	once sync.Once
	ch   chan struct{}
}

func (s *signal) fire() { s.once.Do(func() { close(s.ch) }) }

// NewResolver returns a Resolver with an empty log.
func NewResolver() *Resolver { return &Resolver{Log: NewLog(), gates: map[string]*gate{}} }

// Schema is the executable schema of r.
func (r *Resolver) Schema() graphql.ExecutableSchema {
	return NewExecutableSchema(Config{Resolvers: r})
}

func (r *Resolver) gate(key string) *gate {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.gates[key]
	if g == nil {
		g = &gate{}
		for _, s := range []*signal{&g.waiting, &g.released, &g.cancelled} {
			s.ch = make(chan struct{})
		}
		r.gates[key] = g
	}
	return g
}

func (r *Resolver) wait(ctx context.Context, key string, stubborn bool) (string, error) {
	if stubborn {
		ctx = context.WithoutCancel(ctx)
	}
	g := r.gate(key)
	g.waiting.fire()
	select {
	case <-g.released.ch:
		return key, nil
	case <-ctx.Done():
		g.cancelled.fire()
		return "", ctx.Err()
	}
}

// Waiting is closed when a wait for this key has begun.
func (r *Resolver) Waiting(key string) <-chan struct{} { return r.gate(key).waiting.ch }

// Cancelled is closed when a wait for this key was given up.
func (r *Resolver) Cancelled(key string) <-chan struct{} { return r.gate(key).cancelled.ch }

// WaitFor is closed when the key is released; Waiting is closed from now on.
func (r *Resolver) WaitFor(key string) <-chan struct{} {
	g := r.gate(key)
	g.waiting.fire()
	return g.released.ch
}

// Release lets the waits for this key answer.
func (r *Resolver) Release(key string) { r.gate(key).released.fire() }

type viewerKey struct{}

// WithViewer returns a context whose viewer has this name.
func WithViewer(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, viewerKey{}, name)
}

// failing is a source that gives one event and then fails; with panics it panics at once.
type failing struct {
	given  bool
	panics bool
}

func (f *failing) Next(context.Context, int) ([]transport.Item[*Event], error) {
	switch {
	case f.panics:
		panic("a source that panics")
	case f.given:
		return nil, errors.New("the log is gone")
	}
	f.given = true
	return []transport.Item[*Event]{{Value: &Event{Cursor: "1", Body: "one"}, Cursor: "1"}}, nil
}

func (f *failing) Acknowledged(string) {}
func (f *failing) Close()              {}
