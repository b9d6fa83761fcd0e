package testserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gobwas/ws"
)

// Patience is how long a Client waits for what must come. It is far more than anything here takes.
const Patience = 15 * time.Second

// Client is one websocket connection that can also break the rules.
type Client struct {
	Conn     net.Conn
	Protocol string // the sub-protocol that the server chose
	r        *bufio.Reader
}

// Message is what a server said: a message of the protocol, or the code of its close frame.
type Message struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`

	CloseCode   int `json:"-"`
	CloseReason string
	Raw         string `json:"-"`
}

// ErrGone is what Read returns when the connection ended without a close frame.
var ErrGone = errors.New("the connection ended without a close frame")

// Dial connects to a ws or wss URL.
func Dial(url string, header http.Header, protocols ...string) (*Client, error) {
	dialer := ws.Dialer{
		Timeout:   Patience,
		Protocols: protocols,
		TLSConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the server's certificate is made up
		Header:    ws.HandshakeHeaderHTTP(header),
	}
	conn, early, hs, err := dialer.Dial(context.Background(), url)
	if err != nil {
		return nil, err
	}
	c := &Client{Conn: conn, Protocol: hs.Protocol, r: bufio.NewReader(conn)}
	if early != nil {
		c.r = early
	}
	return c, nil
}

// Send sends one text message.
func (c *Client) Send(format string, args ...any) error {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	return c.Frame(ws.NewTextFrame([]byte(text)))
}

// Frame sends a frame, masked.
func (c *Client) Frame(f ws.Frame) error {
	return c.Raw(ws.MustCompileFrame(ws.MaskFrame(f)))
}

// Raw sends bytes as they are.
func (c *Client) Raw(b []byte) error {
	_ = c.Conn.SetWriteDeadline(time.Now().Add(Patience))
	_, err := c.Conn.Write(b)
	return err
}

// ReadFrame returns the next frame of the server.
func (c *Client) ReadFrame() (ws.Frame, error) {
	_ = c.Conn.SetReadDeadline(time.Now().Add(Patience))
	h, err := ws.ReadHeader(c.r)
	if err != nil {
		return ws.Frame{}, err
	}
	if err := ws.CheckHeader(h, ws.StateClientSide); err != nil {
		return ws.Frame{}, err
	}
	p := make([]byte, h.Length)
	_, err = io.ReadFull(c.r, p)
	return ws.Frame{Header: h, Payload: p}, err
}

// Read returns the next message or close frame; it passes over pings and pongs of the websocket.
func (c *Client) Read() (Message, error) {
	for {
		f, err := c.ReadFrame()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			return Message{}, fmt.Errorf("nothing came for %v", Patience)
		case err != nil:
			return Message{}, fmt.Errorf("%w: %w", ErrGone, err)
		}
		switch f.Header.OpCode {
		case ws.OpText:
			m := Message{Raw: string(f.Payload)}
			err := json.Unmarshal(f.Payload, &m)
			return m, err
		case ws.OpClose:
			m := Message{Type: "close", CloseCode: int(ws.StatusNoStatusRcvd)}
			if len(f.Payload) >= 2 {
				m.CloseCode, m.CloseReason = int(binary.BigEndian.Uint16(f.Payload)), string(f.Payload[2:])
			}
			return m, nil
		}
	}
}

// Close drops the connection.
func (c *Client) Close() { _ = c.Conn.Close() }
