package graph_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/sitetest"
)

// allIsForgotten waits until the workers have nothing left to tell or to take back.
func allIsForgotten(t *testing.T, s *sitetest.Server) {
	t.Helper()
	until(t, "nothing is left to the workers", func() bool {
		u, err := s.Resolver.Bell.Untold(t.Context())
		return err == nil && u.Pending == 0
	})
}

// waiting is how many statements of the database wait for a lock.
func waiting(t *testing.T, s *sitetest.Server) int {
	t.Helper()
	return number(t, s, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
}

// A post of which thousands were told is gone at once, while its author waits for none of their mailboxes. What
// they were told stays in their bells, and in their counters, until the workers take it back, though one of them
// ends in the middle. Red when the notifications are deleted without the counters, when a batch ends too soon,
// and when the author locks the mailboxes.
func TestDeletingAPostThatThousandsWatch(t *testing.T) {
	t.Parallel()
	const many = 3000
	whole := sitetest.NewSite(t)
	site := whole.Start()
	mina, joon, hana, jisu := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana"), site.User(t, "jisu")
	post, other := createPost(mina, "many"), createPost(mina, "other")
	users := crowd(t, site, post, many)
	for _, p := range []string{post, other} {
		muteSubject(hana, "unmuteSubject", p).NoErrors()
	}
	muteSubject(jisu, "unmuteSubject", post).NoErrors()
	first := comment(joon, post, "", "hello")
	comment(joon, post, first, "hello again")
	allIsTold(t, site)
	comment(joon, other, "", "elsewhere")
	equal(t, "told", many+3, number(t, site, `SELECT count(*) FROM notifications WHERE subject_id = $1`, ids.Of(ids.Post, post)))
	// Nor does it take long when there are many comments and likes, and next to all notifications are of one post.
	exec(t, site.DB, `INSERT INTO comments (id, post_id, author_id, position, body, created_at) SELECT gen_random_uuid(), $1, $2, 100 + i, 'one of many', now() FROM generate_series(1, 20000) AS i`, ids.Of(ids.Post, post), userID(t, joon))
	exec(t, site.DB, `INSERT INTO likes (id, user_id, subject_id, created_at) SELECT gen_random_uuid(), $2, id, now() FROM comments WHERE post_id = $1`, ids.Of(ids.Post, post), userID(t, mina))
	exec(t, site.DB, `ANALYZE comments, likes, topics, events, notifications, notification_causes`)
	jisu.Do(`mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil).NoErrors()
	site.Stop()
	whole.NoWorker = true
	site = whole.Start()
	mina, hana = mina.At(site), hana.At(site)
	live, read := listen(hana, hana.Cursor()), listen(jisu.At(site), jisu.At(site).Cursor())

	// One of the many is being written to: nobody waits for that.
	tx, err := site.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	exec(t, tx, `SELECT FROM topics WHERE id = $1 FOR NO KEY UPDATE`, users[42])
	deletePost(mina, post).NoErrors()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	r := hana.Do(`query($post: ID!, $c: ID!) { post(id: $post) { id } node(id: $c) { id } viewer { notifications { nodes { kind subject { __typename } } } unread `+countFields+` } }`, vars{"post": post, "c": first}).NoErrors()
	equal(t, "gone at once", []any{nil, nil}, []any{r.Get("post"), r.Get("node")})
	equal(t, "what counts is listed, about nothing", []any{
		map[string]any{"kind": "COMMENT", "subject": map[string]any{"__typename": "Post"}},
		map[string]any{"kind": "COMMENT", "subject": nil},
	}, r.Get("viewer.notifications.nodes"))
	equal(t, "counted", counts{0, 0, 2, 2}, asCounts(t, r.Get("viewer.unread")))
	equal(t, "left to the workers", 1, number(t, site, `SELECT count(*) FROM retractions`)) // nobody was told anything about the comments
	checkCounters(t, site)

	whole.NoWorker = false
	dies := whole.Start()
	until(t, "a tenth is taken back", func() bool {
		return number(t, site, `SELECT count(*) FROM notifications WHERE subject_id = $1`, ids.Of(ids.Post, post)) < many-many/10
	})
	dies.Stop()
	checkCounters(t, site)
	whole.Start()
	whole.Start()
	allIsForgotten(t, site)
	expectEvents(t, live, "NotificationRetracted [0 0 1 1]")
	expectEvents(t, read, "NotificationRetracted [0 0 0 0]") // read or not
	equal(t, "hana's bell", []string{"COMMENT " + other + " 1"}, lines(t, hana))
	exec(t, site.DB, `ANALYZE topics, events, notifications, notification_causes`)
	// One notification for both comments, and the counters of each event are what was listed then.
	equal(t, "right", many, number(t, site, `
SELECT count(*) FROM topics m
JOIN (SELECT topic_id, array_agg(kind ORDER BY seq) AS kinds, array_agg(unread_notifications * 10 + unseen_notifications ORDER BY seq) AS counted FROM events GROUP BY topic_id) e ON e.topic_id = m.id
WHERE m.id = ANY($1) AND m.seq = 3 AND e.kinds = '{6,7,9}' AND e.counted = '{11,11,0}' AND NOT EXISTS (SELECT FROM notifications n WHERE n.user_id = m.id)`, postgres.UUIDs(users)))
	equal(t, "watchers, topics without a post", []int{0, 1}, []int{number(t, site, `SELECT count(*) FROM watchers WHERE subject_id = $1`, ids.Of(ids.Post, post)),
		number(t, site, `SELECT count(*) FROM topics WHERE id = $1`, ids.Of(ids.Post, post))})
	checkCounters(t, site)
}

// A batch that tells watchers of a comment when the post, or the comment, is deleted is done first, and taken
// back: nobody keeps what they were told of something that is gone, and nobody is told of it after. Red when
// what is left to tell is not dropped, and when it is dropped without waiting for the batch.
func TestDeletingWhatIsBeingTold(t *testing.T) {
	t.Parallel()
	for what, remove := range map[string]func(*client, string, string) *sitetest.Result{
		"the post":    func(c *client, post, _ string) *sitetest.Result { return deletePost(c, post) },
		"the comment": func(c *client, _, comment string) *sitetest.Result { return deleteComment(c, comment) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			whole := sitetest.NewSite(t)
			whole.NoWorker = true
			site := whole.Start()
			mina, hana := site.User(t, "mina"), site.User(t, "hana")
			post := createPost(mina, "post")
			users := crowd(t, site, post, 650)
			muteSubject(hana, "unmuteSubject", post).NoErrors()
			said := comment(mina, post, "", "hello")
			comment(hana, post, "", "another") // which mina hears of by the workers

			tx, err := site.DB.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()
			exec(t, tx, `SELECT FROM topics WHERE id = $1 FOR NO KEY UPDATE`, users[250]) // of the second batch
			whole.NoWorker = false
			whole.Start()
			until(t, "the second batch waits", func() bool {
				return waiting(t, site) == 1 && number(t, site, `SELECT count(*) FROM notifications`) > 0
			})
			done := make(chan *sitetest.Result, 1)
			go func() { done <- remove(mina, post, said) }()
			until(t, "the deletion waits for the batch", func() bool { return waiting(t, site) == 2 })
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			(<-done).NoErrors()
			allIsForgotten(t, site)
			exec(t, site.DB, `ANALYZE topics, events, notifications, notification_causes`)
			equal(t, "notifications by it", 0, number(t, site, `SELECT count(*) FROM notification_causes WHERE cause_id = $1`, ids.Of(ids.Comment, said)))
			equal(t, "told, and not taken back", 0, number(t, site, `SELECT count(*) FROM (SELECT FROM events WHERE topic_id = ANY($1) GROUP BY topic_id HAVING count(*) FILTER (WHERE kind = 6) <> count(*) FILTER (WHERE kind = 9) + $2) AS x`,
				postgres.UUIDs(users), map[string]int{"the post": 0, "the comment": 1}[what]))
			told := number(t, site, `SELECT count(*) FROM notification_causes`)
			equal(t, "the other comment", map[string]int{"the post": 0, "the comment": 650 + 1}[what], told)
			checkCounters(t, site)
		})
	}
}

// A comment of which thousands were told leaves their notifications, which stand for others, too, or goes with
// them; what was read stays.
func TestDeletingACommentThatThousandsWereToldOf(t *testing.T) {
	t.Parallel()
	const many = 1500
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	post := createPost(mina, "many")
	users := crowd(t, site, post, many)
	one := comment(joon, post, "", "one")
	allIsTold(t, site)
	half := postgres.UUIDs(users[:many/2]) // have read it
	exec(t, site.DB, `UPDATE notifications SET is_read = true, is_seen = true, is_open = false WHERE user_id = ANY($1)`, half)
	exec(t, site.DB, `UPDATE topics SET unread_notifications = 0, unseen_notifications = 0 WHERE id = ANY($1)`, half)
	muteSubject(hana, "unmuteSubject", post).NoErrors()
	two := comment(joon, post, "", "two")
	three := comment(hana, post, "", "three")
	allIsTold(t, site)
	causes := func(comment string, users []uuid.UUID) int {
		return number(t, site, `SELECT count(*) FROM notification_causes c JOIN notifications n ON n.id = c.notification_id WHERE c.cause_id = $1 AND n.user_id = ANY($2) AND n.count = (SELECT count(*) FROM notification_causes x WHERE x.notification_id = n.id)`,
			ids.Of(ids.Comment, comment), postgres.UUIDs(users))
	}
	deleteComment(joon, one).NoErrors()
	allIsForgotten(t, site)
	equal(t, "what was read stays", []int{many / 2, 0}, []int{causes(one, users[:many/2]), causes(one, users[many/2:])})
	equal(t, "the others", []int{many, many}, []int{causes(two, users), causes(three, users)})
	deleteComment(hana, three).NoErrors()
	allIsForgotten(t, site)
	deleteComment(joon, two).NoErrors()
	allIsForgotten(t, site)
	exec(t, site.DB, `ANALYZE topics, events, notifications, notification_causes`)
	equal(t, "all but what was read", many/2, number(t, site, `SELECT count(*) FROM notifications WHERE user_id = ANY($1)`, postgres.UUIDs(users)))
	equal(t, "counters", 0, number(t, site, `SELECT sum(unread_notifications + unseen_notifications) FROM topics WHERE id = ANY($1)`, postgres.UUIDs(users)))
	equal(t, "hana's and mina's", []int{0, 0}, []int{len(lines(t, hana)), len(lines(t, mina))})
	checkCounters(t, site)
}
