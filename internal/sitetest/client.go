package sitetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/lib/pq"

	"github.com/notewire/notewire/internal/ids"
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

// Login signs a user of User in once more: a session of its own.
func (s *Server) Login(t testing.TB, username string) *Client {
	t.Helper()
	c := s.Anonymous(t)
	r := c.Do(`mutation($u: String!, $p: String!) { login(input: {username: $u, password: $p}) { token viewer { user { id username } } userErrors { code message } } }`,
		Vars{"u": username, "p": Password}).NoErrors()
	c.Token, c.ID, c.Username = r.Get("login.token").(string), r.Get("login.viewer.user.id").(string), username
	return c
}

// Cursor is the head of the user's event log.
func (c *Client) Cursor() string {
	c.t.Helper()
	return c.Do(`{ viewer { cursor } }`, nil).NoErrors().Get("viewer.cursor").(string)
}

// At is the same user at another server.
func (c *Client) At(s *Server) *Client {
	d := *c
	d.server = s
	return &d
}

// WithToken is a client at the same server that shows another token.
func (c *Client) WithToken(token string) *Client {
	d := *c
	d.Token = token
	return &d
}

// Vars are the variables of an operation.
type Vars map[string]any

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

// Acquaint makes all of the users no strangers to each other, as if each had written to each before: first
// notes between them do not wait to be accepted. There is a direct conversation for each pair, without notes.
func (s *Server) Acquaint(users ...*Client) {
	s.site.t.Helper()
	list := make([]string, len(users))
	for i, u := range users {
		list[i] = ids.Of(ids.User, u.ID).String()
	}
	_, err := s.DB.Exec(`
WITH pairs AS (
  SELECT gen_random_uuid() AS id, least(a, b) || ':' || greatest(a, b) AS pair, a, b
  FROM unnest($1::text[]) AS a, unnest($1::text[]) AS b WHERE a < b
), made AS (
  INSERT INTO conversations (id, kind, pair, created_at, updated_at) SELECT id, 'DIRECT', pair, now(), now() FROM pairs
)
INSERT INTO participants (id, conversation_id, user_id, role, joined_at)
SELECT gen_random_uuid(), id, u::uuid, 'MEMBER', now() FROM pairs, unnest(ARRAY[a, b]) AS u`, pq.Array(list))
	if err != nil {
		s.site.t.Fatal(err)
	}
}
