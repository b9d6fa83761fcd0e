//go:build browser

package web_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/notewire/notewire/test/binary"
)

// person is a user by the API, beside what the page does for the same user.
type person struct {
	*binary.Client
	t    *testing.T
	name string // shown on the page
}

// startSite runs the program with a Postgres of its own. It ends with the test.
func startSite(t *testing.T) *binary.Server {
	t.Helper()
	return binary.Start(t, binary.Options{
		Folder: binary.Folder(t),
		Addr:   binary.FixedAddr(t), // so that it can be killed and started again where the page looks for it
	})
}

func newPerson(t *testing.T, server *binary.Server, username, name string) person {
	t.Helper()
	p := person{binary.Register(t, server.URL, username), t, name}
	p.Do(`mutation($name: String!) { updateProfile(input: {displayName: $name}) { userErrors { message } } }`, binary.Vars{"name": name})
	return p
}

// acquaint has two people write to each other, so that neither is a stranger, whose note would wait as a request and ring no bell.
func acquaint(a, b person) {
	a.Send(b.ID, "Hello "+b.name)
	b.Send(a.ID, "Hello "+a.name)
}

// conversationWith returns the identifier of the conversation of two.
func (p person) conversationWith(other person) string {
	p.t.Helper()
	data := p.Do(`query($id: ID!) { viewer { conversation(withUserId: $id) { id } } }`, binary.Vars{"id": other.ID})
	return binary.Text(p.t, data, "viewer.conversation.id")
}

// history returns what was said between two, oldest first: 100 notes at most.
func (p person) history(other person) (bodies []string) {
	p.t.Helper()
	data := p.Do(`query($id: ID!) { viewer { conversation(withUserId: $id) { notes(first: 100) { nodes { body } } } } }`, binary.Vars{"id": other.ID})
	nodes, _ := binary.Get(p.t, data, "viewer.conversation.notes.nodes").([]any)
	for _, node := range slices.Backward(nodes) {
		bodies = append(bodies, binary.Text(p.t, node, "body"))
	}
	return bodies
}

func (p person) post(title, body string) string {
	p.t.Helper()
	data := p.Do(`mutation($title: String!, $body: String!) { createPost(input: {title: $title, body: $body}) { post { id } userErrors { message } } }`,
		binary.Vars{"title": title, "body": body})
	return binary.Text(p.t, data, "createPost.post.id")
}

func (p person) unlike(subject string) {
	p.t.Helper()
	p.Do(`mutation($id: ID!) { unlike(input: {subjectId: $id}) { userErrors { message } } }`, binary.Vars{"id": subject})
}

// delete deletes a "Post" or a "Comment".
func (p person) delete(kind, id string) {
	p.t.Helper()
	p.Do(`mutation($id: ID!) { delete`+kind+`(input: {`+strings.ToLower(kind)+`Id: $id}) { userErrors { message } } }`, binary.Vars{"id": id})
}
