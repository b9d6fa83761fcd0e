package faults_test

import (
	"net/http"
	"testing"
	"time"
)

// F5: nothing comes from Postgres any more, and nothing reaches it, while its connections stay open.
//
// Red (I11) when a connection that was silent for too long is taken for an internal error.
func TestF5Silence(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{lines: true})
	s.write()
	s.servers[0].postgres.hold(true, true)
	stalled := time.NewTimer(time.Duration(often(12, 30)) * time.Second)
	s.awaitReadiness(0, http.StatusServiceUnavailable)
	<-stalled.C
	s.servers[0].postgres.free()
	s.awaitReadiness(0, http.StatusOK)
	s.healed("the silence")
	s.finish()
}
