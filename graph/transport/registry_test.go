package transport_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

func TestCloseSessionAndUser(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	registry := s.door.Registry
	open := func(user, session string) *peer {
		p := dial(t, s.url)
		p.init(fmt.Sprintf(`{"user":%q,"session":%q}`, user, session))
		p.subscribe("a", `subscription { events(topic: "t", after: "0") { body } }`)
		return p
	}
	phone, laptop, other, nobody := open("ada", "1"), open("ada", "2"), open("bob", "3"), open("", "")
	registry.CloseSession("1")
	phone.expectClose(4403)
	laptop.nothingElse()
	registry.CloseUser("ada")
	laptop.expectClose(4403)
	registry.CloseUser("")
	registry.CloseSession("")
	s.Log.Publish("t", "x", 1)
	for _, p := range []*peer{other, nobody} {
		p.expectPayload("next", "a", `{"data":{"events":{"body":"x"}}}`)
	}
	for _, p := range []*peer{phone, laptop} {
		if m, err := p.Read(); err == nil {
			t.Fatalf("%s followed the close frame", m.Raw)
		}
	}
	eventually(t, "two sockets are left", func() bool { return registry.Len() == 2 })
}

// A socket that is gone does not count for its user any more.
func TestSocketsOfAUserAreForgotten(t *testing.T) {
	s := newService(t, &transport.Websocket{MaxSocketsPerUser: 1})
	for range 5 {
		p := dial(t, s.url)
		p.init(`{"user":"ada","session":"1"}`)
		must(t, p.Frame(ws.NewCloseFrame(nil)))
		p.expect("close", "")
		if m, err := p.Read(); err == nil { // the connection ends after the socket is forgotten
			t.Fatalf("%s followed the close frame", m.Raw)
		}
		eventually(t, "the socket is gone", func() bool { return s.door.Registry.Len() == 0 })
	}
}

// An Init that takes no notice of its deadline does not get a socket with a context that has ended.
func TestLateInit(t *testing.T) {
	s := newService(t, &transport.Websocket{
		InitTimeout: 20 * time.Millisecond,
		Init: func(ctx context.Context, _ transport.InitRequest) (context.Context, transport.Identity, error) {
			<-ctx.Done()
			return ctx, transport.Identity{}, nil
		},
	})
	p := dial(t, s.url)
	p.send(`{"type":"connection_init"}`)
	p.expectClose(1013)
}

// What is queued for a client that is behind must not reach it after its session has ended.
func TestRevokedSlowReader(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	p := dial(t, s.url)
	p.init(`{"session":"1"}`)
	s.Log.Publish("t", blob, 1000)
	p.subscribe("a", `subscription { events(topic: "t", after: "0") { cursor body } }`)
	eventually(t, "the kernel takes no more", func() bool { return s.Log.Reads() > 0 && stalled(s) })
	s.door.Registry.CloseSession("1")
	for n := 0; ; n++ {
		m, err := p.Read()
		if errors.Is(err, testserver.ErrGone) {
			break
		}
		if m.Type == "close" || n > 900 {
			t.Fatalf("got %d events and then %d", n, m.CloseCode)
		}
	}
	eventually(t, "the socket is gone", func() bool { return s.door.Registry.Len() == 0 && s.Log.Readers() == 0 })
}

// What a worker has queued and not yet written when the session ends is not sent either.
func TestRevokedBeforeItIsWritten(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	p := dial(t, s.url)
	p.init(`{"session":"1"}`)
	s.Log.Publish("t", "first", 1)
	s.Log.Publish("t", "held", 1)
	p.subscribe("a", `subscription { events(topic: "t", after: "0") { body held } }`)
	await(t, s.Waiting("held")) // the second event is being resolved, the first is queued
	s.door.Registry.CloseSession("1")
	p.expectClose(4403)
	await(t, s.Cancelled("held"))
}

// A session is ended by who ends it and by who hears of it, at once: each socket is told so, whoever is first.
// Red when the second takes back what the first has queued.
func TestRevokedTwiceAtOnce(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	for range 100 {
		var peers []*peer
		for range 5 {
			p := dial(t, s.url)
			p.init(`{"session":"1"}`)
			for i := range 5 {
				p.subscribe(fmt.Sprint(i), `subscription { events(topic: "t", after: "0") { body } }`)
			}
			peers = append(peers, p)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { s.door.Registry.CloseSession("1") })
		}
		all.Wait()
		for _, p := range peers {
			p.expectClose(4403)
		}
	}
}

// The session ends, or is renewed, after Init has read it and before the socket is filed under it.
func TestSessionChangesDuringInit(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	begin := func(key, payload string) *peer {
		p := dial(t, s.url)
		p.send(`{"type":"connection_init","payload":{"wait":%q,%s}}`, key, payload)
		await(t, s.Waiting(key))
		return p
	}
	ended := begin("ended", `"user":"ada","session":"1"`)
	suspended := begin("suspended", `"user":"bob","session":"2"`)
	renewed := begin("renewed", `"user":"eve","session":"3","expires":"1s"`)
	clock := begin("clock", `"user":"eve","session":"4","expires":"1s"`)
	s.door.Registry.CloseSession("1")
	s.door.Registry.CloseUser("bob")
	s.door.Registry.ExtendSession("3", time.Now().Add(time.Hour))
	for _, key := range []string{"ended", "suspended", "renewed", "clock"} {
		s.Release(key)
	}
	ended.expectClose(4403)
	suspended.expectClose(4403)
	renewed.expect("connection_ack", "")
	clock.expect("connection_ack", "")
	clock.expectClose(4403)
	renewed.nothingElse()
}

func TestExtendSession(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	longer, shorter, clock := dial(t, s.url), dial(t, s.url), dial(t, s.url)
	longer.init(`{"session":"1","expires":"1s"}`)
	clock.init(`{"session":"2","expires":"1s"}`)
	shorter.init(`{"session":"3","expires":"1h"}`)
	s.door.Registry.ExtendSession("1", time.Now().Add(time.Hour))
	s.door.Registry.ExtendSession("3", time.Now().Add(10*time.Millisecond))
	shorter.expectClose(4403)
	clock.expectClose(4403)
	longer.nothingElse()
}

func TestDrain(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	asking := connect(t, s.url)
	asking.subscribe("s", `subscription { events(topic: "t") { body } }`)
	asking.subscribe("a", `{ wait(key: "k") }`)
	await(t, s.Waiting("k"))
	idle := connect(t, s.url)
	uninitialised := dial(t, s.url)
	drained := make(chan error, 1)
	go func() { drained <- s.door.Registry.Drain(context.Background(), 0) }()
	idle.expectClose(1012)
	uninitialised.expectClose(1012)
	if resp := get(t, s.url, upgradeHeader()); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("an upgrade during the drain got %s", resp.Status)
	}
	for s.door.Registry.Leaving() == 0 { // its turn may come last
		time.Sleep(time.Millisecond)
	}
	asking.subscribe("late", `{ hello }`) // not accepted any more
	select {
	case err := <-drained:
		t.Fatalf("drained before the query was answered: %v", err)
	default:
	}
	s.Release("k")
	asking.expectPayload("next", "a", `{"data":{"wait":"k"}}`)
	asking.expect("complete", "a")
	asking.expectClose(1012)
	asking.Close()
	must(t, <-drained)
	if n := s.door.Registry.Len() + s.Log.Readers(); n != 0 {
		t.Fatalf("%d sockets and subscriptions are left", n)
	}
}

// hijackHook calls before when a handler takes over the connection.
type hijackHook struct {
	http.ResponseWriter
	before func()
}

func (h hijackHook) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.before()
	return h.ResponseWriter.(http.Hijacker).Hijack()
}

// An upgrade that was under way when the drain began is closed as the others are.
func TestUpgradeWhileDrainBegins(t *testing.T) {
	s := unstartedService(&transport.Websocket{})
	drained := make(chan error, 1)
	handler := s.http.Config.Handler
	s.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(hijackHook{w, func() { drained <- s.door.Registry.Drain(context.Background(), 0) }}, r)
	})
	s.http.Start()
	t.Cleanup(func() { s.close(t) })
	dial(t, "ws"+strings.TrimPrefix(s.http.URL, "http")).expectClose(1012)
	must(t, <-drained)
}

func TestDrainIsStaggered(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	const sockets, over = 10, 500 * time.Millisecond
	closed := make(chan time.Time, sockets)
	for range sockets {
		p := connect(t, s.url)
		go func() {
			m, err := p.Read()
			if err != nil || m.CloseCode != 1012 {
				t.Errorf("got %v, %v", m, err)
			}
			closed <- time.Now()
			p.Close()
		}()
	}
	must(t, s.door.Registry.Drain(context.Background(), over))
	first := <-closed
	var last time.Time
	for range sockets - 1 {
		last = <-closed
	}
	if spread := last.Sub(first); spread < over/2 {
		t.Fatalf("all were closed within %v, want about %v", spread, over)
	}
}

func TestDrainIsBounded(t *testing.T) {
	s := newService(t, &transport.Websocket{})
	p := connect(t, s.url)
	p.subscribe("a", `{ wait(key: "for ever") }`)
	await(t, s.Waiting("for ever"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.door.Registry.Drain(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	await(t, s.Cancelled("for ever"))
	if n := s.door.Registry.Len(); n != 0 {
		t.Fatalf("%d sockets are left", n)
	}
}
