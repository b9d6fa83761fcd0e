package binary

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Client is somebody who uses the API over HTTP: a user, or nobody.
type Client struct {
	URL      string // of the server
	Token    string
	ID       string
	Username string
	t        testing.TB
}

// Vars are the variables of an operation.
type Vars = map[string]any

// Password is that of every user.
const Password = "correct horse battery"

// Register makes a user.
func Register(t testing.TB, url, username string) *Client {
	t.Helper()
	c := &Client{URL: url, Username: username, t: t}
	c.enter(`mutation($u: String!, $p: String!) { enter: register(input: {username: $u, password: $p}) { token viewer { user { id } } userErrors { code message } } }`)
	return c
}

// Login makes a new session for the user, and takes its token.
func (c *Client) Login() {
	c.t.Helper()
	c.enter(`mutation($u: String!, $p: String!) { enter: login(input: {username: $u, password: $p}) { token viewer { user { id } } userErrors { code message } } }`)
}

func (c *Client) enter(mutation string) {
	c.t.Helper()
	c.Token = ""
	data := c.Do(mutation, Vars{"u": c.Username, "p": Password})
	c.Token, c.ID = Text(c.t, data, "enter.token"), Text(c.t, data, "enter.viewer.user.id")
}

// Answer is what an operation got.
type Answer struct {
	Status int
	Data   map[string]any
	Errors []struct {
		Message    string
		Extensions struct{ Code string }
	}
	Raw string
}

// Try runs a query or a mutation.
func (c *Client) Try(document string, vars Vars) (*Answer, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, c.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	client := &http.Client{Timeout: Patience}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	a := &Answer{Status: resp.StatusCode, Raw: string(raw)}
	if err := json.Unmarshal(raw, a); err != nil {
		return nil, fmt.Errorf("%d and no GraphQL: %q", resp.StatusCode, raw)
	}
	return a, nil
}

// Do runs a query or a mutation that must succeed, without errors and without userErrors.
func (c *Client) Do(document string, vars Vars) map[string]any {
	c.t.Helper()
	a, err := c.Try(document, vars)
	if err != nil {
		c.t.Fatalf("%s: %v", document, err)
	}
	if len(a.Errors) > 0 || a.Status != http.StatusOK {
		c.t.Fatalf("%s: %d %s", document, a.Status, a.Raw)
	}
	for field, value := range a.Data {
		if payload, ok := value.(map[string]any); ok {
			if list, ok := payload["userErrors"].([]any); ok && len(list) > 0 {
				c.t.Fatalf("%s: %v", field, list)
			}
		}
	}
	return a.Data
}

// Send writes a note to a user, and returns its id and how long the answer took.
func (c *Client) Send(to, body string) (id string, took time.Duration) {
	c.t.Helper()
	began := time.Now()
	data := c.Do(`mutation($to: ID!, $body: String!) { sendNote(input: {toUserIds: [$to], body: $body}) { note { id } userErrors { code message } } }`, Vars{"to": to, "body": body})
	return Text(c.t, data, "sendNote.note.id"), time.Since(began)
}

// Post writes a post, and returns its id.
func (c *Client) Post(title string) string {
	c.t.Helper()
	data := c.Do(`mutation($title: String!) { createPost(input: {title: $title, body: "…"}) { post { id } userErrors { code message } } }`, Vars{"title": title})
	return Text(c.t, data, "createPost.post.id")
}

// Comment comments on a post, and returns the comment's id.
func (c *Client) Comment(post, body string) string {
	c.t.Helper()
	data := c.Do(`mutation($post: ID!, $body: String!) { addComment(input: {postId: $post, body: $body}) { comment { id } userErrors { code message } } }`, Vars{"post": post, "body": body})
	return Text(c.t, data, "addComment.comment.id")
}

// Like likes a post or a comment.
func (c *Client) Like(subject string) {
	c.t.Helper()
	c.Do(`mutation($id: ID!) { like(input: {subjectId: $id}) { userErrors { code message } } }`, Vars{"id": subject})
}

// Logout ends the session.
func (c *Client) Logout() {
	c.t.Helper()
	c.Do(`mutation { logout { userErrors { code message } } }`, nil)
}

// Cursor is the head of the user's log.
func (c *Client) Cursor() string {
	c.t.Helper()
	return Text(c.t, c.Do(`{ viewer { cursor } }`, nil), "viewer.cursor")
}

// Get finds a value in decoded JSON by its path, such as "viewer.notes.nodes.0.body"; null on the way is nil.
func Get(t testing.TB, v any, path string) any {
	t.Helper()
	whole := v
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case nil:
			return nil
		case map[string]any:
			next, ok := x[step]
			if !ok {
				t.Fatalf("no %s in %v", path, whole)
			}
			v = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				t.Fatalf("no %s in %v", path, whole)
			}
			v = x[i]
		default:
			t.Fatalf("no %s in %v", path, whole)
		}
	}
	return v
}

// Text is Get for a string that must be there.
func Text(t testing.TB, v any, path string) string {
	t.Helper()
	s, ok := Get(t, v, path).(string)
	if !ok || s == "" {
		t.Fatalf("no text at %s in %v", path, v)
	}
	return s
}

// As is somebody of whom only the token is known.
func As(t testing.TB, url, token string) *Client { return &Client{URL: url, Token: token, t: t} }

// In is the same user in another test, a subtest say.
func (c *Client) In(t testing.TB) *Client {
	same := *c
	same.t = t
	return &same
}
