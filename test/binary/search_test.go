package binary_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

// TestTheWorkerIndexes has old notes, which a search does not come to by itself, found by what a worker of its
// own process indexes, also when that is killed, and as they are after an edit.
func TestTheWorkerIndexes(t *testing.T) {
	t.Parallel()
	api := binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: []string{"NOTEWIRE_ROLE=api"}})
	worker := binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: []string{"DATABASE_URL=" + api.DSN(), "NOTEWIRE_ROLE=worker"}})
	alice, bob := binary.Register(t, api.URL, "alice"), binary.Register(t, api.URL, "bob")
	alice.Send(bob.ID, "so that they know each other")
	needle := func(i int) string {
		id, _ := bob.Send(alice.ID, fmt.Sprint("바늘 ", i))
		return id
	}
	found := func(search string) any {
		return binary.Get(t, alice.Do(`query($s: String) { viewer { notes(search: $s) { nodes { body } } } }`, binary.Vars{"s": search}), "viewer.notes.nodes")
	}
	await := func(search, body string) {
		t.Helper()
		began := time.Now()
		for want := fmt.Sprintf("[map[body:%s]]", body); ; time.Sleep(50 * time.Millisecond) {
			got := fmt.Sprint(found(search))
			if got == want {
				break
			}
			if time.Since(began) > 30*time.Second { // six times what is promised
				t.Fatalf("%s: %s instead of %s", search, got, want)
			}
		}
		t.Logf("%s was found after %s", search, time.Since(began).Round(time.Millisecond))
	}
	post := func(title string) {
		alice.Do(`mutation($t: String!) { createPost(input: {title: $t, body: "글"}) { userErrors { code } } }`, binary.Vars{"t": title})
	}
	post("바늘 게시글")
	first := needle(11)
	for i := range 250 { // more than a search looks through
		bob.Send(alice.ID, fmt.Sprint("hay ", i))
		post(fmt.Sprint("hay ", i))
	}
	await("바늘", "바늘 11")
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		got := alice.Do(`{ posts(search: "시글 바늘") { nodes { title } } }`, nil)
		if titles := fmt.Sprint(binary.Get(t, got, "posts.nodes")); titles == "[map[title:바늘 게시글]]" {
			break
		} else if time.Now().After(end) {
			t.Fatalf("the post was not found: %s", titles)
		}
	}
	worker.Kill()
	needle(22)
	bob.Do(`mutation($id: ID!) { editNote(input: {noteId: $id, body: "가는실 11"}) { userErrors { code } } }`, binary.Vars{"id": first})
	for i := range 250 {
		bob.Send(alice.ID, fmt.Sprint("hay ", i))
	}
	if got := fmt.Sprint(found("바늘")); got != "[]" {
		t.Errorf("found although nobody has indexed it: %s", got)
	}
	binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: []string{"DATABASE_URL=" + api.DSN(), "NOTEWIRE_ROLE=worker"}})
	await("바늘 22", "바늘 22")
	await("는실", "가는실 11") // as it was edited
}
