package property_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/notewire/notewire/internal/sitetest"
)

var steps = flag.Int("steps", 50, "operations of one history")

const users = 5

// person is a user, at home at two servers.
type person struct {
	n     int
	at    []*sitetest.Client
	asked int
	start string // the cursor of the beginning
	cache *cache
	world *world
}

// world is a history of five users, beginning with nothing.
type world struct {
	people []*person
	nobody *person
	model  model
	texts  int // of rooms, groups and texts: each is new
	names  names
	done   map[string]int
	site   *sitetest.Server
}

// ask runs a query, now at the one and now at the other server.
func (p *person) ask(t *rapid.T, query string, vars object) object {
	p.asked++
	r := p.at[p.asked%len(p.at)].Do(query, sitetest.Vars(vars))
	if len(r.Errors) > 0 {
		t.Fatalf("%d asks %.60q with %v and gets %.300s", p.n, query, vars, r.Raw)
	}
	return r.Data
}

// do runs a mutation and returns its payload, or nil when it was refused with user errors.
func (p *person) do(t *rapid.T, name string, input object, selection string) object {
	kind := string(name[0]-'a'+'A') + name[1:] + "Input!"
	data := p.ask(t, fmt.Sprintf(`mutation($in: %s) { %s(input: $in) { %s userErrors { code message field } } }`, kind, name, selection), object{"in": input})
	payload := data[name].(object)
	if refused := payload["userErrors"].([]any); len(refused) > 0 {
		t.Logf("%d %s %s: refused %s", p.n, name, p.world.names.brief(text(input)), p.world.names.brief(text(refused)))
		return nil
	}
	t.Logf("%d %s %s: %s", p.n, name, p.world.names.brief(text(input)), p.world.names.brief(text(payload)))
	return payload
}

var worlds atomic.Int64 // their users have names of their own

// TestWhateverHappens is the property.
func TestWhateverHappens(t *testing.T) {
	t.Parallel()
	site := sitetest.NewSite(t)
	one := site.Start()
	site.ToldAtOnce = 2 // so that this server leaves to the workers whom there are more to be told
	two := site.Start()
	total := map[string]int{}
	said := &lastWord{T: t}
	defer said.say()
	rapid.Check(said, func(r *rapid.T) {
		w := &world{model: model{blocks: map[[2]int]bool{}, quiet: map[quiet]bool{}}, names: newNames(), done: map[string]int{}, site: one}
		w.nobody = &person{n: -1, at: []*sitetest.Client{one.Anonymous(t), two.Anonymous(t)}, world: w}
		number := worlds.Add(1)
		for i := range users {
			c := one.User(t, fmt.Sprintf("w%d_u%d", number, i))
			start := c.Cursor()
			w.people = append(w.people, &person{n: i, at: []*sitetest.Client{c, c.At(two)}, start: start, cache: newCache(start), world: w})
			w.names.brief(c.ID) // the n-th user is user_n
		}
		defer w.end()
		// A third of the operations are notes and comments: without them there is little to do for the others.
		list := slices.Concat(slices.Sorted(maps.Keys(operations)), slices.Repeat([]string{"send to one", "answer", "send to several", "answer", "comment"}, 5),
			slices.Repeat([]string{"post", "reply", "like", "edit a comment", "delete a comment"}, 2))
		// The generator prefers the first of a list, so each history has another order.
		rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "order"), 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for _, p := range w.people[:2] { // so that there is a board to do something on
			writePost(r, w, p)
		}
		for step := range *steps {
			p := w.people[rapid.IntRange(0, users-1).Draw(r, "user")]
			name := rapid.SampledFrom(list).Draw(r, "operation")
			if operations[name](r, w, p) {
				w.done[name]++
				total[name]++
			}
			if step < *steps-1 && rapid.IntRange(0, 3).Draw(r, "go on") == 3 {
				continue // without a look, and while the workers are at it
			}
			for _, q := range w.people {
				// All are looked at at the end and after every fifth operation, and after the others who has done
				// something and one more: most of the time goes into looking.
				if all := (step+1)%5 == 0 || step == *steps-1; all || q == p || q.n == step%users {
					w.check(r, q)
				}
			}
		}
		for _, p := range w.people {
			w.replay(r, p)
		}
		w.replayBoard(r, t)
	})
	var never []string
	sum := 0
	for name := range operations {
		if sum += total[name]; total[name] == 0 {
			never = append(never, name)
		}
	}
	// Of few operations the rarest may be missing by chance, of many they may not.
	if !t.Failed() && (sum >= 10_000 && len(never) > 0 || sum >= 1_000 && len(never) > 3) {
		t.Errorf("%v were never done: nothing is known of them", never)
	}
	t.Log(total)
}

func same(t *rapid.T, p *person, what string, want, got any) {
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s of %d (-want +got):\n%s", what, p.n, p.world.names.brief(d))
	}
}

// check holds what a user is shown against the counts, the model and the user's cache.
func (w *world) check(t *rapid.T, p *person) {
	w.settle(t)
	fresh := p.ask(t, fetchAll, nil)["viewer"].(object)
	boxes := p.ask(t, fetchNotes, nil)["viewer"].(object)

	conversations := map[string]object{}
	notes, withNotes := 0, 0
	for _, list := range []string{"inbox", "archived", "requests"} {
		for _, c := range nodes(fresh, list) {
			conversations[c["id"].(string)] = c
			if n := int(c["unreadCount"].(float64)); n > 0 && c["kind"] != "ROOM" {
				notes += n
				withNotes++
			}
			if conv := w.model.conversation(c["id"].(string)); conv == nil || conv.members[p.n] == nil || !w.model.sees(p.n, conv) {
				t.Fatalf("%d is shown the conversation %v", p.n, c)
			}
		}
	}
	unread, unseen := 0, 0
	notifications := map[string]string{}
	for _, n := range slices.Concat(nodes(fresh, "notifications"), nodes(fresh, "away")) {
		notifications[n["id"].(string)] = text(n)
		w.checkActors(t, p, n)
		if n["isRead"] == false {
			unread++
		}
		if n["isSeen"] == false {
			unseen++
		}
	}
	for _, n := range nodes(fresh, "subjects") {
		// A conversation may be one that the user has left.
		if kind := n["kind"]; n["subject"] == nil && (kind == "COMMENT" || kind == "REPLY" || kind == "LIKE") {
			t.Fatalf("%d is told of what is gone: %s", p.n, w.names.brief(text(n)))
		}
	}
	counted := object{"notes": float64(notes), "conversations": float64(withNotes), "notifications": float64(unread), "unseenNotifications": float64(unseen)}
	same(t, p, "the counters", counted, fresh["unread"].(object))
	same(t, p, "the number of unread notes in the inbox", notes, len(nodes(boxes, "unread")))

	shown := map[string]string{}
	for _, box := range []string{"inbox", "sent", "archive"} {
		for _, n := range nodes(boxes, box) {
			shown[n["id"].(string)] = n["body"].(string)
		}
	}
	same(t, p, "the boxes", w.model.boxes(p.n), shown)

	p.cache.follow(t, p)
	if p.cache.unread != nil {
		same(t, p, "the counters of the newest event", fresh["unread"].(object), p.cache.unread)
	}
	same(t, p, "the conversations, as the events tell them", essence(conversations), essence(p.cache.conversations))
	told := map[string]string{}
	for id, n := range p.cache.notifications {
		told[id] = text(n)
	}
	same(t, p, "the notifications, as the events tell them", notifications, told)
	w.checkBoard(t, p)
}

// replay reads the whole log again, and every conversation.
func (w *world) replay(t *rapid.T, p *person) {
	again := newCache(p.start)
	again.follow(t, p)
	same(t, p, "the conversations, after a replay", essence(p.cache.conversations), essence(again.conversations))
	var asked []string
	for _, c := range w.model.conversations {
		asked = append(asked, c.id)
	}
	for i, data := range p.nodes(t, asked, 10, `... on Conversation { notes(first: 100) { nodes { id } } }`) {
		c := w.model.conversations[i]
		if !w.model.sees(p.n, c) {
			same(t, p, "a conversation that is not theirs", nil, data)
			continue
		}
		got := []string{}
		for _, n := range nodes(data.(object), "notes") {
			got = append(got, n["id"].(string))
		}
		same(t, p, "the notes of a conversation", w.model.visible(p.n, c), got)
	}
	asked = nil
	for _, n := range w.model.notes {
		asked = append(asked, n.id)
	}
	for i, data := range p.nodes(t, asked, 100, `id`) {
		if n := w.model.notes[i]; (data != nil) != w.model.reads(p.n, n) {
			t.Fatalf("%d asks for the note %s (%+v) of %+v and gets %v", p.n, w.names.brief(n.id), n, n.in, data)
		}
	}
}

// nodes are the objects of identifiers, nil where there is none that the user may see.
func (p *person) nodes(t *rapid.T, list []string, atOnce int, fields string) (found []any) {
	for some := range slices.Chunk(list, atOnce) {
		found = append(found, p.ask(t, `query($ids: [ID!]!) { nodes(ids: $ids) { `+fields+` } }`, object{"ids": some})["nodes"].([]any)...)
	}
	return found
}

func nodes(o object, list string) (found []object) {
	for _, n := range o[list].(object)["nodes"].([]any) {
		found = append(found, n.(object))
	}
	return found
}
