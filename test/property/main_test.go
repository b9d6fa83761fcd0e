package property_test

import (
	"flag"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

func TestMain(m *testing.M) {
	// Some thousand operations, and fewer where each takes much longer. A flag on the command line counts more.
	checks := "40"
	if raceDetector {
		checks = "6"
	}
	if err := flag.Set("rapid.checks", checks); err != nil {
		panic(err)
	}
	sitetest.Main(m)
}
