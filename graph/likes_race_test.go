package graph_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/sitetest"
)

// likers are who likes each subject now, but its author, in order.
func likers(t *testing.T, s *sitetest.Server, subjects []string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, subject := range subjects {
		_, id, _ := ids.Decode(subject)
		if names := column(t, s, `SELECT u.username FROM likes l JOIN users u ON u.id = l.user_id
			JOIN (SELECT id, author_id FROM posts UNION ALL SELECT id, author_id FROM comments) AS x ON x.id = l.subject_id
			WHERE x.id = '`+id.String()+`' AND l.removed_at IS NULL AND l.user_id <> x.author_id`); len(names) > 0 {
			slices.Sort(names)
			found[subject] = names
		}
	}
	return found
}

// liked are the actors of the notifications of likes that an author has, by subject, in order.
func liked(t *testing.T, author *client, args string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	r := author.Do(`{ viewer { notifications(kinds: [LIKE]`+args+`, first: 100) { nodes { count actorCount actors(first: 25) { username } subject { ... on Post { id } ... on Comment { id } } } } } }`, nil).NoErrors()
	for _, n := range r.List("viewer.notifications.nodes") {
		names := texts(t, sitetest.Get(t, n, "actors").([]any), "username")
		equal(t, "actorCount and count", []any{float64(len(names)), float64(len(names))}, []any{sitetest.Get(t, n, "actorCount"), sitetest.Get(t, n, "count")})
		subject := sitetest.Get(t, n, "subject.id").(string)
		found[subject] = append(found[subject], names...)
	}
	for _, names := range found {
		slices.Sort(names)
	}
	return found
}

// F14: likes given and taken back by many, the same by two of each one's tabs at once, on two servers. Red when
// a like that is there is counted again, and when one that is given again is told again.
func TestLikesGivenAndTakenBackAtOnce(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	servers := []*sitetest.Server{one, one.Another()}
	authors := []*client{one.User(t, "author_1"), one.User(t, "author_2")}
	var subjects []string
	for i := range 3 {
		post := createPost(authors[0], fmt.Sprint(i))
		subjects = append(subjects, post, comment(authors[1], post, "", "comment"))
	}
	for _, author := range authors {
		author.Do(`mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil).NoErrors()
	}
	var users []*client
	for i := range 20 {
		users = append(users, one.User(t, fmt.Sprint("user_", i)))
	}
	users = append(users, authors...) // who like what they wrote, too: nobody is told
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	toAndFro := func(times int, meanwhile func(tab int)) {
		var all sync.WaitGroup
		for i, user := range users {
			for tab := range 2 {
				all.Go(func() {
					dice := rand.New(rand.NewPCG(seed, uint64(2*i+tab)))
					for range times / 2 {
						meanwhile(2*i + tab)
						field := []string{"like", "unlike"}[dice.IntN(2)]
						r, err := user.At(servers[dice.IntN(2)]).Try(`mutation($id: ID!) { `+field+`(input: {subjectId: $id}) `+subjectFields+` }`, vars{"id": subjects[dice.IntN(len(subjects))]})
						if err != nil || len(r.Errors) > 0 || !strings.Contains(r.Raw, `"viewerHasLiked":`) {
							t.Errorf("%s: %v %+v", field, err, r)
							return
						}
					}
				})
			}
		}
		all.Wait()
		checkCounters(t, one)
		equal(t, "told twice", 0, len(column(t, one, `SELECT cause_id::text FROM notification_causes GROUP BY cause_id HAVING count(*) > 1`)))
	}

	toAndFro(50, func(int) {})
	want, got := likers(t, one, subjects), map[string][]string{}
	for i, author := range authors {
		maps.Copy(got, liked(t, author.At(servers[i]), ", unreadOnly: true"))
	}
	equal(t, "who likes it, and of whom is told", want, got)

	// The same while the authors read what they are told. Of who likes it now, each was told once.
	toAndFro(20, func(hand int) {
		if hand < len(authors) {
			if _, err := authors[hand].At(servers[hand]).Try(`mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil); err != nil {
				t.Error(err)
			}
		}
	})
	for subject, names := range likers(t, one, subjects) {
		told, open := append(liked(t, authors[0], "")[subject], liked(t, authors[1], "")[subject]...), append(liked(t, authors[0], ", unreadOnly: true")[subject], liked(t, authors[1], ", unreadOnly: true")[subject]...)
		slices.Sort(told)
		for _, name := range names {
			if n := len(told) - len(slices.DeleteFunc(slices.Clone(told), func(s string) bool { return s == name })); n != 1 {
				t.Errorf("%s likes %s, and its author was told %d times", name, subject, n)
			}
		}
		for _, name := range open {
			if !slices.Contains(names, name) {
				t.Errorf("%s does not like %s, and its author is told so", name, subject)
			}
		}
	}
}
