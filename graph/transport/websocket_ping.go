package transport

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/gobwas/ws"
)

// clock is what a socket waits for, all on one timer; guarded by the socket's mutex.
//
// Pings do two things. They find clients that are gone, and they ask for an acknowledgement: the payload
// of a ping, {"p":{"<operation id>":"<cursor>"}}, names the cursor of the last event queued before it
// for each operation, and clients of graphql-transport-ws send a ping's payload back in its pong, after
// they have handled what came before. At most one ping is on its way.
type clock struct {
	timer   *time.Timer
	armed   time.Time // when it fires
	gone    bool      // the socket is no more
	opened  time.Time
	closeBy time.Time // once closing
	pinged  time.Time // the last ping, or when the last byte before it left
	waiting bool      // for its pong
	unacked time.Time // the first event queued since the last ping; zero: none
}

// due is when something must happen next; s.mu is held. Zero: never.
func (s *socket) due() time.Time {
	c := &s.clock
	var next time.Time
	switch {
	case c.gone:
		return next
	case s.closing:
		return c.closeBy
	case s.phase == awaitingInit:
		return c.opened.Add(s.t.InitTimeout)
	case s.phase == initialising:
		return next // Init has a deadline of its own
	case c.waiting && s.attended():
		next = c.pinged.Add(min(s.t.PongTimeout, s.t.AttendedInterval))
	case c.waiting:
		next = c.pinged.Add(s.t.PongTimeout)
	default:
		next = c.pinged.Add(s.t.PingInterval)
		if s.attended() {
			next = earlier(next, c.pinged.Add(s.t.AttendedInterval))
		}
		if !c.unacked.IsZero() {
			next = earlier(next, c.unacked.Add(s.t.AckDelay))
		}
	}
	if !s.identity.ExpiresAt.IsZero() {
		next = earlier(next, s.identity.ExpiresAt)
	}
	return next
}

// attended says whether others see by one of the operations that somebody is there; s.mu is held.
func (s *socket) attended() bool {
	return slices.ContainsFunc(s.ops, func(o *operation) bool { return o.attended })
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// arm sets the timer; s.mu is held. A timer that fires too early costs a look, so it is only ever moved
// forward in time by tick itself.
func (s *socket) arm() {
	next := s.due()
	c := &s.clock
	if next.IsZero() || !c.armed.IsZero() && !next.Before(c.armed) {
		return
	}
	c.armed = next
	c.timer.Reset(time.Until(next))
}

// tick does what is due.
func (s *socket) tick() {
	s.mu.Lock()
	s.clock.armed = time.Time{}
	next, now := s.due(), time.Now()
	if next.IsZero() || now.Before(next) {
		s.arm()
		s.mu.Unlock()
		return
	}
	expires := s.identity.ExpiresAt
	switch {
	case s.closing:
		s.mu.Unlock()
		s.abort()
	case s.phase == awaitingInit:
		s.mu.Unlock()
		s.close(closeInitLate, "Connection initialisation timeout")
	case !expires.IsZero() && !now.Before(expires):
		s.mu.Unlock()
		s.revoke(closeForbidden, "Forbidden")
	case s.clock.waiting && s.out.draining:
		s.clock.pinged = now // the ping may still be in the queue; the write deadline stands in for it
		s.arm()
		s.mu.Unlock()
	case s.clock.waiting:
		s.mu.Unlock()
		s.t.Registry.silentClients.Add(1)
		s.close(closeGoingAway, "no pong in time")
	default:
		s.ping()
		s.arm()
		s.mu.Unlock()
		s.flush()
	}
}

// unacknowledged notes that an event with a cursor has been queued; s.mu is held.
func (s *socket) unacknowledged() {
	if s.clock.unacked.IsZero() {
		s.clock.unacked = time.Now()
		s.arm()
	}
}

// ping queues a ping; s.mu is held, so that it comes after exactly the events whose cursors it names.
func (s *socket) ping() {
	s.clock.waiting, s.clock.pinged, s.clock.unacked = true, time.Now(), time.Time{}
	if s.legacy {
		// Clients of that protocol do not answer "ka", but their websocket answers its own ping.
		s.queue(ws.OpText, []byte(keepAlive))
		s.queue(ws.OpPing)
		return
	}
	cursors := map[string]string{}
	for _, o := range s.ops {
		if o.pinged = o.cursor; o.cursor != "" {
			cursors[o.id] = o.cursor
		}
	}
	if len(cursors) == 0 {
		s.queue(ws.OpText, []byte(`{"type":"ping"}`))
		return
	}
	var b bytes.Buffer
	_ = encodeJSON(&b, cursors) // strings only
	s.queue(ws.OpText, []byte(`{"type":"ping","payload":{"p":`), b.Bytes(), []byte(`}}`))
}

// pong takes a client's pong, which may also be unsolicited. Only what the last ping asked about counts,
// and only for operations that were open then and still are.
func (s *socket) pong(payload []byte) {
	var echo struct {
		P map[string]string `json:"p"`
	}
	if payload != nil && json.Unmarshal(payload, &echo) != nil {
		echo.P = nil // a payload of the client's own
	}
	var acked []*operation
	s.mu.Lock()
	for _, o := range s.ops {
		if o.pinged != "" && echo.P[o.id] == o.pinged {
			o.acked, o.pinged = o.pinged, ""
			acked = append(acked, o)
		}
	}
	s.mu.Unlock()
	for _, o := range acked {
		o.signal(workAck)
	}
	s.heard()
}

// heard notes that the client has answered.
func (s *socket) heard() {
	s.mu.Lock()
	s.clock.waiting = false
	s.arm()
	s.mu.Unlock()
}
