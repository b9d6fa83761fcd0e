package faults_test

import (
	"fmt"
	"testing"
	"time"
)

// F1: kill -9 of the server under load.
//
// Planted, and seen red: an answer before the commit (I1, I8); a resume that forgets its cursor (I5).
func TestF1Kill(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{mayHangUp: true})
	faults := choices(t, "faults")
	s.write()
	for i := range often(3, 30) {
		time.Sleep(time.Duration(faults.Int64N(int64(500 * time.Millisecond)))) // when it strikes is a choice, not a wait
		s.kill(0)
		s.again(0)
		s.healed(fmt.Sprintf("kill %d", i+1))
	}
	s.finish()
}
