package notes

import (
	"context"
	"log/slog"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/postgres/postgrestest"
	"github.com/notewire/notewire/internal/problem"
	"github.com/notewire/notewire/internal/stream"
)

func TestMain(m *testing.M) {
	postgrestest.Main(m, func(dsn string) error {
		db, err := postgres.Open(context.Background(), dsn, postgres.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		return postgres.Migrate(context.Background(), db.DB, slog.New(slog.DiscardHandler))
	})
}

type fixture struct {
	*Notes
	t        *testing.T
	dsn      string
	accounts *accounts.Accounts
	users    []uuid.UUID
}

// newFixture is an empty site with some users.
func newFixture(t *testing.T, users ...string) *fixture {
	dsn := postgrestest.New(t)
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	log := slog.New(slog.DiscardHandler)
	events, _, err := stream.New(t.Context(), db, stream.NewPostgresBroker(db, log), time.Second, log)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{Notes: New(db, events, notify.New(db, events)), t: t, dsn: dsn, accounts: accounts.New(db, events, time.Hour)}
	for _, name := range users {
		s, err := f.accounts.Register(t.Context(), accounts.Registration{Username: name, Password: "correct horse"})
		if err != nil {
			t.Fatal(err)
		}
		f.users = append(f.users, s.Viewer.UserID)
	}
	return f
}

func (f *fixture) draft(from int, body string, to ...int) *draft {
	d := &draft{Outgoing: Outgoing{Body: body}, id: ids.New(), conversation: ids.New(), sender: f.users[from]}
	for _, u := range to {
		d.To = append(d.To, f.users[u])
	}
	return d
}

func (f *fixture) sendAll(drafts ...*draft) {
	f.t.Helper()
	err := f.db.InTx(f.t.Context(), func(ctx context.Context, tx *postgres.Tx) error {
		return f.send(ctx, tx, time.Now().Truncate(time.Millisecond), drafts)
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) head(user int) stream.Head {
	f.t.Helper()
	h, ok, err := f.log.Head(f.t.Context(), f.users[user])
	if err != nil || !ok {
		f.t.Fatal(ok, err)
	}
	return h
}

func (f *fixture) inbox(user int) (bodies []string) {
	f.t.Helper()
	p, err := f.Box(f.t.Context(), access.Viewer{UserID: f.users[user]}, BoxFilter{Box: Inbox}, page.Args{})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, n := range p.Nodes() {
		bodies = append(bodies, n.Body)
	}
	return bodies
}

// acquaint makes all users no strangers to each other.
func (f *fixture) acquaint() {
	f.t.Helper()
	_, err := f.db.ExecContext(f.t.Context(), `
WITH made AS (INSERT INTO conversations (id, kind, title, created_at, updated_at) VALUES (gen_random_uuid(), 'GROUP', 'all', now(), now()) RETURNING id)
INSERT INTO participants (id, conversation_id, user_id, role, joined_at) SELECT gen_random_uuid(), made.id, u, 'MEMBER', now() FROM made, unnest($1::uuid[]) AS u`, postgres.UUIDs(f.users))
	if err != nil {
		f.t.Fatal(err)
	}
}

// checkLog holds the log of a user against its head: no gap, and the counters of the last event.
func (f *fixture) checkLog(user int) {
	f.t.Helper()
	h := f.head(user)
	var n, last int64
	var unread int
	err := f.db.QueryRowContext(f.t.Context(), `SELECT count(*), coalesce(max(seq), 0), coalesce((array_agg(unread_notes ORDER BY seq DESC))[1], 0) FROM events WHERE topic_id = $1`, f.users[user]).
		Scan(&n, &last, &unread)
	if err != nil {
		f.t.Fatal(err)
	}
	if n != last || last != h.Seq || unread != h.Unread.Notes || h.Unread.Notes != len(f.inbox(user)) {
		f.t.Errorf("user %d: %d events up to %d, head %+v, unread in the last event %d, inbox %v", user, n, last, h, unread, f.inbox(user))
	}
}

func TestABatchWithARefusedNote(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "mina", "joon", "hana")
	f.acquaint()
	missing := f.draft(0, "to nobody", 1)
	missing.To = []uuid.UUID{ids.New()}
	answer := f.draft(2, "answers what is not there", 1)
	answer.ReplyToID = new(ids.New())
	good := []*draft{f.draft(0, "one", 1), f.draft(2, "two", 1), f.draft(0, "three", 1), f.draft(1, "back", 0), f.draft(1, "both", 0, 2)}
	f.sendAll(good[0], missing, good[1], answer, good[2], good[3], good[4])
	for _, d := range []*draft{missing, answer} {
		list, ok := problem.AsUserErrors(d.err)
		if !ok || list[0].Code != problem.Missing || d.note != nil {
			t.Errorf("%s: %v, note %v", d.Body, d.err, d.note)
		}
	}
	for _, d := range good {
		if d.err != nil || d.note == nil {
			t.Fatalf("%s: refused with its neighbours: %v", d.Body, d.err)
		}
	}
	if a, b, c := good[0].note, good[2].note, good[3].note; a.ConversationID != b.ConversationID || b.ConversationID != c.ConversationID || a.Seq != 1 || b.Seq != 2 || c.Seq != 3 {
		t.Errorf("one conversation, made once, in the order of the batch: %+v %+v %+v", a, b, c)
	}
	var transactions, conversations int
	if err := f.db.QueryRowContext(t.Context(), `SELECT (SELECT count(DISTINCT xmin::text) FROM events), (SELECT count(*) FROM conversations)`).Scan(&transactions, &conversations); err != nil {
		t.Fatal(err)
	}
	if transactions != 1 || conversations != 4 {
		t.Errorf("%d transactions and %d conversations", transactions, conversations)
	}
	for user := range f.users {
		f.checkLog(user)
	}
	want := []stream.Unread{{Notes: 2, Conversations: 2, Notifications: 2, Unseen: 2}, {Notes: 3, Conversations: 2, Notifications: 2, Unseen: 2}, {Notes: 1, Conversations: 1, Notifications: 1, Unseen: 1}}
	for user, w := range want {
		if got := f.head(user).Unread; got != w {
			t.Errorf("user %d: %+v, want %+v", user, got, w)
		}
	}
}

func TestTheSameKeyTwiceInABatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "mina", "joon")
	keyed := func(body string) *draft {
		d := f.draft(0, body, 1)
		d.IdempotencyKey = new("k")
		d.hash = d.Outgoing.hash()
		return d
	}
	one, two := keyed("one"), keyed("one")
	f.sendAll(one, two)
	if list, ok := problem.AsUserErrors(two.err); one.note == nil || !ok || list[0].Code != problem.Conflict {
		t.Errorf("the first %v, the second %v", one.note, two.err)
	}
	again, other := keyed("one"), keyed("other")
	f.sendAll(again)
	f.sendAll(other)
	if again.note == nil || again.note.ID != one.id {
		t.Errorf("sent again: %+v", again.note)
	}
	if list, ok := problem.AsUserErrors(other.err); !ok || list[0].Code != problem.Conflict {
		t.Errorf("another input: %v", other.err)
	}
	f.checkLog(0)
	f.checkLog(1)
}
