package graph_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/sitetest"
)

// exec changes rows behind the site's back.
func exec(t *testing.T, db interface {
	Exec(string, ...any) (sql.Result, error)
}, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

// allIsTold waits until the workers have told everything, and then compares all counters with a count.
func allIsTold(t *testing.T, s *sitetest.Server) {
	t.Helper()
	until(t, "all is told", func() bool { return number(t, s, `SELECT count(*) FROM fanouts`) == 0 })
	exec(t, s.DB, `ANALYZE topics, notifications, notification_causes, events`) // they have just come to their size
	if f := notes.ExamineCounters(t.Context(), s.DB); f.Err != nil {
		t.Errorf("counters: %v", f.Err)
	}
}

// Whoever mutes a post, or is kept apart from the commenter, while the batch that is to tell them waits for
// their mailbox, is not told. Red when only those who are read before the locks are looked at.
func TestWhoMutesWhileOthersAreToldIsNotTold(t *testing.T) {
	t.Parallel()
	whole := sitetest.NewSite(t)
	whole.NoWorker = true
	site := whole.Start()
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	post := createPost(mina, "many")
	users := crowd(t, site, post, 450)
	muteSubject(hana, "unmuteSubject", post).NoErrors()
	mutes, blocks := users[10], users[20] // of the first batch, or the second one

	tx, err := site.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	exec(t, tx, `SELECT FROM topics WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`, postgres.UUIDs{mutes, blocks})
	comment(joon, post, "", "hello")
	whole.NoWorker = false
	worker := whole.Start()
	until(t, "a batch waits for a mailbox", func() bool {
		return number(t, site, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
	})
	exec(t, tx, `UPDATE watchers SET is_muted = true WHERE user_id = $1`, mutes)
	exec(t, tx, `INSERT INTO blocks (user_id, other_id, by_user, created_at) VALUES ($1, $2, true, now()), ($2, $1, false, now())`, blocks, userID(t, joon))
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	allIsTold(t, site)
	equal(t, "who muted it, and who blocked the commenter", 0, number(t, site, `SELECT sum(seq) FROM topics WHERE id = ANY($1)`, postgres.UUIDs{mutes, blocks}))
	equal(t, "the others, the author and hana", 450-2+2, number(t, site, `SELECT count(*) FROM notifications WHERE kind = 'COMMENT' AND count = 1`))

	// What a worker has told is like what is told at once: more of the same makes it grow, and a block takes it
	// back.
	comment(joon, post, "", "hello again")
	allIsTold(t, site)
	live := listen(hana, hana.Cursor())
	hana.At(worker).Do(`mutation($id: ID!) { blockUser(input: {userId: $id}) { userErrors { code } } }`, vars{"id": joon.ID}).NoErrors()
	expectEvents(t, live, "NotificationRetracted [0 0 0 0]")
	equal(t, "the bell of who has blocked", 0, len(bell(t, hana, "")))
}

// Comments on a post are told in their order, also when one of them cannot be told for a while; that of
// another post does not wait for it.
func TestWhatCannotBeToldHoldsUpNothingElse(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	stuck, free := createPost(mina, "stuck"), createPost(mina, "free")
	users := crowd(t, site, stuck, 450)
	crowd(t, site, free, 250)
	without := users[300] // of the second batch: a mailbox is missing, and nobody can be told together with it
	exec(t, site.DB, `DELETE FROM topics WHERE id = $1`, without)

	comments := postgres.UUIDs{ids.Of(ids.Comment, comment(joon, stuck, "", "one"))}
	until(t, "the first has failed", func() bool {
		u, err := site.Resolver.Bell.Untold(t.Context())
		return err == nil && u.Failing == 1
	})
	comments = append(comments, ids.Of(ids.Comment, comment(joon, stuck, "", "two")))
	comment(joon, free, "", "three")
	told := func(post string) int {
		return number(t, site, `SELECT count(*) FROM notifications WHERE subject_id = $1`, ids.Of(ids.Post, post))
	}
	until(t, "the other post is told", func() bool { return told(free) == 251 })
	u, err := site.Resolver.Bell.Untold(t.Context())
	equal(t, "what is left", [3]any{2, 1, nil}, [3]any{u.Pending, u.Failing, err})
	if u.Oldest <= 0 || u.Oldest > time.Minute {
		t.Errorf("the oldest waits for %s", u.Oldest)
	}

	// After a second, then after two, then after four: never sooner than the sum.
	until(t, "it has failed again", func() bool { return number(t, site, `SELECT max(failures) FROM fanouts`) >= 2 })
	equal(t, "tried too soon", 0, number(t, site, `SELECT count(*) FROM fanouts WHERE failures > 0 AND not_before < at + make_interval(secs => 2 ^ failures - 1)`))

	exec(t, site.DB, `INSERT INTO topics (id) VALUES ($1)`, without)
	allIsTold(t, site)
	equal(t, "told of both, in their order", 450, number(t, site, `
SELECT count(*) FROM (
  SELECT n.user_id FROM notifications n JOIN notification_causes c ON c.notification_id = n.id
  WHERE n.user_id = ANY($1) GROUP BY n.user_id HAVING array_agg(c.cause_id ORDER BY c.position) = $2::uuid[]) AS x`, postgres.UUIDs(users), comments))
	equal(t, "events", 2*450, number(t, site, `SELECT count(*) FROM events WHERE topic_id = ANY($1)`, postgres.UUIDs(users)))
}

// Posts that many watch take turns: one that comes last, with few watchers, is not told last. Red when the
// oldest is always told first.
func TestPostsThatManyWatchTakeTurns(t *testing.T) {
	t.Parallel()
	whole := sitetest.NewSite(t)
	whole.NoWorker = true
	site := whole.Start()
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	var last []time.Time // events of the watchers of each post
	var crowds [][]uuid.UUID
	for _, n := range []int{1500, 1500, 1500, 201} {
		post := createPost(mina, "post")
		crowds = append(crowds, crowd(t, site, post, n))
		comment(joon, post, "", "hello")
	}
	// As if the clock had been put back by an hour since the last batch.
	exec(t, site.DB, `UPDATE fanouts SET not_before = now() + interval '1 hour' WHERE subject_id = (SELECT subject_id FROM watchers WHERE user_id = $1)`, crowds[0][0])
	whole.NoWorker = false
	whole.Start()
	allIsTold(t, site)
	for _, users := range crowds {
		var at time.Time
		var n int
		if err := site.DB.QueryRowContext(t.Context(), `SELECT max(at), count(*) FROM events WHERE topic_id = ANY($1)`, postgres.UUIDs(users)).Scan(&at, &n); err != nil {
			t.Fatal(err)
		}
		equal(t, "events", len(users), n)
		last = append(last, at)
	}
	for i, at := range last[:3] {
		if !last[3].Before(at) {
			t.Errorf("the few of the last post heard of it at %s, the many of post %d at %s", last[3], i, at)
		}
	}
}
