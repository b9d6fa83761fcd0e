package binary_test

import (
	"database/sql"
	"encoding/json"
	"strings"
	"testing"

	"github.com/notewire/notewire/test/binary"
)

// TestTail watches a site from before its server is there, over a restart of it, to Ctrl-C.
//
// Red when what was shown is read again.
func TestTail(t *testing.T) {
	t.Parallel()
	folder := binary.Folder(t)
	early := binary.Begin(t, folder, "tail")
	early.Await("waiting for one")
	server := binary.Start(t, binary.Options{Folder: folder, Addr: binary.FixedAddr(t)})
	early.Await("Watching.")
	mina, joon := binary.Register(t, server.URL, "mina"), binary.Register(t, server.URL, "joon")
	only := binary.Begin(t, folder, "tail", "--user", "joon", "--json")
	only.Await("Watching.")
	first, _ := mina.Send(joon.ID, "canary words")
	for _, c := range []*binary.Command{early, only} {
		c.Await(first)
	}
	post := mina.Post("canary title")
	comments := binary.Begin(t, folder, "tail", "--topic", post)
	comments.Await("Watching.")
	comment := joon.Comment(post, "canary comment")
	comments.Await(comment)
	early.Await(comment)

	server.Kill()
	early.Await("The database does not answer")
	server.Again(t)
	early.Await("The database is back")
	var sent []string
	for range 5 {
		id, _ := mina.Send(joon.ID, "canary words")
		sent = append(sent, id)
	}
	early.Await(sent[4])
	only.Await(sent[4])
	if code := early.Interrupt(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, early.Said())
	}
	if code := only.Interrupt(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, only.Said())
	}

	// Each event once, in order, and nothing of what was written.
	last := 0
	var cursor string
	for line := range strings.Lines(only.Said()) {
		var e struct {
			Seq                    int
			User, Kind, By, Cursor string
		}
		if !strings.HasPrefix(line, "{") {
			continue
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.User != "joon" {
			t.Fatalf("%v: %s", err, line)
		}
		if last > 0 && e.Seq != last+1 {
			t.Errorf("%d comes after %d", e.Seq, last)
		}
		if last = e.Seq; cursor == "" {
			cursor = e.Cursor
		}
	}
	for _, id := range append(sent, first) {
		if n := strings.Count(early.Said(), id); n != 2 { // by the sender and by the recipient
			t.Errorf("%s was shown %d times", id, n)
		}
	}
	for _, c := range []*binary.Command{early, only, comments} {
		if strings.Contains(c.Said(), "canary") {
			t.Errorf("a text was shown:\n%s", c.Said())
		}
	}

	// What was before: behind a cursor, and of the last minutes.
	for _, args := range [][]string{{"--user", "joon", "--after", cursor}, {"--since", "10m"}} {
		again := binary.Begin(t, folder, append([]string{"tail"}, args...)...)
		for _, id := range sent {
			again.Await(id)
		}
		if code := again.Interrupt(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, again.Said())
		}
	}
	for _, wrong := range [][]string{{"--user", "nobody_here"}, {"--topic", "post_1"}, {"--after", cursor}, {"--user", "mina", "--after", cursor}} {
		if said, code := binary.Run(t, folder, append([]string{"tail"}, wrong...)...); code == 0 || !strings.Contains(said, wrong[len(wrong)-2]) {
			t.Errorf("%v ended with %d: %s", wrong, code, said)
		}
	}
}

// A server that is starting has a Postgres before it has made its tables. Red when that is not waited for.
func TestTailBeforeThereAreTables(t *testing.T) {
	t.Parallel()
	server := binary.Start(t, binary.Options{Folder: binary.Folder(t)})
	db, err := sql.Open("postgres", server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE DATABASE bare`); err != nil {
		t.Fatal(err)
	}
	bare := "--database-url=" + server.DSN() + " dbname=bare"
	early := binary.Begin(t, binary.Folder(t), "tail", bare)
	early.Await("not of this program's version yet")
	if said, code := binary.Run(t, binary.Folder(t), "migrate", bare); code != 0 {
		t.Fatal(said)
	}
	early.Await("Watching.")
	if code := early.Interrupt(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, early.Said())
	}
}
