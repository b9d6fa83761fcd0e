package faults_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	process "github.com/notewire/notewire/test/binary"
)

// F19: cursors that are no good: of another log, broken, from the future, from before what is kept, from
// before the epoch was rotated or a backup was restored. Each is refused by its code; none gives what is
// another's, or skips anything in silence.
//
// Planted, and seen red: no check of the topic, of the epoch, of the end of the log, of what is kept, one at a time.
func TestF19Cursors(t *testing.T) {
	t.Parallel()
	s := begin(t, setup{ownPostgres: true, args: []string{"--retention", "1h"}})
	faults, db := choices(t, "faults"), s.database()
	s.write()
	s.healed("all is well")
	s.finish() // the subscriptions of the ledger have ended: what follows ends them
	p, other := s.people[0], s.people[1]
	head := func(of *person) string {
		t.Helper()
		var got struct{ Viewer struct{ Cursor string } }
		s.must(0, of.token, `{ viewer { cursor } }`, nil, &got)
		return got.Viewer.Cursor
	}
	expect := func(what, cursor, want string) {
		t.Helper()
		if got, e := s.subscribe(p, cursor, "ERROR"); got != want || e != nil {
			s.violated("F19", "a cursor %s: %q, %+v, not %s", what, got, e, want)
		}
	}
	goesOn := func(what, cursor string) {
		t.Helper()
		if code, e := s.subscribe(p, cursor, "ERROR"); code != "" || e.Type != "StreamReady" || !e.Resumed {
			s.violated("F19", "a cursor %s: %q, %+v", what, code, e)
		}
	}

	goesOn("at the head", head(p))
	expect("of another person", head(other), "BAD_USER_INPUT")
	expect("of a post", s.postCursor(p), "BAD_USER_INPUT")
	expect("beyond the end", forged(t, head(p), 1000), "CURSOR_EXPIRED")
	expect("before the beginning", forged(t, head(p), -1<<40), "CURSOR_EXPIRED")
	whole := head(p)
	for range often(50, 2000) {
		if cut := faults.IntN(len(whole)); cut > 0 { // "" is no cursor at all
			expect("cut off", whole[:cut], "BAD_USER_INPUT")
		}
		at := faults.IntN(len(whole) - 1) // of the last character two bits count for nothing
		broken := []byte(whole)
		for broken[at] == whole[at] {
			broken[at] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=!"[faults.IntN(66)]
		}
		expect("that is broken", string(broken), "BAD_USER_INPUT")
	}

	// Older than the log is kept. The housekeeping comes by once a minute: only the long set waits for it.
	if _, err := db.Exec(`UPDATE events SET at = at - interval '2 hours'`); err != nil {
		t.Fatal(err)
	}
	if !*long {
		if _, err := db.Exec(`DELETE FROM events WHERE at < now() - interval '1 hour'`); err != nil {
			t.Fatal(err)
		}
	}
	s.await("old events are not deleted", 2*time.Minute, func() bool {
		var n int
		return db.QueryRow(`SELECT count(*) FROM events`).Scan(&n) == nil && n == 0
	})
	expect("from before what is kept", p.start, "CURSOR_EXPIRED")
	goesOn("at the head of a log of which nothing is kept", head(p))
	code, e := s.subscribe(p, p.start, "RESET")
	if code != "" || e.Type != "StreamReady" || e.Resumed {
		s.violated("F19", "a reset instead of an error: %q, %+v", code, e)
	}

	// A backup, what was written after it, and the backup again: the end of the log was another one.
	s.own.stop()
	backup := filepath.Join(filepath.Dir(s.own.server().DataDir()), "backup")
	run(t, "cp", "-a", s.own.server().DataDir(), backup)
	s.own.start()
	before := head(p)
	write := func() {
		t.Helper()
		w := s.draft(other, p, note)
		w.wanted = true
		s.do(s.hand(other, 0), w)
	}
	write()
	lost := head(p)
	s.own.stop()
	data := s.own.server().DataDir()
	run(t, "rm", "-rf", data)
	run(t, "mv", backup, data)
	run(t, "sh", "-c", `touch "$1/recovery.signal" && chown --reference="$1" "$1/recovery.signal"`, "sh", data)
	s.own.start()
	s.await("the recovery does not end", answerTime, func() bool {
		_, err := os.Stat(filepath.Join(data, "recovery.signal"))
		return errors.Is(err, fs.ErrNotExist)
	})
	write() // it takes the place of what is lost
	s.await("the restore is not noticed", answerTime, func() bool {
		code, _ := s.subscribe(p, before, "ERROR")
		return code == "CURSOR_EXPIRED"
	})
	expect("from before a restore", before, "CURSOR_EXPIRED")
	expect("of what a restore has lost", lost, "CURSOR_EXPIRED")
	goesOn("of the new life", head(p))

	// As an operator says it.
	before = head(p)
	rotate := exec.Command(process.Built(t), "rotate-epoch", "--database-url", s.dsn)
	if out, err := rotate.CombinedOutput(); err != nil {
		t.Fatalf("rotate-epoch: %v\n%s", err, out)
	}
	s.await("the new epoch is not noticed", answerTime, func() bool {
		code, _ := s.subscribe(p, before, "ERROR")
		return code == "CURSOR_EXPIRED"
	})
	goesOn("of the new epoch", head(p))
}

// forged is a cursor that looks whole, some events on.
func forged(t *testing.T, cursor string, on int64) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) != 37 {
		t.Fatalf("a cursor is made in another way than this test knows: %s", cursor)
	}
	binary.BigEndian.PutUint64(b[25:], uint64(int64(binary.BigEndian.Uint64(b[25:]))+on))
	binary.BigEndian.PutUint32(b[33:], crc32.ChecksumIEEE(b[:33]))
	return base64.RawURLEncoding.EncodeToString(b)
}

// postCursor is one that a subscription of comments gave.
func (s *site) postCursor(p *person) string {
	for _, r := range s.readers {
		if r.post == p.post && r.after != "" {
			return r.after
		}
	}
	s.t.Fatal("no comment came")
	return ""
}

// subscribe opens a socket and listens to the events of p after a cursor. It returns the code of the
// refusal, or the first that came.
func (s *site) subscribe(p *person, after, onExpired string) (code string, first *event) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), answerTime)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.url(0), "http")+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPClient: s.client})
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.CloseNow()
	document := strings.Replace(everything, "after: $after", "after: $after, onExpired: "+onExpired, 1)
	say := func(m map[string]any) {
		text, err := json.Marshal(m)
		if err == nil {
			err = conn.Write(ctx, websocket.MessageText, text)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	say(map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + p.token}})
	for {
		_, text, err := conn.Read(ctx)
		if websocket.CloseStatus(err) == 1013 { // the database is not there to ask who it is
			return "UNAVAILABLE", nil
		}
		if err != nil {
			s.t.Fatal(err)
		}
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		var result struct {
			Data   struct{ E *event }
			Errors []graphQLError
		}
		if err := json.Unmarshal(text, &m); err != nil {
			s.t.Fatalf("%s: %v", text, err)
		}
		switch m.Type {
		case "connection_ack":
			say(map[string]any{"type": "subscribe", "id": "1", "payload": map[string]any{"query": document, "variables": map[string]any{"after": after}}})
			continue
		case "ping":
			continue
		case "error":
			err = json.Unmarshal(m.Payload, &result.Errors)
		default:
			err = json.Unmarshal(m.Payload, &result)
		}
		if err != nil || len(result.Errors) == 0 && result.Data.E == nil {
			s.t.Fatalf("%s: %v", text, err)
		}
		if len(result.Errors) > 0 {
			return result.Errors[0].Extensions.Code, result.Data.E
		}
		return "", result.Data.E
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}
