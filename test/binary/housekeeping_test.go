package binary_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

// TestTheWorkerKeepsHouse has rows of each kind that expires, one older than it is kept and one that is not, and a
// worker that is told how long: the old ones go, the others stay. A server without that role deletes nothing.
//
// Red when the worker does not come to any one of them, and when the two retentions are exchanged.
func TestTheWorkerKeepsHouse(t *testing.T) {
	t.Parallel()
	api := binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: []string{"NOTEWIRE_ROLE=api"}})
	mina, joon := binary.Register(t, api.URL, "mina"), binary.Register(t, api.URL, "joon")
	for range 2 {
		joon.Like(mina.Post("liked"))
	}
	mina.Do(`mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil)
	mina.Login() // a second session
	db, err := sql.Open("postgres", api.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// Both notifications are older than events are kept; one is older than they are.
	for _, change := range []string{
		`UPDATE events SET at = now() - interval '3 hours'`,
		`UPDATE events SET at = now() - interval '1 hour' WHERE seq = (SELECT max(seq) FROM events e WHERE e.topic_id = events.topic_id)`,
		`UPDATE notifications SET read_at = now() - interval '5 hours'`,
		`UPDATE notifications SET read_at = now() - interval '7 hours' WHERE id = (SELECT id FROM notifications ORDER BY id LIMIT 1)`,
		`UPDATE tokens SET expires_at = now() - interval '1 second' WHERE id = (SELECT id FROM tokens ORDER BY created_at LIMIT 1)`,
		`INSERT INTO positions (user_id, device, subscription, seq, epoch, holder, seen_at)
		 SELECT id, 'device' || days, 'events', 0, 0, id, now() - make_interval(days => days) FROM users, unnest(ARRAY[29, 31]) AS days WHERE username = 'mina'`,
		`INSERT INTO wakes (xid, topics, at) VALUES ('1'::xid8, '{}', now() - interval '6 minutes'), ('2'::xid8, '{}', now() + interval '1 hour')`,
	} {
		if _, err := db.ExecContext(t.Context(), change); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
	}
	look := func() (left string) {
		t.Helper()
		var events, notifications, tokens, positions, wakes int
		err := db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM events WHERE at < now() - interval '2 hours'), (SELECT count(*) FROM notifications), (SELECT count(*) FROM tokens),
			(SELECT count(*) FROM positions), (SELECT count(*) FROM wakes WHERE xid IN ('1'::xid8, '2'::xid8))`).Scan(&events, &notifications, &tokens, &positions, &wakes)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(events > 0, notifications, tokens, positions, wakes)
	}
	if got := look(); got != "true 2 3 2 2" {
		t.Fatalf("before: %s", got)
	}
	keep := []string{"--retention", "2h", "--notification-retention", "6h", "--admin-addr", "off"}
	start := func(role string) {
		binary.Start(t, binary.Options{Folder: binary.Folder(t), Args: keep, Env: []string{"DATABASE_URL=" + api.DSN(), "NOTEWIRE_ROLE=" + role}})
	}
	start("stream")
	if got := look(); got != "true 2 3 2 2" {
		t.Fatalf("no worker was there: %s", got)
	}
	start("worker")
	for end := time.Now().Add(binary.Patience); ; time.Sleep(20 * time.Millisecond) {
		got := look()
		if got == "false 1 2 1 1" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("left: %s", got)
		}
	}
	var events int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM events`).Scan(&events); err != nil || events == 0 {
		t.Errorf("%d events of what is kept are left, %v", events, err)
	}
}
