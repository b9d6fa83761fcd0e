package binary

import (
	"net"
	"strconv"
	"testing"

	natsd "github.com/nats-io/nats-server/v2/server"
)

// StartNATS runs a NATS server in this process until the test ends, or it is shut down.
func StartNATS(t testing.TB, addr string, o natsd.Options) *natsd.Server {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	o.Host, o.NoSigs, o.NoLog = host, true, true
	if o.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	s, err := natsd.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(Patience) {
		t.Fatal("the NATS server does not start")
	}
	t.Cleanup(s.Shutdown)
	return s
}
