package transport_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

var blob = strings.Repeat("x", 64<<10)

const blobs = `subscription { events(topic: "blobs", after: "0") { cursor body } }`

// stalled says that some socket of the service is behind.
func stalled(s *service) bool { return s.door.Registry.Stats().Behind > 0 }

// cursorOf is the cursor of an event.
func cursorOf(t testing.TB, m testserver.Message) string {
	t.Helper()
	var p struct {
		Data struct {
			Events struct{ Cursor string }
		}
	}
	must(t, json.Unmarshal(m.Payload, &p))
	return p.Data.Events.Cursor
}

// The events of a client that does not read are not even looked for, until it reads again.
func TestSlowReaderIsNotPulled(t *testing.T) {
	s := newService(t, &transport.Websocket{WriteTimeout: time.Minute})
	s.Log.Publish("blobs", blob, 300)
	slow := connect(t, s.url)
	slow.subscribe("a", blobs)
	eventually(t, "the kernel takes no more", func() bool { return stalled(s) })
	reads := s.Log.Reads()
	if reads > 5 { // 32 events of 64 KiB each
		t.Fatalf("the log was read %d times for a client that does not read", reads)
	}
	good := connect(t, s.url)
	good.subscribe("a", `subscription { events(topic: "blobs") { cursor } }`)
	good.nothingElse()
	eventually(t, "the good client listens: without a cursor it begins with what comes then", func() bool { return s.Log.Readers() == 2 })
	before := s.Log.Reads()
	const more = 20
	for i := range more {
		s.Log.Publish("blobs", blob, 1)
		if got, want := cursorOf(t, good.expect("next", "a")), fmt.Sprint(301+i); got != want {
			t.Fatalf("got event %s, want %s", got, want)
		}
	}
	if n := s.Log.Reads() - before; n > 2*more+1 { // of the good client: one with the event, one without
		t.Fatalf("%d reads for %d events: the slow client's log was read too", n, more)
	}
	for i := range 300 + more {
		if got, want := cursorOf(t, slow.expect("next", "a")), fmt.Sprint(1+i); got != want {
			t.Fatalf("got event %s, want %s", got, want)
		}
	}
	slow.nothingElse()
}

// One reader of a room of 51 stops reading while 200 messages of 64 kB are sent: the other 50 get all, and
// when the one goes on reading it finds all too.
func TestOneOf51StopsReading(t *testing.T) {
	s := newService(t, &transport.Websocket{WriteTimeout: time.Minute, PongTimeout: time.Minute})
	const messages = 200
	results := make(chan error, 50)
	for range 50 {
		p := connect(t, s.url)
		p.subscribe("a", blobs)
		go func() { results <- readAll(p.Client, messages) }()
	}
	stopped := connect(t, s.url)
	stopped.subscribe("a", blobs)
	for range messages {
		s.Log.Publish("blobs", blob, 1)
	}
	for range 50 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if !stalled(s) {
		t.Error("the one that stopped is not behind: the test tests nothing")
	}
	must(t, readAll(stopped.Client, messages))
}

// readAll reads that many events in order and answers pings.
func readAll(c *testserver.Client, messages int) error {
	for i := 0; i < messages; {
		f, err := c.ReadFrame()
		if err != nil {
			return fmt.Errorf("after %d events: %w", i, err)
		}
		text := string(f.Payload)
		if strings.HasPrefix(text, `{"type":"ping"`) {
			if err := c.Send(`{"type":"pong"}`); err != nil {
				return err
			}
			continue
		}
		i++
		if want := fmt.Sprintf(`{"id":"a","type":"next","payload":{"data":{"events":{"cursor":"%d",`, i); !strings.HasPrefix(text, want) {
			return fmt.Errorf("event %d is %.80s", i, text)
		}
	}
	return nil
}

// resumeAll reads what a dropped client had got, connects anew and checks that the two make one list.
func resumeAll(t *testing.T, s *service, dropped *peer, messages int) {
	t.Helper()
	last := 0
	for {
		m, err := dropped.Read()
		if errors.Is(err, testserver.ErrGone) {
			break
		}
		must(t, err)
		if m.Type == "next" {
			last++
			if got := cursorOf(t, m); got != fmt.Sprint(last) {
				t.Fatalf("got event %s, want %d", got, last)
			}
		}
	}
	if last >= messages {
		t.Fatal("the client that did not read got everything: the test tests nothing")
	}
	again := connect(t, s.url)
	again.subscribe("a", fmt.Sprintf(`subscription { events(topic: "blobs", after: "%d") { cursor body } }`, last))
	for last < messages {
		last++
		if got := cursorOf(t, again.expect("next", "a")); got != fmt.Sprint(last) {
			t.Fatalf("resumed: got event %s, want %d", got, last)
		}
	}
	again.nothingElse()
}

// Slow readers are dropped in time, notice it when they look, and resume without a gap.
func TestSlowReadersAreDroppedAndResume(t *testing.T) {
	const slow, messages = 10, 200
	// Short for a test; long enough for the clients that do read, on a machine that has other work.
	s := newService(t, &transport.Websocket{WriteTimeout: 3 * time.Second, PongTimeout: time.Minute})
	s.Log.Publish("blobs", blob, messages)
	var peers []*peer
	for range slow {
		p := connect(t, s.url)
		p.subscribe("a", blobs)
		peers = append(peers, p)
	}
	good := connect(t, s.url)
	good.subscribe("a", blobs)
	for i := range messages {
		if got := cursorOf(t, good.expect("next", "a")); got != fmt.Sprint(1+i) {
			t.Fatalf("got event %s, want %d", got, 1+i)
		}
	}
	start := time.Now()
	eventually(t, "all slow readers are dropped", func() bool { return s.door.Registry.Stats().SlowReaders == slow })
	t.Logf("dropped within %v", time.Since(start))
	for _, p := range peers {
		resumeAll(t, s, p, messages)
	}
	good.nothingElse()
}

// Answers to what a client goes on sending without reading do not pile up.
func TestFloodOfPingsIsBounded(t *testing.T) {
	s := newService(t, &transport.Websocket{WriteTimeout: time.Minute})
	p := connect(t, s.url)
	ping := sized(60 << 10)
	for sent := 0; p.Send("%s", ping) == nil; sent += len(ping) {
		if sent > 64<<20 { // the queue's 1 MiB, and what the kernel takes at four places
			t.Fatalf("the server has taken %d bytes of pings and its client no pong", sent)
		}
	}
	if n := s.door.Registry.Stats().SlowReaders; n != 1 {
		t.Fatalf("%d slow readers were counted", n)
	}
	eventually(t, "the socket is gone", func() bool { return s.door.Registry.Len() == 0 })
}

// A reader that is slow but reads gets everything, however long it takes: a ping may spend more than
// PongTimeout in the queue behind what it has not read yet.
func TestSlowButSteadyReader(t *testing.T) {
	s := newService(t, &transport.Websocket{
		QueueSoftLimit: 4 << 20, QueueHardLimit: 8 << 20,
		PongTimeout: 2 * time.Second, AckDelay: 300 * time.Millisecond, // when all is queued
	})
	const messages = 70
	s.Log.Publish("blobs", blob, messages)
	p := connect(t, s.url)
	must(t, p.Conn.(*net.TCPConn).SetReadBuffer(16<<10)) // or the kernel would do the reading
	p.subscribe("a", blobs)
	for i := range messages {
		time.Sleep(45 * time.Millisecond) // the reader's own pace
		if got := cursorOf(t, p.expect("next", "a")); got != fmt.Sprint(1+i) {
			t.Fatalf("got event %s, want %d", got, 1+i)
		}
	}
	p.expect("ping", "")
}
