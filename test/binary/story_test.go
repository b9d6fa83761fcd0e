package binary_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/notewire/notewire/test/binary"
)

func TestMain(m *testing.M) {
	code := binary.Main(m)
	if err := goleak.Find(goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")); err != nil && code == 0 {
		println(err.Error())
		code = 1
	}
	os.Exit(code)
}

const everything = `subscription($after: Cursor!) {
	events(after: $after) {
		__typename cursor unread { notes conversations notifications unseenNotifications }
		... on StreamReady { resumed }
		... on NoteReceived { note { id body isMine sender { username } } }
		... on NotificationReceived { notification { id kind actorCount count actors { username } } }
		... on NotificationChanged { notification { id kind actorCount count actors { username } } }
	}
}`

const mailbox = `{ viewer {
	cursor
	unread { notes conversations notifications unseenNotifications }
	notes { nodes { id body sender { username } } }
	notifications { nodes { id kind actorCount count isSeen isRead actors { username } subject { __typename } } }
} }`

// A folder, two people, and a server that is killed between two sentences.
func TestStory(t *testing.T) {
	t.Parallel()
	server := binary.Start(t, binary.Options{Folder: binary.Folder(t), Addr: binary.FixedAddr(t)})
	alice, bob := binary.Register(t, server.URL, "alice"), binary.Register(t, server.URL, "bob")
	alice.Send(bob.ID, "write to me") // so that bob is no stranger, whose note would ring no bell
	post := alice.Post("On wires")

	socket := alice.Subscribe(everything, binary.Vars{"after": alice.Cursor()})
	ready := expect(t, socket.Next(), "StreamReady")
	if binary.Get(t, ready, "resumed") != true {
		t.Errorf("a stream from the head of the log: %v", ready)
	}
	began := time.Now()
	first, _ := bob.Send(alice.ID, "one")
	note := expect(t, socket.Next(), "NoteReceived")
	t.Logf("a note was with its reader %s after it was sent by HTTP", time.Since(began).Round(10*time.Microsecond))
	if got := binary.Get(t, note, "note.id"); got != first || binary.Get(t, note, "note.body") != "one" || binary.Get(t, note, "note.isMine") != false || binary.Get(t, note, "note.sender.username") != "bob" {
		t.Errorf("not the note that was sent: %v", note)
	}
	unread(t, note, 1, 1, 1, 1) // the notification came to be in the same transaction
	raised(t, expect(t, socket.Next(), "NotificationReceived"), "NOTE")
	bob.Comment(post, "a comment")
	raised(t, expect(t, socket.Next(), "NotificationReceived"), "COMMENT")
	bob.Like(post)
	last := expect(t, socket.Next(), "NotificationReceived")
	raised(t, last, "LIKE")
	unread(t, last, 1, 1, 3, 3)
	cursor := binary.Text(t, last, "cursor")
	before := alice.Do(mailbox, nil)

	server.Kill()
	if code, events := socket.End(); code != -1 || len(events) > 0 {
		t.Errorf("after kill -9 the socket got %s and was closed with %d", events, code)
	}
	began = time.Now()
	server = server.Again(t)
	t.Logf("ready again %s after kill -9", time.Since(began).Round(time.Millisecond))

	// The session, the notes, the notifications, the counters and the place in the log are as they were.
	if after := alice.Do(mailbox, nil); !equal(before, after) {
		t.Errorf("before kill -9: %v\nafterwards:    %v", before, after)
	}

	// What was sent in between comes with the last cursor, once, in order, and the stream goes on.
	var sent, got []string
	for _, body := range []string{"two", "three", "four"} {
		id, _ := bob.Send(alice.ID, body)
		sent = append(sent, id)
	}
	socket = alice.Subscribe(everything, binary.Vars{"after": cursor})
	fifth, _ := bob.Send(alice.ID, "five")
	sent = append(sent, fifth)
	var numbers []any
	streams := 0
	for len(got) < len(sent) || streams == 0 {
		event := binary.Get(t, socket.Next(), "events")
		switch binary.Get(t, event, "__typename") {
		case "NoteReceived":
			got = append(got, binary.Text(t, event, "note.id"))
			numbers = append(numbers, binary.Get(t, event, "unread.notes"))
		case "StreamReady":
			if streams++; streams > 1 || len(got) < 3 || binary.Get(t, event, "resumed") != true {
				t.Errorf("after %d notes: %v", len(got), event)
			}
		case "NotificationChanged": // the notification of the unread conversation grows
		default:
			t.Fatalf("an event that was had before: %v", event)
		}
	}
	if !slices.Equal(got, sent) {
		t.Errorf("sent %v\ngot  %v", sent, got)
	}
	if !equal(numbers, []any{2.0, 3.0, 4.0, 5.0}) {
		t.Errorf("the counters were %v", numbers)
	}
	socket.Close()

	// A second kill while nobody is there, and a resume from the very beginning of the second life.
	server.Kill()
	server.Again(t)
	socket = alice.Subscribe(`subscription($after: Cursor!) { noteReceived(after: $after) { note { id } } }`, binary.Vars{"after": cursor})
	for i, want := range sent {
		if id := binary.Text(t, socket.Next(), "noteReceived.note.id"); id != want {
			t.Fatalf("note %d is %s, not %s", i, id, want)
		}
	}
	socket.Close()
}

// SIGTERM: readiness fails while sockets are still served, then they are told to come back, then the
// program ends with 0 and has left nothing behind that a new one would stumble over.
func TestTerminate(t *testing.T) {
	t.Parallel()
	server := binary.Start(t, binary.Options{Folder: binary.Folder(t), Args: []string{"--drain-delay", "1s"}})
	if status, body := server.Readiness(); status != 200 {
		t.Fatalf("/readyz of a ready server: %d %s", status, body)
	}
	alice, bob := binary.Register(t, server.URL, "alice"), binary.Register(t, server.URL, "bob")
	cursor := alice.Cursor()
	const notes = `subscription($after: Cursor!) { noteReceived(after: $after) { note { id } } }`
	var sockets []*binary.Socket
	for range 5 {
		sockets = append(sockets, alice.Subscribe(notes, binary.Vars{"after": cursor}))
	}
	began := time.Now()
	server.Terminate()
	for status := 200; status != 503; {
		var body string
		if status, body = server.Readiness(); status != 200 && status != 503 {
			t.Fatalf("/readyz while draining: %d %s", status, body)
		}
	}
	t.Logf("not ready %s after SIGTERM", time.Since(began).Round(time.Millisecond))
	id, _ := bob.Send(alice.ID, "still here")
	for _, s := range sockets {
		if got := binary.Text(t, s.Next(), "noteReceived.note.id"); got != id {
			t.Errorf("while draining came %s, not %s", got, id)
		}
	}
	for _, s := range sockets {
		if code, events := s.End(); code != 1012 || len(events) > 0 {
			t.Errorf("a socket got %s and was closed with %d, not 1012", events, code)
		}
	}
	if code := server.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	t.Logf("ended %s after SIGTERM, of which 1 s is the drain delay", time.Since(began).Round(time.Millisecond))
	server = server.Again(t)
	alice.URL = server.URL
	socket := alice.Subscribe(notes, binary.Vars{"after": cursor})
	if got := binary.Text(t, socket.Next(), "noteReceived.note.id"); got != id {
		t.Errorf("after the restart came %s, not %s", got, id)
	}
	socket.Close()
}

func expect(t *testing.T, data map[string]any, kind string) any {
	t.Helper()
	event := binary.Get(t, data, "events")
	if got := binary.Get(t, event, "__typename"); got != kind {
		t.Fatalf("%v came, not %s: %v", got, kind, event)
	}
	return event
}

func raised(t *testing.T, event any, kind string) {
	t.Helper()
	if binary.Get(t, event, "notification.kind") != kind || binary.Get(t, event, "notification.actorCount") != 1.0 || binary.Get(t, event, "notification.actors.0.username") != "bob" {
		t.Errorf("not a new notification of kind %s by bob: %v", kind, event)
	}
}

func unread(t *testing.T, event any, want ...float64) {
	t.Helper()
	for i, name := range []string{"notes", "conversations", "notifications", "unseenNotifications"} {
		if got := binary.Get(t, event, "unread."+name); got != want[i] {
			t.Errorf("unread.%s is %v, not %v", name, got, want[i])
		}
	}
}
