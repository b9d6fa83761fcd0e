package graph_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/sitetest"
)

func muteSubject(c *client, mutation, subject string) *sitetest.Result {
	input := map[string]string{"muteSubject": "MuteSubjectInput", "unmuteSubject": "UnmuteSubjectInput"}[mutation]
	return c.Do(`mutation($in: `+input+`!) { `+mutation+`(input: $in) {
		subject { __typename ... on Post { id viewerIsWatching } ... on Conversation { id isMuted } } cursor userErrors { code field } } }`, vars{"in": vars{"subjectId": subject}})
}

func watches(c *client, post string) any {
	return c.Do(`query($id: ID!) { post(id: $id) { viewerIsWatching } }`, vars{"id": post}).NoErrors().Get("post.viewerIsWatching")
}

func TestWatchingAPost(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	post := createPost(mina, "post")
	for _, who := range []*client{joon, site.Anonymous(t)} {
		equal(t, "before commenting", false, watches(who, post))
	}
	equal(t, "the author", true, watches(mina, post))
	first := comment(joon, post, "", "one")
	equal(t, "who has commented", true, watches(joon, post))
	after := map[*client]string{mina: mina.Cursor(), joon: joon.Cursor(), hana: hana.Cursor()}

	comment(hana, post, "", "two") // to both
	for _, junk := range []string{"", "junk", "post_01h455vb4pex5vsknk084sn02q", "conversation_01h455vb4pex5vsknk084sn02q"} {
		equal(t, junk, []string{"NOT_FOUND subjectId"}, muteSubject(joon, "muteSubject", junk).UserErrors("muteSubject"))
	}
	for _, other := range []string{first, joon.ID} {
		equal(t, other, []string{"INVALID subjectId"}, muteSubject(joon, "muteSubject", other).UserErrors("muteSubject"))
	}
	equal(t, "nobody", "UNAUTHENTICATED", muteSubject(site.Anonymous(t), "muteSubject", post).Code())
	muted := muteSubject(joon, "muteSubject", post).NoErrors()
	equal(t, "muted", map[string]any{"__typename": "Post", "id": post, "viewerIsWatching": false}, muted.Get("muteSubject.subject"))
	comment(hana, post, "", "three") // to mina only
	comment(hana, post, first, "re") // a reply within what is muted
	like(hana, first).NoErrors()     // as well as a like
	comment(joon, post, "", "four")  // does not make joon watch again, but mina and hana hear of it
	equal(t, "still", false, watches(joon, post))
	muteSubject(joon, "unmuteSubject", post).NoErrors()
	comment(hana, post, first, "five") // mina: of the post; joon: a reply, and not of the post as well

	kinds := func(c *client) (list []string) {
		for _, n := range bell(t, c, "") {
			list = append(list, sitetest.Get(t, n, "kind").(string))
		}
		return list
	}
	equal(t, "mina's", []string{"COMMENT"}, kinds(mina))
	equal(t, "joon's", []string{"REPLY", "COMMENT"}, kinds(joon))
	equal(t, "hana's", []string{"COMMENT"}, kinds(hana))
	expectEvents(t, listen(joon, after[joon]), "NotificationReceived [0 0 1 1]", "NotificationReceived [0 0 2 2]")
	expectEvents(t, listen(hana, after[hana]), "NotificationReceived [0 0 1 1]")

	// A conversation is muted in the same way.
	conversation := write(mina, "hello", joon).conversation
	quiet := muteSubject(joon, "muteSubject", conversation).NoErrors()
	equal(t, "quiet", map[string]any{"__typename": "Conversation", "id": conversation, "isMuted": true}, quiet.Get("muteSubject.subject"))
	equal(t, "a stranger's", []string{"NOT_FOUND subjectId"}, muteSubject(hana, "muteSubject", conversation).UserErrors("muteSubject"))
}

// crowd has many users watch a post; their ids come in order.
func crowd(t *testing.T, s *sitetest.Server, post string, n int) []uuid.UUID {
	t.Helper()
	users := make(postgres.UUIDs, n)
	for i := range users {
		users[i] = uuid.New()
	}
	slices.SortFunc(users, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, statement := range []string{
		`INSERT INTO users (id, username, display_name, created_at) SELECT u, 'u' || replace(u::text, '-', ''), 'One of many', now() FROM unnest($1::uuid[]) AS u WHERE $2::uuid IS NOT NULL`,
		`INSERT INTO topics (id) SELECT u FROM unnest($1::uuid[]) AS u WHERE $2::uuid IS NOT NULL`,
		`INSERT INTO watchers (subject_id, user_id, since) SELECT $2, u, 0 FROM unnest($1::uuid[]) AS u`,
	} {
		if _, err := s.DB.ExecContext(t.Context(), statement, users, ids.Of(ids.Post, post)); err != nil {
			t.Fatal(err)
		}
	}
	return users
}

func number(t *testing.T, s *sitetest.Server, query string, args ...any) (n int) {
	t.Helper()
	if err := s.DB.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// until waits for what the workers do.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// Each watcher is told of each comment exactly once, though a worker ends in the middle and two go on, and
// the writer waits for none of it. Red when the progress is not written with its batch, and when nobody looks
// again who has muted the post.
func TestAPostThatThousandsWatch(t *testing.T) {
	t.Parallel()
	const many = 5000
	whole := sitetest.NewSite(t)
	whole.NoWorker = true
	site := whole.Start()
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	few, post := createPost(mina, "few"), createPost(mina, "many")
	crowd(t, site, few, 300)
	users := crowd(t, site, post, many)
	muteSubject(hana, "unmuteSubject", post).NoErrors()
	live := listen(hana, hana.Cursor()).Ready() // so that what it takes to begin is not counted below

	comment(joon, few, "", "to prepare what is prepared once")
	commenting := func(on string) (did []string) {
		for _, s := range site.Statements(func() { comment(joon, on, "", "hello") }) {
			if !strings.Contains(s, "FROM wakes") && !strings.Contains(s, "FROM epoch") { // what this process looks for again and again
				did = append(did, s)
			}
		}
		slices.Sort(did) // what is read for the answer is read at the same time, and by two statements where the machine is slow
		return slices.Compact(did)
	}
	equal(t, "what a comment takes, whether 300 are told or 5,000", commenting(few), commenting(post))
	comment(joon, post, "", "hello again")
	equal(t, "told by the comments themselves", 0, number(t, site, `SELECT count(*) FROM notifications`))
	equal(t, "left to the workers", 4, number(t, site, `SELECT count(*) FROM fanouts`))
	last := users[many-1]
	if _, err := site.DB.ExecContext(t.Context(), `UPDATE watchers SET is_muted = true WHERE user_id = $1`, last); err != nil {
		t.Fatal(err)
	}

	whole.NoWorker = false
	dies := whole.Start()
	until(t, "a tenth is told", func() bool { return number(t, site, `SELECT count(*) FROM notifications`) > many/10 })
	dies.Stop()
	if told := number(t, site, `SELECT count(*) FROM notifications`); told >= many {
		t.Logf("the first worker was too fast to be stopped half-way: %d", told)
	}
	whole.Start()
	whole.Start()
	until(t, "all is told", func() bool { return number(t, site, `SELECT count(*) FROM fanouts`) == 0 })

	if _, err := site.DB.ExecContext(t.Context(), `ANALYZE topics, events, notifications`); err != nil {
		t.Fatal(err) // the statement below is planned badly for tables that seem to be empty
	}
	// One notification for both comments, one event for each, counters that equal the count.
	equal(t, "right", many-1, number(t, site, `
SELECT count(*) FROM topics m JOIN notifications n ON n.user_id = m.id
JOIN (SELECT topic_id, array_agg(kind ORDER BY seq) AS kinds FROM events GROUP BY topic_id) e ON e.topic_id = m.id
WHERE m.id = ANY($1) AND n.count = 2 AND n.actor_count = 1 AND m.seq = 2 AND m.unread_notifications = 1 AND m.unseen_notifications = 1
  AND e.kinds = '{6,7}'`, postgres.UUIDs(users)))
	equal(t, "who has muted it meanwhile", 0, number(t, site, `SELECT seq FROM topics WHERE id = $1`, last))
	equal(t, "the author", counts{0, 0, 2, 2}, unread(t, mina))
	equal(t, "the commenter", counts{0, 0, 0, 0}, unread(t, joon))
	expectEvents(t, live, "NotificationReceived [0 0 1 1]", "NotificationChanged [0 0 1 1]")
}
