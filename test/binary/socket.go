package binary

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// Socket is a websocket with one subscription on it, spoken by hand as graphql-transport-ws says.
type Socket struct {
	t    testing.TB
	conn *websocket.Conn
}

// Subscribe opens a socket and subscribes. There is no sign that a subscription has begun: give it the
// cursor of the moment as its argument after, and it misses nothing.
func (c *Client) Subscribe(document string, vars Vars) *Socket {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(c.URL, "http")+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		c.t.Fatal(err)
	}
	s := &Socket{t: c.t, conn: conn}
	c.t.Cleanup(s.Close)
	s.send("connection_init", "", map[string]any{"authorization": "Bearer " + c.Token})
	if m, err := s.read(); err != nil || m.Type != "connection_ack" {
		c.t.Fatalf("no connection_ack but %+v, %v", m, err)
	}
	s.send("subscribe", "1", map[string]any{"query": document, "variables": vars})
	return s
}

// Next waits for the next event and returns its data.
func (s *Socket) Next() map[string]any {
	s.t.Helper()
	m, err := s.read()
	if err != nil {
		s.t.Fatalf("no event: %v", err)
	}
	var result struct {
		Data   map[string]any
		Errors []any
	}
	if m.Type != "next" || json.Unmarshal(m.Payload, &result) != nil || len(result.Errors) > 0 {
		s.t.Fatalf("no event but %s %s", m.Type, m.Payload)
	}
	return result.Data
}

// End reads until the socket is closed, and returns the close code, -1 if there was none, and the events
// that came before.
func (s *Socket) End() (code int, events []json.RawMessage) {
	s.t.Helper()
	for {
		m, err := s.read()
		if err != nil {
			return int(websocket.CloseStatus(err)), events
		}
		events = append(events, m.Payload)
	}
}

// Close closes the socket from this side, without waiting for the other.
func (s *Socket) Close() { _ = s.conn.CloseNow() }

type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func (s *Socket) send(kind, id string, payload any) {
	s.t.Helper()
	body, err := json.Marshal(payload)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.write(message{Type: kind, ID: id, Payload: body}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Socket) write(m message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// read returns the next message that is not a ping; those it answers.
func (s *Socket) read() (message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	for {
		_, text, err := s.conn.Read(ctx)
		if err != nil {
			return message{}, err
		}
		var m message
		if err := json.Unmarshal(text, &m); err != nil {
			return m, err
		}
		if m.Type != "ping" {
			return m, nil
		}
		if err := s.write(message{Type: "pong", Payload: m.Payload}); err != nil {
			return m, err
		}
	}
}
