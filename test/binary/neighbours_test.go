package binary_test

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/notewire/notewire/test/binary"
)

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// A second server is told in one sentence why it cannot start and what to do, and the first goes on.
func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	folder := binary.Folder(t)
	first := binary.Start(t, binary.Options{Folder: folder})
	for _, test := range []struct {
		name    string
		options binary.Options
		says    []string
	}{
		{"on the same folder", binary.Options{Folder: folder}, []string{folder, "in use", fmt.Sprintf("(pid %d)", first.PID()), "NOTEWIRE_DATA_DIR"}},
		{"on the same address", binary.Options{Folder: binary.Folder(t), Addr: first.Addr}, []string{first.Addr, "address already in use", "--addr"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			said := binary.Refused(t, test.options)
			line := strings.TrimSpace(said)
			t.Log(line)
			for _, part := range test.says {
				if !strings.Contains(line, part) {
					t.Errorf("it does not say %q: %s", part, line)
				}
			}
			if !strings.HasPrefix(line, "notewire: ") || strings.Contains(line, "\n") {
				t.Errorf("not one sentence: %s", line)
			}
		})
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("in the folder are %v, %v: nothing but .notewire belongs there", entries, err)
	}
	if status, body := first.Readiness(); status != 200 {
		t.Errorf("the first server is disturbed: %d %s", status, body)
	}
}

// Two servers on one database are one site: what is written at one is heard at the other, live, both ways.
func TestTwoServersOnOneDatabase(t *testing.T) {
	t.Parallel()
	one := binary.Start(t, binary.Options{Folder: binary.Folder(t)})
	two := binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: []string{"DATABASE_URL=" + one.DSN()}})
	alice, bob := binary.Register(t, one.URL, "alice"), binary.Register(t, two.URL, "bob")

	const notes = `subscription($after: Cursor!) { noteReceived(after: $after) { cursor note { id } } }`
	ofAlice, ofBob := alice.Subscribe(notes, binary.Vars{"after": alice.Cursor()}), bob.Subscribe(notes, binary.Vars{"after": bob.Cursor()})
	var sent []string
	var cursor string
	for i := range 10 {
		id, took := bob.Send(alice.ID, fmt.Sprint("to alice ", i))
		event := ofAlice.Next()
		if got := binary.Text(t, event, "noteReceived.note.id"); got != id {
			t.Fatalf("at the other server came %s, not %s", got, id)
		}
		if cursor == "" {
			cursor = binary.Text(t, event, "noteReceived.cursor")
		}
		sent = append(sent, id)
		back, _ := alice.Send(bob.ID, fmt.Sprint("to bob ", i))
		if got := binary.Text(t, ofBob.Next(), "noteReceived.note.id"); got != back {
			t.Fatalf("at the other server came %s, not %s", got, back)
		}
		if i == 9 {
			t.Logf("the last note was answered after %s", took)
		}
	}

	// A cursor of one server is good at the other.
	ofAlice.Close()
	elsewhere := *alice
	elsewhere.URL = two.URL
	resumed := elsewhere.Subscribe(notes, binary.Vars{"after": cursor})
	for _, want := range sent[1:] {
		if got := binary.Text(t, resumed.Next(), "noteReceived.note.id"); got != want {
			t.Fatalf("the resume at the other server gives %s, not %s", got, want)
		}
	}

	resumed.Close()
	ofBob.Close()

	// The second goes, the first and its database stay.
	two.Terminate()
	if code := two.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if status, body := one.Readiness(); status != 200 {
		t.Errorf("the first server is disturbed: %d %s", status, body)
	}
}
