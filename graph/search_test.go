package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/notewire/notewire/internal/sitetest"
)

const searchNotes = `query($box: NoteBox! = INBOX, $unread: Boolean! = false, $search: String, $first: Int, $after: String, $last: Int, $before: String) {
  viewer { notes(box: $box, unreadOnly: $unread, search: $search, first: $first, after: $after, last: $last, before: $before) { nodes { id body } ` + pageInfo + ` } } }`

func searched(c *client, in vars) *sitetest.Result { return c.Do(searchNotes, in) }

// finds are the bodies that a search in the inbox gives.
func finds(t testing.TB, c *client, search string) []string {
	t.Helper()
	return texts(t, searched(c, vars{"search": search}).NoErrors().List("viewer.notes.nodes"), "body")
}

// inEachWay runs a test with searches that look through the newest notes, that look through a few and go on
// with the index, and that ask the index alone.
func inEachWay(t *testing.T, f func(t *testing.T, site *sitetest.Server)) {
	t.Parallel()
	for name, walk := range map[string]int{"through the newest": 200, "through some": 2, "by the index": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := sitetest.New(t)
			site.Resolver.Notes.Walk, site.Resolver.Board.Walk = walk, walk
			f(t, site)
		})
	}
}

func TestSearching(t *testing.T) {
	inEachWay(t, func(t *testing.T, site *sitetest.Server) {
		mina, joon, stranger := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "stranger")
		site.Acquaint(mina, joon)
		bodies := []string{"오늘 저녁에 만나요", "Meet me at the Café, 100% sure_thing", "내일저녁 회의", norm.NFD.String("한글 자모로 쓴 저녁"),
			"STRASSE and Straße", "three  \n\tspaces", "ab", "a\\b 'quote\" -- ; DROP", "👩‍🚀 rocket 🚀🚀", "ababab baba"}
		for _, body := range bodies {
			write(mina, body, joon)
			write(joon, "mine: "+body, mina)
		}
		site.Index()
		for search, want := range map[string][]int{
			"저녁": {3, 2, 0}, "저녁 오늘": {0}, "녁에": {0}, "meet": {1}, "MEET caf": {1}, "café": {1}, norm.NFD.String("CAFÉ"): {1}, norm.NFD.String("저녁"): {3, 2, 0},
			"한글": {3}, "0%": {1}, "%%": nil, "sure_": {1}, "__": nil, "strasse": {4}, "STRAßE": {4}, "three spaces": {5}, "spaces three": {5}, "\tthree\u3000": {5},
			"ab": {9, 6}, "a\\": {7}, "'quote\"": {7}, "DROP;": nil, "-- ;D": nil, "🚀🚀": {8}, "ababa": {9}, "bababab": nil, "nowhere": nil, "저녁 nowhere": nil,
		} {
			var list []string
			for _, i := range want {
				list = append(list, bodies[i])
			}
			equal(t, search, list, finds(t, joon, search))
		}
		sent := searched(joon, vars{"search": "저녁", "box": "SENT"}).NoErrors()
		equal(t, "what was sent", []string{"mine: " + bodies[3], "mine: " + bodies[2], "mine: " + bodies[0]}, texts(t, sent.List("viewer.notes.nodes"), "body"))
		equal(t, "a stranger finds nothing", []string(nil), finds(t, stranger, "저녁"))
		for _, none := range []any{nil, "", " \n"} {
			equal(t, "no words are no search", 10, len(searched(joon, vars{"search": none}).NoErrors().List("viewer.notes.nodes")))
		}
		for name, search := range map[string]string{"one character": "x", "one among others": "저녁 x", "one of several code points": norm.NFD.String("한"),
			"too long": long(257), "NUL": "a\u0000b", "control character": "ab\u0001"} {
			r := searched(joon, vars{"search": search})
			equal(t, name, "BAD_USER_INPUT", r.Code())
			if name != "NUL" && !strings.Contains(r.Errors[0].Message, "search") {
				t.Errorf("%s: the argument is not named: %s", name, r.Raw)
			}
		}
		equal(t, "lone surrogate", "BAD_USER_INPUT", joon.Do(`{ viewer { notes(search: "ab\uD800") { nodes { id } } } }`, nil).Code())
		equal(t, "as long as can be", []string(nil), finds(t, joon, long(256)))
	})
}

// TestSearchingWhatHasChanged holds that a search knows edited, unsent, deleted, archived, read and blocked
// notes as the boxes do.
func TestSearchingWhatHasChanged(t *testing.T) {
	inEachWay(t, func(t *testing.T, site *sitetest.Server) {
		mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
		site.Acquaint(mina, joon, hana)
		first := write(mina, "alpha one", joon)
		second := write(mina, "alpha two", joon)
		group := write(hana, "alpha group", joon, mina)
		site.Index()
		equal(t, "all", []string{"alpha group", "alpha two", "alpha one"}, finds(t, joon, "alpha"))
		unreadOnes := func() []string {
			return texts(t, searched(joon, vars{"search": "alpha", "unread": true}).NoErrors().List("viewer.notes.nodes"), "body")
		}
		equal(t, "unread", []string{"alpha group", "alpha two", "alpha one"}, unreadOnes())
		joon.Do(markRead, vars{"in": vars{"conversationId": first.conversation, "upToNoteId": first.id}}).NoErrors()
		equal(t, "unread", []string{"alpha group", "alpha two"}, unreadOnes())
		setArchived(joon, group.conversation, true).NoErrors()
		equal(t, "not what is archived", []string{"alpha two", "alpha one"}, finds(t, joon, "alpha"))
		equal(t, "but there", []string{"alpha group"}, texts(t, searched(joon, vars{"search": "alpha", "box": "ARCHIVE"}).NoErrors().List("viewer.notes.nodes"), "body"))
		editNote(mina, first.id, "beta one").NoErrors()
		equal(t, "what was edited is not found by what it was, at once", []string{"alpha two"}, finds(t, joon, "alpha"))
		site.Index()
		equal(t, "but by what it is", []string{"beta one"}, finds(t, joon, "beta"))
		equal(t, "by its author, too", []string{"beta one"}, texts(t, searched(mina, vars{"search": "beta", "box": "SENT"}).NoErrors().List("viewer.notes.nodes"), "body"))
		deleteNote(joon, second.id).NoErrors()
		equal(t, "deleted", []string(nil), finds(t, joon, "alpha"))
		unsendNote(mina, first.id).NoErrors()
		equal(t, "unsent, at once", []string(nil), finds(t, joon, "beta"))
		site.Index()
		n, err := count(site, `SELECT count(*) FROM note_terms JOIN notes USING (conversation_id, seq) WHERE unsent_at IS NOT NULL`)
		equal(t, "nothing of it is left in the index", []any{0, nil}, []any{n, err})
		if _, err := site.DB.Exec(`DELETE FROM notes WHERE sender_id = $1`, userID(t, hana)); err != nil {
			t.Fatal(err)
		}
		n, err = count(site, `SELECT count(*) FROM note_terms t WHERE NOT EXISTS (SELECT FROM notes n WHERE n.conversation_id = t.conversation_id AND n.seq = t.seq)`)
		equal(t, "nor of notes that are gone", []any{0, nil}, []any{n, err})
	})
}

// TestSearchingFindsWhatAScanFinds holds searches in many notes of few syllables against a look at each, in
// pages, with two indexers at once.
func TestSearchingFindsWhatAScanFinds(t *testing.T) {
	inEachWay(t, func(t *testing.T, site *sitetest.Server) {
		mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
		site.Acquaint(mina, joon, hana)
		direct, group := write(mina, "시작", joon).conversation, write(hana, "시작", joon, mina).conversation
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
		var all []string
		for range 60 {
			body := "x" + text(1+random.IntN(12))
			all = append(all, body)
			if random.IntN(2) == 0 {
				answer(mina, direct, body)
			} else {
				answer(hana, group, body)
			}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			site.Another().Index()
		}()
		site.Index()
		<-done
		slices.Reverse(all)
		searches := []string{"가나", "xa"}
		for range 12 {
			searches = append(searches, strings.TrimSpace(strings.ReplaceAll(text(2+random.IntN(3)), " ", "가")))
		}
		for _, search := range searches {
			var want []string
			for _, body := range all {
				if strings.Contains(strings.ToLower(body), strings.ToLower(search)) {
					want = append(want, body)
				}
			}
			equal(t, search+", from the newest", want, inPages(t, joon, search, "first", "after"))
			equal(t, search+", from the oldest", want, inPages(t, joon, search, "last", "before"))
		}
	})
}

// inPages pages through what a search finds, in one direction.
func inPages(t *testing.T, c *client, search, size, from string) (list []string) {
	t.Helper()
	in := vars{"search": search, size: 3}
	for {
		r := searched(c, in).NoErrors()
		page := texts(t, r.List("viewer.notes.nodes"), "body")
		more, end := "hasNextPage", "endCursor"
		if size == "last" {
			more, end = "hasPreviousPage", "startCursor"
			list = append(page, list...)
		} else {
			list = append(list, page...)
		}
		if r.Get("viewer.notes.pageInfo."+more) != true {
			return list
		}
		in[from] = r.Get("viewer.notes.pageInfo." + end)
	}
}

func TestStatementsOfASearch(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	site.Resolver.Notes.Walk, site.Resolver.Quiet = 3, 10*time.Millisecond
	screen := `{ viewer { notes(first: 50, search: "검색") { nodes { body sender { username } conversation { kind unreadCount } } } } }`
	cost := func(rows int) (n int) {
		for i := range rows {
			write(mina, fmt.Sprint("검색 ", i), joon)
		}
		site.Index()
		n = 100
		for range 10 { // what came too late to be read with the rest costs statements by chance
			n = min(n, len(site.Statements(func() { joon.Do(screen, nil).NoErrors() })))
		}
		return n
	}
	few := cost(5)
	if many := cost(45); many > few || few > maxStatements {
		t.Errorf("%d statements for 5 notes, %d for 50", few, many)
	}
}
