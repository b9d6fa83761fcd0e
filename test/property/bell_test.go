package property_test

import (
	"context"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// quiet is a kind of notifications that a user has switched off.
type quiet struct {
	user int
	kind string
}

func seeBell(t *rapid.T, _ *world, p *person) bool {
	return p.do(t, "markNotificationsSeen", object{}, "cursor")["cursor"] != nil
}

func readBell(t *rapid.T, _ *world, p *person) bool {
	return p.do(t, "markAllNotificationsRead", object{}, "cursor")["cursor"] != nil
}

// someNotification is one of the newest, or of those put away.
func (p *person) someNotification(t *rapid.T) (id string) {
	v := p.ask(t, `{ viewer { new: notifications(first: 3) { nodes { id } } old: notifications(archived: true, first: 2) { nodes { id } } } }`, nil)["viewer"].(object)
	list := slices.Concat(nodes(v, "new"), nodes(v, "old"))
	if len(list) == 0 {
		return ""
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(t, "notification")]["id"].(string)
}

func readOneInBell(t *rapid.T, _ *world, p *person) bool {
	id := p.someNotification(t)
	return id != "" && p.do(t, "markNotificationRead", object{"id": id}, "cursor")["cursor"] != nil
}

func unreadInBell(t *rapid.T, _ *world, p *person) bool {
	id := p.someNotification(t)
	return id != "" && p.do(t, "markNotificationUnread", object{"id": id}, "cursor")["cursor"] != nil
}

func archiveInBell(t *rapid.T, _ *world, p *person) bool {
	id := p.someNotification(t)
	return id != "" && p.do(t, "archiveNotification", object{"id": id, "archived": rapid.IntRange(0, 2).Draw(t, "away") > 0}, "cursor")["cursor"] != nil
}

func prefer(t *rapid.T, w *world, p *person) bool {
	kind, on := rapid.SampledFrom([]string{"COMMENT", "REPLY", "LIKE", "NOTE", "MENTION"}).Draw(t, "kind"), rapid.Bool().Draw(t, "on")
	in := object{"preferences": []object{{"kind": kind, "channel": "IN_APP", "isEnabled": on}}}
	if p.do(t, "updateNotificationPreferences", in, "cursor") == nil {
		return false
	}
	w.model.quiet[quiet{p.n, kind}] = !on
	return true
}

// checkActors holds that a notification names as many as it counts, and nobody whom its user does not see; and that
// what is put away is read, and what is read is seen.
func (w *world) checkActors(t *rapid.T, p *person, n object) {
	if n["isArchived"] == true && n["isRead"] == false || n["isRead"] == true && n["isSeen"] == false {
		t.Fatalf("%d has a notification that is what it cannot be: %s", p.n, w.names.brief(text(n)))
	}
	actors := n["actors"].([]any)
	if len(actors) != int(n["actorCount"].(float64)) || n["count"].(float64) < n["actorCount"].(float64) {
		t.Fatalf("%d is told by how many? %s", p.n, w.names.brief(text(n)))
	}
	for _, a := range actors {
		by := slices.IndexFunc(w.people, func(q *person) bool { return q.id() == a.(object)["id"] })
		if by == p.n || w.model.apart(p.n, by) {
			t.Fatalf("%d is told of what %d did: %s", p.n, by, w.names.brief(text(n)))
		}
	}
}

// settle waits until the workers have nothing more to tell and to take back.
func (w *world) settle(t *rapid.T) {
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		untold, err := w.site.Resolver.Bell.Untold(context.Background())
		switch {
		case err != nil:
			t.Fatal(err)
		case untold.Pending == 0:
			return
		case time.Now().After(end):
			t.Fatalf("the workers have not done in a minute: %+v", untold)
		}
	}
}

// heard is how much each user has been told of: what all notifications count.
func (w *world) heard(t *rapid.T) []int {
	w.settle(t)
	list := make([]int, users)
	for i, p := range w.people {
		p.cache.follow(t, p)
		for _, n := range p.cache.notifications {
			list[i] += int(n["count"].(float64))
		}
	}
	return list
}

// tells runs an operation, and holds that it tells each of these users once, and nobody else.
func (w *world) tells(t *rapid.T, what string, told []int, operation func()) {
	want := w.heard(t)
	for _, user := range told {
		want[user]++
	}
	operation()
	if got := w.heard(t); !slices.Equal(want, got) {
		t.Fatalf("%s is to tell %v: the bells should count %v, and count %v", what, told, want, got)
	}
}
