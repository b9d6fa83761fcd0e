package faults_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

// narrow makes connections whose receiver takes little that nobody reads: what a client leaves unread stays
// with the server, and not in the kernel of this machine.
var narrow = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if c, ok := conn.(*net.TCPConn); ok {
		err = c.SetReadBuffer(16 << 10)
	}
	return conn, err
}}}

// follow is one socket with one subscription, outside the ledger: every event goes to receive, which says
// whether to go on. It returns the close code of the server, -1 when there was none, or what an error said.
func (s *site) follow(ctx context.Context, client *http.Client, server int, token, document string, vars map[string]any, receive func(data json.RawMessage) bool) (code int, refused string) {
	dialing, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	conn, _, err := websocket.Dial(dialing, "ws"+strings.TrimPrefix(s.url(server), "http")+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPClient: client})
	if err != nil {
		return -1, ""
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	say := func(message map[string]any) bool {
		text, err := json.Marshal(message)
		return err == nil && conn.Write(ctx, websocket.MessageText, text) == nil
	}
	ok := say(map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + token}})
	for ok {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return int(websocket.CloseStatus(err)), ""
		}
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(text, &m); err != nil {
			s.violated("I11", "no message of the protocol: %q", text)
			return -1, ""
		}
		switch m.Type {
		case "connection_ack":
			ok = say(map[string]any{"type": "subscribe", "id": "1", "payload": map[string]any{"query": document, "variables": vars}})
		case "ping":
			ok = say(map[string]any{"type": "pong", "payload": m.Payload})
		case "next":
			var p struct{ Data json.RawMessage }
			if err := json.Unmarshal(m.Payload, &p); err != nil || len(p.Data) == 0 {
				return -1, string(m.Payload)
			}
			ok = receive(p.Data)
		default:
			return -1, string(m.Payload)
		}
	}
	return -1, ""
}

// enter registers somebody outside the ledger.
func (s *site) enter(number int, name string) *person {
	s.t.Helper()
	p := s.newPerson(number, name)
	if err := s.register(p); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// tell runs a mutation outside the ledger, which must be answered at once and without userErrors.
func (s *site) tell(server int, by *person, document string, vars map[string]any, into any) {
	var got map[string]json.RawMessage
	if err := s.ask(s.t.Context(), server, by.token, document, vars, &got); err != nil {
		s.violated("I11", "%s: %v", document, err)
		return
	}
	var p struct{ UserErrors userErrors }
	for _, field := range got {
		if err := json.Unmarshal(field, &p); err != nil || len(p.UserErrors) > 0 {
			s.violated("I11", "%s: %s", document, field)
		} else if into != nil {
			if err := json.Unmarshal(field, into); err != nil {
				s.violated("I11", "%s: %s", document, field)
			}
		}
	}
}
