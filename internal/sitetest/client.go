package sitetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Client is somebody who uses the API: a user, or nobody.
type Client struct {
	t        testing.TB
	server   *Server
	Token    string
	ID       string
	Username string
}

// Anonymous is nobody, at a server.
func (s *Server) Anonymous(t testing.TB) *Client { return &Client{t: t, server: s} }

// Password is that of every user whom User makes.
const Password = "correct horse"

// User registers a user.
func (s *Server) User(t testing.TB, username string) *Client {
	t.Helper()
	c := s.Anonymous(t)
	r := c.Do(`mutation($u: String!, $p: String!) { register(input: {username: $u, password: $p}) { token viewer { user { id username } } userErrors { code message } } }`,
		Vars{"u": username, "p": Password}).NoErrors()
	c.Token, c.ID, c.Username = r.Get("register.token").(string), r.Get("register.viewer.user.id").(string), username
	return c
}

// At is the same user at another server.
func (c *Client) At(s *Server) *Client {
	d := *c
	d.server = s
	return &d
}

// Vars are the variables of an operation.
type Vars map[string]any

// Result is what came back.
type Result struct {
	t      testing.TB
	Status int
	Data   map[string]any
	Errors []struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	}
	Raw string
}

// Do runs a query or a mutation over HTTP.
func (c *Client) Do(query string, vars Vars) *Result {
	c.t.Helper()
	r, err := c.Try(query, vars)
	if err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	return r
}

// Try is Do for servers that may be gone.
func (c *Client) Try(query string, vars Vars) (*Result, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, c.server.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	r := &Result{t: c.t, Status: resp.StatusCode, Raw: string(raw)}
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("not a GraphQL answer: %s", raw)
	}
	return r, nil
}

// NoErrors fails the test when there are errors or userErrors.
func (r *Result) NoErrors() *Result {
	r.t.Helper()
	if len(r.Errors) > 0 {
		r.t.Fatalf("errors: %s", r.Raw)
	}
	for field, v := range r.Data {
		if p, ok := v.(map[string]any); ok {
			if list, _ := p["userErrors"].([]any); len(list) > 0 {
				r.t.Fatalf("%s: userErrors: %v", field, list)
			}
		}
	}
	return r
}

// UserErrors are those of a mutation, as "CODE field.path".
func (r *Result) UserErrors(mutation string) (list []string) {
	r.t.Helper()
	if len(r.Errors) > 0 {
		r.t.Fatalf("errors: %s", r.Raw)
	}
	for _, e := range r.Get(mutation + ".userErrors").([]any) {
		m := e.(map[string]any)
		var field []string
		if path, ok := m["field"].([]any); ok {
			for _, f := range path {
				field = append(field, f.(string))
			}
		}
		list = append(list, strings.TrimSpace(fmt.Sprint(m["code"], " ", strings.Join(field, "."))))
	}
	return list
}

// Code is the code of the first error, or "".
func (r *Result) Code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

// Get finds a value by its path, such as "viewer.notes.nodes.0.body".
func (r *Result) Get(path string) any { return Get(r.t, r.Data, path) }

// Get finds a value in decoded JSON by its path; null anywhere on the way is nil.
func Get(t testing.TB, v any, path string) any {
	t.Helper()
	for _, step := range strings.Split(path, ".") {
		switch x := v.(type) {
		case nil:
			return nil
		case map[string]any:
			var ok bool
			if v, ok = x[step]; !ok {
				t.Fatalf("no %q on the way to %q in %v", step, path, x)
			}
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(x) {
				t.Fatalf("no %q on the way to %q in %v", step, path, x)
			}
			v = x[i]
		default:
			t.Fatalf("no %q on the way to %q in %v", step, path, x)
		}
	}
	return v
}

// List is Get for lists.
func (r *Result) List(path string) []any {
	r.t.Helper()
	l, ok := r.Get(path).([]any)
	if !ok {
		r.t.Fatalf("%s is no list in %s", path, r.Raw)
	}
	return l
}

// patience is how long a test waits for what must come. It is never the time that something takes.
const patience = 20 * time.Second

// Subscription is an open subscription, on a websocket of its own.
type Subscription struct {
	t      testing.TB
	server *Server
	before int // open subscriptions of the server before this one
	conn   *websocket.Conn
	ctx    context.Context
}

// Subscribe opens a subscription. Ready waits until the server runs it.
func (c *Client) Subscribe(query string, vars Vars) *Subscription {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c.t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(c.server.URL, "http")+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		c.t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	c.t.Cleanup(func() { _ = conn.CloseNow() })
	s := &Subscription{t: c.t, server: c.server, before: c.server.Resolver.Hub.Subscriptions(), conn: conn, ctx: ctx}
	var payload map[string]any
	if c.Token != "" {
		payload = map[string]any{"authorization": "Bearer " + c.Token}
	}
	s.send(map[string]any{"type": "connection_init", "payload": payload})
	if m := s.read(); m.Type != "connection_ack" {
		c.t.Fatalf("no connection_ack but %+v", m)
	}
	s.send(map[string]any{"type": "subscribe", "id": "s", "payload": map[string]any{"query": query, "variables": vars}})
	return s
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

// Refused waits for the end of the subscription and returns the code of its error.
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

// Close ends the subscription from the client's side.
func (s *Subscription) Close() { _ = s.conn.CloseNow() }
