package stream

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
)

// startNATS runs a NATS server in this process until the test ends.
func startNATS(t *testing.T, o natsd.Options) *natsd.Server {
	t.Helper()
	o.Host, o.Port, o.NoSigs, o.NoLog = "127.0.0.1", natsd.RANDOM_PORT, true, true
	s, err := natsd.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(patience) {
		t.Fatal("the NATS server does not start")
	}
	return s
}

// subscribed waits until the connections to a server have so many subscriptions. Those that the server makes for itself,
// some of them after it is ready, are not counted.
func subscribed(t *testing.T, s *natsd.Server, n uint32) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d subscriptions", n), func() bool {
		list, err := s.Connz(nil)
		if err != nil {
			t.Fatal(err)
		}
		sum := uint32(0)
		for _, c := range list.Conns {
			sum += c.NumSubs
		}
		return sum == n
	})
}

// natsBroker makes brokers whose connections end with the test, also when nobody calls Receive.
func natsBroker(t *testing.T, urls string) brokerOf {
	return func(db *postgres.DB) Broker {
		b, err := NewNATSBroker(t.Context(), db, urls, testLog(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.conn.Close)
		return b
	}
}

func natsVenue(t *testing.T) venue {
	s := startNATS(t, natsd.Options{})
	return venue{
		dsn:  postgrestest.New(t),
		line: func(t *testing.T) *line { return newLine(t, "tcp", "127.0.0.1:0", s.Addr().String()) },
		over: func(t *testing.T, l *line) brokerOf { return natsBroker(t, "nats://"+l.addr) },
	}
}

func TestNATSBroker(t *testing.T) {
	t.Parallel()
	s, dsn := startNATS(t, natsd.Options{}), postgrestest.New(t)
	brokerSuite(t, func(t *testing.T) Broker { return natsBroker(t, s.ClientURL())(openDB(t, dsn)) })
}

// TestWhatIsNotFollowedCostsNothing counts what comes over the connection.
func TestWhatIsNotFollowedCostsNothing(t *testing.T) {
	t.Parallel()
	s, dsn := startNATS(t, natsd.Options{}), postgrestest.New(t)
	p := start(t, dsn, often, natsBroker(t, s.ClientURL()))
	far := natsBroker(t, s.ClientURL())(openDB(t, dsn)).(*NATSBroker)
	b := p.hub.broker.(*NATSBroker)
	eventually(t, "the broker is connected", p.hub.Connected)
	topics := p.topics(20)
	first, again := p.reader(topics[0], Now), p.reader(topics[0], Now)
	second := p.reader(topics[1], Now)
	subscribed(t, s, 2)
	before := b.conn.Stats().InMsgs
	var wakes []Wake
	for _, id := range topics {
		wakes = append(wakes, Wake{id, 1})
	}
	if err := far.Publish(t.Context(), wakes, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the wakes of what is followed", func() bool { return b.conn.Stats().InMsgs-before >= 2 })
	if err := far.conn.FlushTimeout(patience); err != nil { // all are with the server ...
		t.Fatal(err)
	}
	if err := b.conn.FlushTimeout(patience); err != nil { // ... and what it had for us is here
		t.Fatal(err)
	}
	if n := b.conn.Stats().InMsgs - before; n != 2 {
		t.Errorf("%d messages came for 2 topics with readers, of 20", n)
	}
	first.sub.Close()
	second.sub.Close()
	subscribed(t, s, 1)
	again.sub.Close()
	subscribed(t, s, 0)
	p.reader(topics[0], Now)
	subscribed(t, s, 1)
}

func TestTwoSitesOnOneNATS(t *testing.T) {
	t.Parallel()
	s := startNATS(t, natsd.Options{})
	topic := ids.New()
	here := hear(t, natsBroker(t, s.ClientURL())(openDB(t, postgrestest.New(t))), topic)
	there := hear(t, natsBroker(t, s.ClientURL())(openDB(t, postgrestest.New(t))), topic)
	if err := there.broker.Publish(t.Context(), []Wake{{topic, 1}}, nil); err != nil {
		t.Fatal(err)
	}
	there.wait(Wake{topic, 1}) // the server hands out in order: what here would get is on its way
	if err := here.broker.Publish(t.Context(), []Wake{{topic, 2}}, nil); err != nil {
		t.Fatal(err)
	}
	here.wait(Wake{topic, 2})
	here.mu.Lock()
	defer here.mu.Unlock()
	if len(here.heard) != 1 {
		t.Errorf("heard of another site's %v", here.heard)
	}
}

// TestTheSiteHasANameWhereItsIdentityIsHidden takes the right to read it away, as managed databases do.
func TestTheSiteHasANameWhereItsIdentityIsHidden(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.New(t)
	db := openDB(t, dsn)
	open, err := natsPrefix(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `
CREATE SCHEMA hiding;
CREATE FUNCTION hiding.pg_control_system(OUT system_identifier bigint) LANGUAGE plpgsql AS $$ BEGIN RAISE insufficient_privilege; END $$`); err != nil {
		t.Fatal(err)
	}
	// What is found on the search path before pg_catalog is found instead.
	hidden := openDB(t, dsn+" search_path='hiding,pg_catalog,public'")
	name, err := natsPrefix(t.Context(), hidden)
	if err != nil {
		t.Fatal(err)
	}
	other := openDB(t, postgrestest.New(t))
	elsewhere, err := natsPrefix(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	if name == open || open == elsewhere || name == elsewhere {
		t.Errorf("names: %s, hidden %s, of another database %s", open, name, elsewhere)
	}
	for _, n := range []string{open, name, elsewhere} {
		if len(n) != len("notewire.0123456789abcdef.") || !strings.HasPrefix(n, "notewire.") {
			t.Errorf("name %q", n)
		}
	}
}

// TestMoreWakesThanFit fills the buffer while nobody takes from it.
func TestMoreWakesThanFit(t *testing.T) {
	t.Parallel()
	s, dsn := startNATS(t, natsd.Options{}), postgrestest.New(t)
	topic := ids.New()
	b, far := natsBroker(t, s.ClientURL())(openDB(t, dsn)).(*NATSBroker), natsBroker(t, s.ClientURL())(openDB(t, dsn)).(*NATSBroker)
	b.Follow([]uuid.UUID{topic}, nil)
	<-b.missed // that it has connected
	if err := b.conn.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	var wakes []Wake
	for i := range natsBuffer + 1 {
		wakes = append(wakes, Wake{topic, int64(i)})
	}
	if err := far.Publish(t.Context(), wakes, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the buffer overflows", b.overflowed.Load)
	e := hear(t, b)
	e.wait(wakes[:natsBuffer]...)
	if e.losses() != 1 {
		t.Errorf("lost was called %d times", e.losses())
	}
	last := Wake{topic, natsBuffer + 1}
	if err := far.Publish(t.Context(), []Wake{last}, nil); err != nil {
		t.Fatal(err)
	}
	e.wait(last)
}

func TestNATSThatRefuses(t *testing.T) {
	t.Parallel()
	const password = "hunter2"
	db := openDB(t, postgrestest.New(t))
	authorized := startNATS(t, natsd.Options{Username: "notewire", Password: "right"})
	elsewhere := startNATS(t, natsd.Options{Users: []*natsd.User{{Username: "notewire", Password: password, Permissions: &natsd.Permissions{
		Publish: &natsd.SubjectPermission{Allow: []string{"other.>"}}, Subscribe: &natsd.SubjectPermission{Allow: []string{"other.>"}}}}}})
	as := func(s *natsd.Server, user string) string { return "nats://" + user + "@" + s.Addr().String() }
	for name, address := range map[string]string{
		"no password": authorized.ClientURL(), "wrong password": as(authorized, "notewire:"+password), "no permission": as(elsewhere, "notewire:"+password),
		"not an address": "nats://notewire:" + password + "@host:port",
	} {
		b, err := NewNATSBroker(t.Context(), db, address, testLog(t))
		if err == nil {
			b.conn.Close()
			t.Errorf("%s: accepted", name)
			continue
		}
		if said := err.Error(); !strings.Contains(said, "NATS_URL") || !strings.Contains(said, "nats://") || strings.Contains(said, password) {
			t.Errorf("%s: %s", name, said)
		}
	}
	hear(t, natsBroker(t, as(authorized, "notewire:right"))(db))
}

// TestNATSThatIsNotThere starts the broker before its server: it says so once, and connects when there is one.
func TestNATSThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := startNATS(t, natsd.Options{})
	l := newLine(t, "tcp", "127.0.0.1:0", s.Addr().String())
	l.cut()
	var said bytes.Buffer
	b, err := NewNATSBroker(t.Context(), openDB(t, postgrestest.New(t)), (&url.URL{Scheme: "nats", Host: l.addr}).String(), slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.conn.Close)
	if n := strings.Count(said.String(), "level=WARN"); n != 1 || b.Connected() {
		t.Errorf("%d warnings, connected: %t\n%s", n, b.Connected(), said.String())
	}
	if err := b.Publish(t.Context(), []Wake{{ids.New(), 1}}, nil); err == nil {
		t.Error("published to nobody")
	}
	l.mend()
	hear(t, b)
}

// TestNATSThatFallsSilent has a server that takes everything and says nothing more, as behind a firewall
// that forgot the connection: pings find it out.
func TestNATSThatFallsSilent(t *testing.T) {
	t.Parallel()
	s := startNATS(t, natsd.Options{})
	l := newLine(t, "tcp", "127.0.0.1:0", s.Addr().String())
	e := hear(t, natsBroker(t, "nats://"+l.addr)(openDB(t, postgrestest.New(t))))
	release := l.hold(t)
	eventually(t, "the silence is noticed", func() bool { return !e.broker.Connected() })
	lost := e.losses()
	release()
	eventually(t, "it connects again", func() bool { return e.broker.Connected() && e.losses() > lost })
}
