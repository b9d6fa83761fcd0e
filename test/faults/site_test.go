package faults_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/test/binary"
)

// setup says on what a scenario takes place. The zero value is one server on a database of its own, four
// people who write and listen, and two canaries.
type setup struct {
	servers int      // 0: one
	args    []string // more of the command line of each server
	env     []string // more variables of each server
	dsn     string   // more of each server's connection string
	// ownPostgres starts a Postgres for this scenario alone, which can be restarted.
	ownPostgres bool
	folder      string        // of that Postgres; "": a new one
	lines       bool          // each server reaches Postgres through a line of its own
	nats        bool          // NATS wakes the servers, which starts when the scenario says so; each reaches it through a line
	startNATS   bool          // NATS is there from the start
	people      int           // 0: four
	hands       int           // things that each person does at a time; 0: one
	sockets     int           // subscriptions to all events of a person, on each server, at most 10; 0: one
	pause       time.Duration // the longest between two writes of one hand; 0: 40 ms
	// mayHangUp: servers die, so that requests may end without an answer. Otherwise that breaks I11.
	mayHangUp bool
	// noFootprint: what a server holds is not compared with what it held before (I10).
	noFootprint bool
}

// site is a running site with the people who use it, and the ledger of what they were told.
type site struct {
	t      *testing.T
	setup  setup
	dsn    string // of the database, past all lines
	own    *cluster
	client *http.Client

	servers   []*server
	people    []*person
	canaries  []*person
	readers   []*reader
	natsAddr  string // where NATS listens, when it does
	mayHangUp atomic.Bool
	answers   durations
	visible   atomic.Int64 // how often I8 was looked at

	stopLoad  func() // nil while nobody writes
	stopping  atomic.Bool
	stopRead  func()
	footprint []footprint

	mu         sync.Mutex
	violations int
}

// server is one server process, which may die and be started again.
type server struct {
	mu       sync.Mutex
	process  *binary.Server
	url      string
	admin    string
	postgres *line // nil without lines
	nats     *line // nil without NATS
}

// begin starts a site, has people register, listen and warm it up, and remembers what it holds then.
func begin(t *testing.T, o setup) *site {
	t.Helper()
	o.servers, o.people = max(o.servers, 1), cmpOr(o.people, 4)
	o.hands, o.sockets, o.pause = max(o.hands, 1), max(o.sockets, 1), cmpOr(o.pause, 40*time.Millisecond)
	s := &site{t: t, setup: o, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}, Timeout: 2 * answerTime}}
	s.mayHangUp.Store(o.mayHangUp)
	t.Logf("repeat these choices with: go test ./test/faults -run '^%s$' -seed %d", t.Name(), *seed)
	t.Cleanup(s.client.CloseIdleConnections)
	if o.ownPostgres {
		if o.folder == "" {
			o.folder = binary.Folder(t)
		}
		s.own = startCluster(t, o.folder)
		s.dsn = s.own.server().DSN()
	} else {
		s.dsn = postgrestest.New(t)
	}
	if o.nats {
		s.natsAddr = binary.FixedAddr(t)
		if o.startNATS {
			s.startNATS()
		}
	}
	for i := range o.servers {
		s.servers = append(s.servers, s.launch(i))
	}
	s.populate()
	s.listen()
	if !o.noFootprint {
		s.write()
		time.Sleep(500 * time.Millisecond) // caches and pools fill with what they always hold
		s.pauseLoad()
		s.settle()
		s.footprint = s.measure()
	}
	return s
}

func cmpOr[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// launch starts a server of the site.
func (s *site) launch(i int) *server {
	v := &server{admin: binary.FixedAddr(s.t)}
	dsn := s.dsn
	if s.setup.lines {
		v.postgres = newLine(s.t, "unix", socketOf(s.t, dsn))
		dsn = through(s.t, dsn, v.postgres.addr)
	}
	env := append([]string{"DATABASE_URL=" + dsn + " " + s.setup.dsn}, s.setup.env...)
	if s.setup.nats {
		v.nats = newLine(s.t, "tcp", s.natsAddr)
		env = append(env, "NATS_URL=nats://"+v.nats.addr)
	}
	v.process = binary.Start(s.t, binary.Options{Folder: binary.Folder(s.t), Addr: binary.FixedAddr(s.t),
		Args: append([]string{"--admin-addr", v.admin}, s.setup.args...), Env: env})
	v.url = v.process.URL
	return v
}

// url is where a server is, dead or alive.
func (s *site) url(server int) string { return s.servers[server].url }

// process is the process of a server.
func (s *site) process(server int) *binary.Server {
	v := s.servers[server]
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.process
}

// kill ends a server as kill -9 does.
func (s *site) kill(server int) { s.process(server).Kill() }

// again starts a server that has ended, on the same address.
func (s *site) again(server int) {
	s.t.Helper()
	process := s.process(server).Again(s.t)
	v := s.servers[server]
	v.mu.Lock()
	defer v.mu.Unlock()
	v.process = process
}

// startNATS has the broker come.
func (s *site) startNATS() *natsd.Server { return binary.StartNATS(s.t, s.natsAddr, natsd.Options{}) }

// awaitReadiness waits until /readyz of a server says it is ready, or is not.
func (s *site) awaitReadiness(server, want int) {
	s.t.Helper()
	for end := time.Now().Add(answerTime); ; time.Sleep(10 * time.Millisecond) {
		status, said := s.process(server).Readiness()
		if status == want {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("readiness of server %d is %d %s, not %d", server, status, said, want)
		}
	}
}

// violated puts down that something which must hold does not. Any goroutine may call it.
func (s *site) violated(invariant, format string, args ...any) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.violations++; s.violations <= 20 { // what comes after has the same cause
		s.t.Errorf("%s: %s", invariant, fmt.Sprintf(format, args...))
	}
}

// finish ends the load, lets everybody catch up, and checks the ledger.
func (s *site) finish() {
	s.t.Helper()
	s.pauseLoad()
	s.settle()
	s.checkCanaries()
	s.check()
	if s.footprint != nil {
		s.checkFootprint()
	}
	s.stopRead()
	n, median, longest := s.answers.summary()
	s.t.Logf("%d answers, the median after %s, the last after %s; %d looks at every server for what was acknowledged", n, median, longest, s.visible.Load())
}
