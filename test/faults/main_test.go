package faults_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver
	"go.uber.org/goleak"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/test/binary"
)

var (
	long = flag.Bool("long", false, "run the long set: the faults as often, and with as many clients, as docs/faults.md says")
	seed = flag.Uint64("seed", 0, "the choices of an earlier run; 0: new ones")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano()) & (1<<32 - 1) // short enough to be typed
	}
	fmt.Printf("the choices of this run: -seed %d\n", *seed)
	postgrestest.Main(leakless{m}, migrate)
}

func migrate(dsn string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	return postgres.Migrate(context.Background(), db, slog.New(slog.DiscardHandler))
}

// leakless fails when a goroutine that a test started is left.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	before := goleak.IgnoreCurrent()
	code := binary.Main(l.m)
	if err := goleak.Find(before); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// choices is a source of choices of its own for each part of each test, the same for the same seed.
func choices(t testing.TB, part string) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%s", t.Name(), part)
	return rand.New(rand.NewPCG(*seed, h.Sum64()))
}

// often is how often a fault strikes: in the short set, and in the long one.
func often(short, longer int) int {
	if *long {
		return longer
	}
	return short
}
