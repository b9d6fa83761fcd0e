package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/sitetest"
)

// Ten users at two servers block each other, write, read, like and comment all at once. Afterwards what is
// counted is what there is, and no log shows what its user may not see. The first two are kept apart from an
// early moment on: from then on neither hears of the other, live.
func TestBlocksUnderLoad(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	const people, workers = 10, 8
	one := sitetest.New(t)
	servers := []*sitetest.Server{one, one.Another()}
	users := make([]*client, people)
	for i := range users {
		users[i] = servers[i%2].User(t, fmt.Sprint("user_", i))
	}
	one.Acquaint(users...)
	groups := []string{write(users[0], "group", users[1:]...).conversation, write(users[9], "group", users[:5]...).conversation}
	posts := []string{createPost(users[0], "post"), createPost(users[1], "post"), createPost(users[5], "post")}
	starts := make([]string, people)
	for i, u := range users {
		starts[i] = u.Cursor()
	}
	var apart atomic.Int64 // when the first two were known to be, in nanoseconds; 0: not yet
	var ended atomic.Bool
	var work, listening sync.WaitGroup
	try := func(c *client, query string, in vars) *sitetest.Result {
		r, err := c.Try(query, in)
		switch {
		case err != nil:
			t.Error(err)
			return nil
		case r.Code() == "NOT_FOUND" && strings.Contains(r.Raw, "gone while it was read"):
			return nil // a block has come between a note and the answer to it, which has its conversation
		case len(r.Errors) > 0:
			t.Errorf("%s: %s", query, r.Raw)
			return nil
		}
		return r
	}
	act := func(rng *rand.Rand) {
		a, b := rng.IntN(people), rng.IntN(people)
		if a == b {
			return
		}
		me, other := users[a].At(servers[rng.IntN(2)]), users[b]
		firstTwo := a+b == 1
		switch rng.IntN(10) {
		case 0, 1:
			if !firstTwo {
				try(me, blockUser, vars{"id": other.ID})
			}
		case 2, 3:
			if !firstTwo {
				try(me, unblockUser, vars{"id": other.ID})
			}
		case 4, 5:
			began := time.Now().UnixNano()
			r := try(me, sendNote, vars{"in": vars{"toUserIds": []string{other.ID}, "body": "direct"}})
			if from := apart.Load(); r != nil && firstTwo && from != 0 && began > from && r.Get("sendNote.note") != nil {
				t.Errorf("a note arrived at who had blocked its sender: %s", r.Raw)
			}
		case 6:
			try(me, sendNote, vars{"in": vars{"conversationId": groups[rng.IntN(2)], "body": "group"}})
		case 7:
			try(me, markRead, vars{"in": vars{"conversationId": groups[rng.IntN(2)]}})
		case 8:
			post := posts[rng.IntN(3)]
			text := []string{`like`, `unlike`}[rng.IntN(2)]
			try(me, `mutation($id: ID!) { `+text+`(input: {subjectId: $id}) `+subjectFields+` }`, vars{"id": post})
			try(me, addComment, vars{"in": vars{"postId": post, "body": "comment"}})
		case 9:
			try(me, `mutation { markAllNotificationsRead(input: {}) { cursor userErrors { code } } }`, nil)
		}
	}
	const shown = `subscription($after: Cursor) { events(after: $after) { __typename
		... on NoteReceived { note { sender { id } } } ... on NotificationReceived { notification { actors(first: 20) { id } } } ... on NotificationChanged { notification { actors(first: 20) { id } } } } }`
	for i := range 2 {
		me, other := users[i].At(servers[1-i]), users[1-i]
		s := me.Subscribe(shown, vars{"after": starts[i]})
		listening.Go(func() {
			for !ended.Load() {
				data, ok := s.TryNext()
				if !ok {
					return
				}
				came := time.Now().UnixNano()
				e := data["events"].(map[string]any)
				from := apart.Load()
				// A frame may be under way for a while: the bound is a second, with a factor of three.
				if from != 0 && came > from+int64(3*time.Second) && slices.Contains(authors(e), other.ID) {
					t.Errorf("%s heard of %s, %s after the block: %v", me.Username, other.Username, time.Duration(came-from), e)
				}
			}
		})
	}
	until := time.Now().Add(6 * time.Second)
	for w := range workers {
		rng := rand.New(rand.NewPCG(seed, uint64(w)))
		work.Go(func() {
			for time.Now().Before(until) {
				act(rng)
			}
		})
	}
	work.Go(func() {
		time.Sleep(time.Second) // in the midst of it
		try(users[0], blockUser, vars{"id": users[1].ID})
		apart.Store(time.Now().UnixNano())
	})
	work.Wait()
	ended.Store(true)
	for _, u := range users[:2] { // something that each of them hears
		try(u, `mutation($in: CreatePostInput!) { createPost(input: $in) { userErrors { code } } }`, vars{"in": vars{"title": "x", "body": "x"}})
		for _, o := range users[2:] {
			try(o, unblockUser, vars{"id": u.ID})
			try(u, unblockUser, vars{"id": o.ID})
		}
		try(users[9], sendNote, vars{"in": vars{"toUserIds": []string{u.ID}, "body": "the end"}})
	}
	listening.Wait()
	checkCounters(t, one)
	var blocks int
	for i, u := range users {
		hidden := map[string]bool{}
		for j, o := range users {
			var apart bool
			if err := one.DB.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT FROM blocks WHERE user_id = $1 AND other_id = $2)`, userID(t, u), userID(t, users[j])).Scan(&apart); err != nil {
				t.Fatal(err)
			}
			if hidden[o.ID] = apart; apart {
				blocks++
			}
		}
		seen := 0
		for after, more := starts[i], true; more; {
			r := u.Do(`query($after: Cursor) { events(after: $after, first: 20) { cursor hasMore events { __typename
				... on NoteReceived { note { sender { id } } } ... on NotificationReceived { notification { actors(first: 20) { id } } } ... on NotificationChanged { notification { actors(first: 20) { id } } } } } }`, vars{"after": after}).NoErrors()
			after, more = r.Text("events.cursor"), r.Get("events.hasMore").(bool)
			for _, e := range r.List("events.events") {
				seen++
				for _, id := range authors(e.(map[string]any)) {
					if hidden[id] {
						t.Errorf("the log of %s shows %v", u.Username, e)
					}
				}
			}
		}
		if seen == 0 {
			t.Errorf("%s has heard nothing", u.Username)
		}
	}
	var deadlocks int
	if err := one.DB.QueryRowContext(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks); err != nil || deadlocks > 0 {
		t.Errorf("%d deadlocks, %v", deadlocks, err)
	}
	t.Logf("%d blocks stand at the end", blocks)
}

// authors are the users whom an event shows as having done something.
func authors(e map[string]any) (list []string) {
	if n, ok := e["note"].(map[string]any); ok {
		list = append(list, n["sender"].(map[string]any)["id"].(string))
	}
	if n, ok := e["notification"].(map[string]any); ok {
		for _, a := range n["actors"].([]any) {
			list = append(list, a.(map[string]any)["id"].(string))
		}
	}
	return list
}
