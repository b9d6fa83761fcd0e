package faults_test

import (
	"net/http"
	"testing"
)

// F12: of two servers one is cut from the broker, and the broker lives. Both deliver everything, and nothing
// comes twice when the line is mended.
//
// Planted, and seen red: the poll off: what one server wrote did not come at the other.
func TestF12OneServerIsCut(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2, nats: true, startNATS: true})
	for i := range s.servers {
		s.awaitReadiness(i, http.StatusOK)
	}
	s.write()
	for i := range often(2, 20) {
		if i%2 == 0 {
			s.servers[1].nats.sever()
			s.awaitReadiness(1, http.StatusServiceUnavailable)
		} else { // it only falls silent, and says what it had to say when it is late
			s.servers[1].nats.hold(true, true)
		}
		s.reaches("server 1 is cut from NATS")
		s.servers[1].nats.free()
		s.awaitReadiness(1, http.StatusOK)
		s.reaches("it is back")
	}
	s.finish()
}
