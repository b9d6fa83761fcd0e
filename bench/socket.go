package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// socket is a client that subscribes, answers pings and reads what comes.
type socket struct {
	conn net.Conn
}

type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// dial connects and waits for connection_ack.
func dial(ctx context.Context, host, token string) (*socket, error) {
	d := ws.Dialer{Protocols: []string{"graphql-transport-ws"}, Timeout: 30 * time.Second}
	conn, early, _, err := d.Dial(ctx, "ws://"+host+"/graphql")
	if err != nil {
		return nil, err
	}
	if early != nil {
		ws.PutReader(early) // the server says nothing before connection_init
	}
	s := &socket{conn: conn}
	if err := s.send(message{Type: "connection_init", Payload: fmt.Appendf(nil, `{"authorization":"Bearer %s"}`, token)}); err != nil {
		return nil, err
	}
	m, err := s.read()
	if err == nil && m.Type != "connection_ack" {
		err = fmt.Errorf("no connection_ack but %s", m.Type)
	}
	return s, err
}

func (s *socket) send(m message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return wsutil.WriteClientText(s.conn, b)
}

func (s *socket) subscribe(query string) error {
	payload, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return err
	}
	return s.send(message{Type: "subscribe", ID: "1", Payload: payload})
}

// read returns the next message that is no ping.
func (s *socket) read() (m message, err error) {
	for {
		b, err := wsutil.ReadServerText(s.conn)
		if err != nil {
			return m, err
		}
		if err := json.Unmarshal(b, &m); err != nil {
			return m, err
		}
		if m.Type != "ping" {
			return m, nil
		}
		b = bytes.Replace(b, []byte(`"ping"`), []byte(`"pong"`), 1)
		if err := wsutil.WriteClientText(s.conn, b); err != nil {
			return m, err
		}
	}
}
