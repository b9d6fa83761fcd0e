package main

import "golang.org/x/sync/errgroup"

// parallel calls f for 0 to n-1, some at a time.
func parallel(limit, n int, f func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(limit)
	for i := range n {
		g.Go(func() error { return f(i) })
	}
	return g.Wait()
}
