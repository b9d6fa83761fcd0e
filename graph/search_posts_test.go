package graph_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/sitetest"
)

const searchPosts = `query($search: String, $first: Int, $after: String, $last: Int, $before: String) {
  posts(search: $search, first: $first, after: $after, last: $last, before: $before) { nodes { id title body author { username } } ` + pageInfo + ` } }`

func postOf(by *client, title, body string) (id string) {
	return by.Do(createPostInput, vars{"in": vars{"title": title, "body": body}}).NoErrors().Text("createPost.post.id")
}

// findsPosts are the titles of what a search of posts gives.
func findsPosts(t testing.TB, c *client, search string) []string {
	t.Helper()
	return texts(t, c.Do(searchPosts, vars{"search": search}).NoErrors().List("posts.nodes"), "title")
}

func TestSearchingPosts(t *testing.T) {
	inEachWay(t, func(t *testing.T, site *sitetest.Server) {
		mina, nobody := site.User(t, "mina"), site.Anonymous(t)
		list := [][2]string{{"오늘 저녁에 만나요", "장소는 한강"}, {"Meet me", "at the Café, 100% sure_thing"}, {"내일저녁 회의", "안건 없음"},
			{norm.NFD.String("한글"), norm.NFD.String("자모로 쓴 저녁")}, {"STRASSE", "Straße"}, {"ab", "ba"}, {"\\ 'quote\"", "-- ; DROP"}, {"👩‍🚀", "rocket 🚀🚀"}}
		for _, p := range list {
			postOf(mina, p[0], p[1])
		}
		site.Index()
		for search, want := range map[string][]int{
			"저녁": {3, 2, 0}, "저녁 한강": {0}, "한강 저녁": {0}, "장소 오늘": {0}, "없음": {2}, "녁에": {0}, "MEET caf": {1}, norm.NFD.String("CAFÉ"): {1}, "0%": {1}, "%%": nil, "sure_": {1},
			"__": nil, "strasse": {4}, "ab": {5}, "ba": {5}, "abba": nil, "'quote\"": {6}, "DROP;": nil, "🚀🚀": {7}, "nowhere": nil, "저녁 nowhere": nil,
		} {
			var titles []string
			for _, i := range want {
				titles = append(titles, list[i][0])
			}
			for _, who := range []*client{mina, nobody} {
				equal(t, search, titles, findsPosts(t, who, search))
			}
		}
		for _, none := range []any{nil, "", " \n"} {
			equal(t, "no words are no search", len(list), len(nobody.Do(searchPosts, vars{"search": none}).NoErrors().List("posts.nodes")))
		}
		for name, search := range map[string]string{"one character": "x", "one among others": "저녁 x", "one of several code points": norm.NFD.String("한"),
			"too long": long(257), "NUL": "a\u0000b", "control character": "ab\u0001"} {
			r := nobody.Do(searchPosts, vars{"search": search})
			equal(t, name, "BAD_USER_INPUT", r.Code())
			if name != "NUL" && !strings.Contains(r.Errors[0].Message, "search") {
				t.Errorf("%s: the argument is not named: %s", name, r.Raw)
			}
		}
		equal(t, "bad page", "BAD_USER_INPUT", nobody.Do(searchPosts, vars{"search": "저녁", "first": 101}).Code())
		equal(t, "as long as can be", []string(nil), findsPosts(t, nobody, long(256)))
	})
}

// TestSearchingPostsThatChanged holds that what is edited, deleted or by somebody who is blocked is found as it
// is now. Red when an edit is not indexed, when a search takes the index at its word, and when it forgets blocks.
func TestSearchingPostsThatChanged(t *testing.T) {
	inEachWay(t, func(t *testing.T, site *sitetest.Server) {
		mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
		first, second := postOf(mina, "alpha one", "text"), postOf(mina, "two", "alpha")
		postOf(hana, "three", "alpha")
		site.Index()
		equal(t, "all", []string{"three", "two", "alpha one"}, findsPosts(t, joon, "alpha"))
		joon.Do(`mutation($id: ID!) { blockUser(input: {userId: $id}) { userErrors { code } } }`, vars{"id": hana.ID}).NoErrors()
		equal(t, "not those of a blocked author", []string{"two", "alpha one"}, findsPosts(t, joon, "alpha"))
		fourth := postOf(joon, "four", "alpha")
		site.Index()
		equal(t, "nor those of one who has blocked", []string{"three", "two", "alpha one"}, findsPosts(t, hana, "alpha"))
		deletePost(joon, fourth).NoErrors()
		equal(t, "others find them", []string{"three", "two", "alpha one"}, findsPosts(t, site.Anonymous(t), "alpha"))

		editPost(mina, vars{"postId": first, "title": "베타 one"}).NoErrors()
		equal(t, "what was edited is not found by what it was, at once", []string{"two"}, findsPosts(t, joon, "alpha"))
		site.Index()
		equal(t, "but by what it is", []string{"베타 one"}, findsPosts(t, joon, "베타"))
		equal(t, "and by what stayed", []string{"베타 one"}, findsPosts(t, joon, "text one"))
		like(joon, first).NoErrors()
		comment(joon, first, "", "hello")
		equal(t, "likes and comments have nothing indexed", 0, number(t, site, `SELECT count(*) FROM post_changes`))
		deletePost(mina, second).NoErrors()
		equal(t, "deleted, at once", []string(nil), findsPosts(t, joon, "alpha"))
		site.Index()
		equal(t, "nothing of it is left in the index", 0, number(t, site, `SELECT count(*) FROM post_terms WHERE post_id = $1`, ids.Of(ids.Post, second)))
		equal(t, "nothing waits", 0, number(t, site, `SELECT count(*) FROM post_changes`))
	})
}

// TestSearchingPostsFindsWhatAScanFinds is for pages, with two indexers at once while posts are edited.
func TestSearchingPostsFindsWhatAScanFinds(t *testing.T) {
	inEachWay(t, func(t *testing.T, site *sitetest.Server) {
		mina, nobody := site.User(t, "mina"), site.Anonymous(t)
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 1))
		text := func(n int) string {
			var b strings.Builder
			for range n {
				b.WriteString([]string{"가", "나", "a", "B", " ", "é"}[random.IntN(6)])
			}
			return b.String()
		}
		titles, bodies, posts := make([]string, 40), make([]string, 40), make([]string, 40)
		for i := range posts {
			titles[i], bodies[i] = fmt.Sprint(i), "x"+text(1+random.IntN(12))
			posts[i] = postOf(mina, titles[i], bodies[i])
		}
		done := make(chan struct{})
		other := site.Another()
		go func() {
			defer close(done)
			for range 5 {
				other.Index()
			}
		}()
		for range 20 {
			i := random.IntN(len(posts))
			bodies[i] = "x" + text(1+random.IntN(12))
			editPost(mina, vars{"postId": posts[i], "body": bodies[i]}).NoErrors()
			if i%4 == 0 {
				site.Index()
			}
		}
		<-done
		site.Index()
		searches := []string{"가나", "xa"}
		for range 12 {
			searches = append(searches, strings.TrimSpace(strings.ReplaceAll(text(2+random.IntN(3)), " ", "가")))
		}
		for _, search := range searches {
			var want []string
			for i := range posts {
				if strings.Contains(strings.ToLower(bodies[i]), strings.ToLower(search)) {
					want = append(want, titles[i])
				}
			}
			slices.Reverse(want)
			equal(t, search+", from the newest", want, postPages(t, nobody, search, "first", "after"))
			equal(t, search+", from the oldest", want, postPages(t, nobody, search, "last", "before"))
		}
	})
}

// postPages pages through what a search of posts finds, in one direction.
func postPages(t *testing.T, c *client, search, size, from string) (list []string) {
	t.Helper()
	for in := (vars{"search": search, size: 3}); ; {
		r := c.Do(searchPosts, in).NoErrors()
		page := texts(t, r.List("posts.nodes"), "title")
		more, end := "hasNextPage", "endCursor"
		if size == "last" {
			more, end = "hasPreviousPage", "startCursor"
			list = append(page, list...)
		} else {
			list = append(list, page...)
		}
		if r.Get("posts.pageInfo."+more) != true {
			return list
		}
		in[from] = r.Get("posts.pageInfo." + end)
	}
}

// Terms of another version are made anew when a worker starts.
func TestPostsAreIndexedAnewForAnotherVersion(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	site.Resolver.Board.Walk = 0
	mina := site.User(t, "mina")
	post := postOf(mina, "alpha", "text")
	site.Index()
	if _, err := site.DB.ExecContext(t.Context(), `UPDATE post_terms SET version = 0, terms = '{}' WHERE post_id = ANY($1)`, postgres.UUIDs{ids.Of(ids.Post, post)}); err != nil {
		t.Fatal(err)
	}
	equal(t, "not found", []string(nil), findsPosts(t, mina, "alpha"))
	ctx, cancel := context.WithCancel(t.Context())
	var worker sync.WaitGroup
	worker.Go(func() { site.Resolver.Board.Index(ctx, slog.New(slog.DiscardHandler)) })
	defer worker.Wait()
	defer cancel()
	until(t, "found again", func() bool { return len(findsPosts(t, mina, "alpha")) == 1 })
	postOf(mina, "alpha beta", "text")
	until(t, "a new one too", func() bool { return len(findsPosts(t, mina, "alpha")) == 2 })
}
