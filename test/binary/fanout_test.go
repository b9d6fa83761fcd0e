package binary_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

// crowd are as many users as there are to tell, in the order in which they are told. They are written past
// the program, which would take minutes to hash their passwords.
const crowd = `
WITH u AS (SELECT i, ('f0000000-0000-4000-8000-' || lpad(to_hex(i), 12, '0'))::uuid AS id FROM generate_series(1, $1::int) AS i),
users AS (INSERT INTO users (id, username, display_name, created_at) SELECT id, 'one_of_many_' || i, 'One of many', now() FROM u),
heads AS (INSERT INTO topics (id) SELECT id FROM u)
INSERT INTO watchers (subject_id, user_id, since) SELECT p.id, u.id, 0 FROM u, posts p`

// A worker that is killed while it tells thousands of a comment is taken over: everybody is told once. Without
// a worker nobody waits, and nothing is lost.
func TestWorkerIsKilledWhileItTellsThousands(t *testing.T) {
	t.Parallel()
	const many, batch = 5000, 200
	figures := binary.FixedAddr(t)
	api := binary.Start(t, binary.Options{Folder: binary.Folder(t), Args: []string{"--admin-addr", figures}, Env: []string{"NOTEWIRE_ROLE=api"}})
	database := "DATABASE_URL=" + api.DSN()
	process := func(role string) *binary.Server {
		return binary.Start(t, binary.Options{Folder: binary.Folder(t), Args: []string{"--admin-addr", "off"}, Env: []string{database, "NOTEWIRE_ROLE=" + role}})
	}
	stream := process("stream")
	db, err := sql.Open("postgres", api.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	number := func(query string, args ...any) (n int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	until := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(3 * binary.Patience); !is(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("in vain was waited until %s", what)
			}
		}
	}
	const told = `SELECT count(*) FROM notifications WHERE user_id >= 'f0000000-0000-4000-8000-000000000000'`

	author, commenter, reader := binary.Register(t, api.URL, "author"), binary.Register(t, api.URL, "commenter"), binary.Register(t, api.URL, "reader")
	post := author.Post("Many watch this")
	if _, err := db.ExecContext(t.Context(), crowd, many); err != nil {
		t.Fatal(err)
	}
	reader.Do(`mutation($id: ID!) { unmuteSubject(input: {subjectId: $id}) { userErrors { code } } }`, binary.Vars{"id": post})
	atStream := *reader
	atStream.URL = stream.URL
	socket := atStream.Subscribe(`subscription($after: Cursor) { events(after: $after) { __typename cursor } }`, binary.Vars{"after": reader.Cursor()})

	// Nobody does the work: the comment is there, what it causes waits, and operators can see it.
	commenter.Comment(post, "hello")
	if n := number(told); n != 0 {
		t.Errorf("%d were told by the comment itself", n)
	}
	metrics := func() string {
		_, text := ask(t, "GET", "http://"+figures+"/metrics", "")
		return text
	}
	if text := metrics(); !strings.Contains(text, "\nnotewire_fanouts_pending 1\n") || !strings.Contains(text, "\nnotewire_fanouts_failing 0\n") || !strings.Contains(text, "\nnotewire_fanouts_oldest_seconds ") {
		t.Errorf("the figures do not say that something waits:\n%s", text)
	}
	if status, text := ask(t, "GET", api.URL+"/readyz?verbose", ""); status != http.StatusOK || !strings.Contains(text, "workers: none has ever been seen") {
		t.Errorf("%d %s", status, text)
	}

	// A mailbox in the middle is locked, so that the worker dies there and nowhere else.
	middle := many/2 + batch/2
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `SELECT FROM topics WHERE id = (SELECT user_id FROM watchers WHERE user_id >= 'f0000000-0000-4000-8000-000000000000' ORDER BY user_id OFFSET $1 LIMIT 1) FOR UPDATE`, middle); err != nil {
		t.Fatal(err)
	}
	dies := process("worker")
	until("the worker waits in the middle", func() bool {
		return number(told) > 0 && number(`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`) > 0
	})
	dies.Kill()
	if err := tx.Rollback(); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if n := number(told); n == 0 || n >= many {
		t.Fatalf("the worker was not killed half-way: %d", n)
	}
	began := time.Now()
	for range 2 {
		process("worker")
	}
	until("all is told", func() bool { return number(`SELECT count(*) FROM fanouts`) == 0 })
	t.Logf("two more workers were started, and had told the rest after %s", time.Since(began).Round(time.Millisecond))

	if _, err := db.ExecContext(t.Context(), `ANALYZE topics, notifications, events`); err != nil { // they have just come to their size
		t.Fatal(err)
	}
	if n := number(`
SELECT count(*) FROM topics m JOIN notifications n ON n.user_id = m.id JOIN events e ON e.topic_id = m.id AND e.subject_id = n.id
WHERE m.id >= 'f0000000-0000-4000-8000-000000000000' AND m.seq = 1 AND m.unread_notifications = 1 AND m.unseen_notifications = 1
  AND n.count = 1 AND n.actor_count = 1 AND n.kind = 'COMMENT' AND e.seq = 1`); n != many {
		t.Errorf("told of the comment exactly once were %d of %d", n, many)
	}
	if n := number(`SELECT count(*) FROM events WHERE topic_id >= 'f0000000-0000-4000-8000-000000000000'`); n != many {
		t.Errorf("%d events for %d users", n, many)
	}
	if text := metrics(); !strings.Contains(text, "\nnotewire_fanouts_pending 0\n") {
		t.Errorf("the figures do not say that nothing waits:\n%s", text)
	}

	// The reader hears of it once: after it comes what was sent later.
	var came []string
	reader.Send(author.ID, "so that the author is no stranger")
	author.Send(reader.ID, "later")
	for len(came) == 0 || came[len(came)-1] != "NoteReceived" {
		if kind := binary.Text(t, socket.Next(), "events.__typename"); kind != "StreamReady" && kind != "NoteSent" {
			came = append(came, kind)
		}
	}
	if got := fmt.Sprint(came); got != "[NotificationReceived NoteReceived]" {
		t.Errorf("the reader's socket got %s", got)
	}
}
