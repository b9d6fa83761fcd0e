package graph

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// What is asked for at the same time is read together, each key once, and remembered; what is not there is nought.
// Red when a key that is asked for again is read again, and when the first reads at once.
func TestALoaderReadsTogether(t *testing.T) {
	var mu sync.Mutex
	var fetched [][]int
	l := newLoader(20*time.Millisecond, func(_ context.Context, keys []int) (map[int]string, error) {
		mu.Lock()
		defer mu.Unlock()
		fetched = append(fetched, slices.Sorted(slices.Values(keys)))
		return map[int]string{1: "one", 2: "two"}, nil
	})
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if v, err := l.Load(t.Context(), 1); v != "one" || err != nil {
				t.Error(v, err)
			}
			if v, err := l.LoadAll(t.Context(), []int{2, 3, 1, 2}); !slices.Equal(v, []string{"two", "", "one", "two"}) || err != nil {
				t.Error(v, err)
			}
		})
	}
	all.Wait()
	if len(fetched) != 2 || !slices.Equal(fetched[0], []int{1}) || !slices.Equal(fetched[1], []int{2, 3}) {
		t.Errorf("read were %v", fetched)
	}
}

// Nobody waits for somebody who panicked, and an error is that of all who asked. Red when a panic leaves a batch open.
func TestALoaderThatFails(t *testing.T) {
	failed := errors.New("failed")
	l := newLoader(time.Millisecond, func(_ context.Context, keys []int) (map[int]string, error) {
		if slices.Contains(keys, 1) {
			panic("planned")
		}
		return nil, failed
	})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = l.Load(t.Context(), 1)
	}()
	if _, err := l.Load(t.Context(), 1); !errors.Is(err, errUnread) {
		t.Error(err)
	}
	for range 2 {
		if _, err := l.LoadAll(t.Context(), []int{2, 3}); !errors.Is(err, failed) {
			t.Error(err)
		}
	}
}
