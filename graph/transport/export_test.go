package transport

// Leaving is how many sockets have had their turn in a drain and wait for an operation to be answered.
func (r *Registry) Leaving() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.all {
		s.mu.Lock()
		if s.leaving {
			n++
		}
		s.mu.Unlock()
	}
	return n
}
