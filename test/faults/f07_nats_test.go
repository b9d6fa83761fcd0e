package faults_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
)

// F7: NATS is not there at the start, comes, flaps, and goes. Writes are acknowledged all the time, and
// what NATS does not tell is found by polling.
//
// Planted, and seen red: the poll off: what one server wrote did not come at the other.
func TestF7NATS(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{servers: 2, nats: true})
	faults := choices(t, "faults")
	ready := func(want int) {
		t.Helper()
		for i := range s.servers {
			s.awaitReadiness(i, want)
		}
	}
	s.write()
	s.reaches("NATS has never been there")
	var nats *natsd.Server
	for i := range often(3, 30) {
		nats = s.startNATS()
		if i > 0 { // a flap: it goes while servers are still coming back to it
			time.Sleep(time.Duration(faults.Int64N(int64(300 * time.Millisecond))))
		} else {
			ready(http.StatusOK)
		}
		nats.Shutdown()
		time.Sleep(time.Duration(faults.Int64N(int64(300 * time.Millisecond))))
	}
	ready(http.StatusServiceUnavailable)
	s.reaches(fmt.Sprintf("NATS is gone after %d times", often(3, 30)))
	s.startNATS()
	ready(http.StatusOK)
	s.reaches("NATS is back")
	s.finish()
}
