package sitetest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long a test waits for what must come. It is never the time that something takes.
const patience = 20 * time.Second

// Subscription is an open subscription, on a websocket of its own.
type Subscription struct {
	t      testing.TB
	server *Server
	before int // open subscriptions of the server before this one
	conn   *websocket.Conn
	ctx    context.Context
	// Deaf leaves pings unanswered: nothing that came is acknowledged.
	Deaf bool
}

// Dial opens a websocket and sends connection_init.
func (c *Client) Dial() *Subscription {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c.t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(c.server.URL, "http")+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		c.t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	c.t.Cleanup(func() { _ = conn.CloseNow() })
	s := &Subscription{t: c.t, server: c.server, conn: conn, ctx: ctx}
	var payload map[string]any
	if c.Token != "" {
		payload = map[string]any{"authorization": "Bearer " + c.Token}
	}
	s.send(map[string]any{"type": "connection_init", "payload": payload})
	return s
}

// Subscribe opens a subscription. Without after, Ready waits until the server runs it.
func (c *Client) Subscribe(query string, vars Vars) *Subscription {
	c.t.Helper()
	s := c.Dial()
	if m := s.read(); m.Type != "connection_ack" {
		c.t.Fatalf("no connection_ack but %+v", m)
	}
	s.before = c.server.Resolver.Hub.Subscriptions()
	s.send(map[string]any{"type": "subscribe", "id": "s", "payload": map[string]any{"query": query, "variables": vars}})
	return s
}

// Also opens another subscription on the same socket. What comes is read with Message.
func (s *Subscription) Also(id, query string, vars Vars) {
	s.t.Helper()
	s.send(map[string]any{"type": "subscribe", "id": id, "payload": map[string]any{"query": query, "variables": vars}})
}

// Message waits for the next message of any subscription of the socket. That of Subscribe has the id "s".
func (s *Subscription) Message() (kind, id, payload string) {
	s.t.Helper()
	m := s.read()
	return m.Type, m.ID, string(m.Payload)
}

type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id"`
	Payload json.RawMessage `json:"payload"`
}

func (s *Subscription) send(v any) {
	s.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.conn.Write(s.ctx, websocket.MessageText, b); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Subscription) read() message {
	s.t.Helper()
	m, err := s.tryRead()
	if err != nil {
		s.t.Fatalf("nothing more from the server: %v", err)
	}
	return m
}

func (s *Subscription) tryRead() (message, error) {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	return s.readUntil(ctx)
}

func (s *Subscription) readUntil(ctx context.Context) (message, error) {
	for {
		_, b, err := s.conn.Read(ctx)
		if err != nil {
			return message{}, err
		}
		var m message
		if err := json.Unmarshal(b, &m); err != nil {
			return m, err
		}
		if m.Type != "ping" {
			return m, nil
		}
		if s.Deaf {
			continue
		}
		pong, err := json.Marshal(map[string]any{"type": "pong", "payload": m.Payload})
		if err != nil {
			return m, err
		}
		if err := s.conn.Write(ctx, websocket.MessageText, pong); err != nil {
			return m, err
		}
	}
}

// Next waits for the next event and returns its data.
func (s *Subscription) Next() map[string]any {
	s.t.Helper()
	m := s.read()
	if m.Type != "next" {
		s.t.Fatalf("no event but %s %s", m.Type, m.Payload)
	}
	var p struct {
		Data   map[string]any
		Errors []any
	}
	if err := json.Unmarshal(m.Payload, &p); err != nil {
		s.t.Fatal(err)
	}
	if len(p.Errors) > 0 {
		s.t.Fatalf("event with errors: %s", m.Payload)
	}
	return p.Data
}

// TryNext is Next for a goroutine of its own; ok is false when the subscription has ended or nothing comes.
func (s *Subscription) TryNext() (data map[string]any, ok bool) {
	m, err := s.tryRead()
	var p struct{ Data map[string]any }
	if err != nil || m.Type != "next" || json.Unmarshal(m.Payload, &p) != nil {
		return nil, false
	}
	return p.Data, true
}

// Follow reads and acknowledges all that comes, for as long as the socket is open, so that the subscription lives
// while the test does something else. It gives the data of each event, and nil for the end with an error. When
// 1,000 were not taken, it waits. Nothing else may read the socket.
func (s *Subscription) Follow() <-chan map[string]any {
	events := make(chan map[string]any, 1000)
	go func() {
		defer close(events)
		for {
			m, err := s.readUntil(s.ctx)
			var p struct{ Data map[string]any }
			if err != nil || m.Type == "next" && json.Unmarshal(m.Payload, &p) != nil {
				return
			}
			select {
			case events <- p.Data:
			case <-s.ctx.Done():
				return
			}
		}
	}()
	return events
}

// Ready waits until the server runs the subscription: what is committed from now on, it hears. Subscriptions
// of one server must be opened one after the other for that.
func (s *Subscription) Ready() *Subscription {
	s.t.Helper()
	for end := time.Now().Add(patience); s.server.Resolver.Hub.Subscriptions() <= s.before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal("the subscription is not open")
		}
	}
	return s
}

// Refused waits for the end of the subscription and returns the code of its error. The socket is closed: a
// user has few.
func (s *Subscription) Refused() string {
	s.t.Helper()
	m := s.read()
	if m.Type != "error" {
		s.t.Fatalf("not refused but %s %s", m.Type, m.Payload)
	}
	var list []struct{ Extensions map[string]any }
	if err := json.Unmarshal(m.Payload, &list); err != nil || len(list) == 0 {
		s.t.Fatalf("no errors in %s", m.Payload)
	}
	code, _ := list[0].Extensions["code"].(string)
	_ = s.conn.Close(websocket.StatusNormalClosure, "")
	return code
}

// CloseCode waits for the server to close the socket.
func (s *Subscription) CloseCode() int {
	s.t.Helper()
	for {
		if _, err := s.tryRead(); err != nil {
			return int(websocket.CloseStatus(err))
		}
	}
}

// End reads until the server closes the socket, and returns with what code, and what came before.
func (s *Subscription) End() (code int, came []string) {
	s.t.Helper()
	for {
		m, err := s.tryRead()
		if err != nil {
			return int(websocket.CloseStatus(err)), came
		}
		came = append(came, m.Type+" "+string(m.Payload))
	}
}

// Close ends the subscription from the client's side.
func (s *Subscription) Close() { _ = s.conn.CloseNow() }

// Drain reads and acknowledges until the socket is closed. Nothing else may read it then.
func (s *Subscription) Drain() {
	for {
		if _, err := s.tryRead(); err != nil {
			return
		}
	}
}

// Stream asks for a subscription as server-sent events and returns the status and what came until the
// server ended it.
func (c *Client) Stream(query string, vars Vars) (status int, body string) {
	c.t.Helper()
	b, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.URL+"/graphql", bytes.NewReader(b))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+c.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}
