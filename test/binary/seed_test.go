package binary_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

var small = []string{"seed", "--users", "20", "--conversations", "120", "--posts", "25", "--until", "2026-01-31T12:00:00Z"}

const screens = `{
	viewer {
		unread { notes notifications }
		conversations(first: 50) { nodes { unreadCount updatedAt lastNote { body createdAt } } }
		requests: conversations(first: 50, requests: true) { nodes { id } }
		archived: conversations(first: 50, archived: true) { nodes { id } }
		notifications(first: 50) { nodes { id kind count isRead subject { __typename } } }
	}
	posts(first: 25) { nodes { title body createdAt commentCount likeCount comments(first: 20) { nodes { id body createdAt replyCount } } } }
	rooms(first: 5) { nodes { name title participantCount lastNote { body } } }
	users(first: 50) { nodes { id username displayName createdAt } }
}`

// TestSeed invents a site, looks at it from all sides, and refuses to do so twice.
//
// Red when a post is written by another clock, when identifiers come from the chance of the system, and without
// the look for users.
func TestSeed(t *testing.T) {
	t.Parallel()
	folder := binary.Folder(t)
	said, code := binary.Run(t, folder, small...)
	if code != 0 || !strings.Contains(said, "inventing: ") || !strings.Contains(said, `Log in as mina, joon, alex: the password of everybody is "`+binary.Password+`"`) {
		t.Fatalf("seed ended with %d:\n%s", code, said)
	}
	if said, code := binary.Run(t, folder, "check"); code != 0 || !strings.Contains(said, "those of 20 mailboxes are right") {
		t.Errorf("check ended with %d:\n%s", code, said)
	}
	server := binary.Start(t, binary.Options{Folder: folder})
	mina, alex := binary.LoginAs(t, server.URL, "mina"), binary.LoginAs(t, server.URL, "alex")
	look(t, mina, `[가-힣]`)
	look(t, alex, `[a-z]{3}`)
	inbox := binary.Text(t, mina.Do(`{ viewer { notes(first: 1) { nodes { body } } } }`, nil), "viewer.notes.nodes.0.body")
	found := mina.Do(`query($q: String!) { viewer { notes(first: 1, search: $q) { nodes { body } } } }`, binary.Vars{"q": regexp.MustCompile(`\pL{2,}`).FindString(inbox)})
	if len(binary.Get(t, found, "viewer.notes.nodes").([]any)) == 0 {
		t.Errorf("a search does not find %q", inbox)
	}

	// A server runs there now: the counters are right at that one, too, and nothing is invented twice.
	if said, code := binary.Run(t, folder, small...); code != 1 || !strings.Contains(said, "has users already, and nothing was changed") || !strings.Contains(said, "--force") {
		t.Errorf("the second time it ended with %d:\n%s", code, said)
	}
	before := mina.Do(screens, nil)
	if said, code := binary.Run(t, folder, append(small, "--force")...); code != 0 || !strings.Contains(said, "Log in as mina2, joon2, alex2") {
		t.Errorf("by force it ended with %d:\n%s", code, said)
	}
	if after := mina.Do(screens, nil); !equal(binary.Get(t, before, "viewer"), binary.Get(t, after, "viewer")) {
		t.Error("what was there did not stay as it was")
	}
	if said, code := binary.Run(t, folder, "check"); code != 0 || !strings.Contains(said, "those of 40 mailboxes are right") {
		t.Errorf("check beside a server ended with %d:\n%s", code, said)
	}

	// The same number gives the same site, to the identifiers.
	other := binary.Folder(t)
	if said, code := binary.Run(t, other, small...); code != 0 {
		t.Fatalf("seed ended with %d:\n%s", code, said)
	}
	twin := binary.Start(t, binary.Options{Folder: other})
	if again := binary.LoginAs(t, twin.URL, "mina").Do(screens, nil); !equal(binary.Get(t, before, "viewer"), binary.Get(t, again, "viewer")) || !equal(binary.Get(t, before, "posts"), binary.Get(t, again, "posts")) {
		t.Error("the same seed gives another site")
	}
}

// look sees that somebody's screens have something in the own language, in the order of its times.
func look(t *testing.T, user *binary.Client, language string) {
	t.Helper()
	data := user.Do(screens, nil)
	for path, least := range map[string]int{"viewer.conversations": 5, "viewer.notifications": 3, "posts": 25, "rooms": 2, "users": 20} {
		if n := len(binary.Get(t, data, path+".nodes").([]any)); n < least {
			t.Errorf("%s has %d of %s", user.Username, n, path)
		}
	}
	words := regexp.MustCompile(language)
	spoken := 0
	last := ""
	for _, c := range binary.Get(t, data, "viewer.conversations.nodes").([]any) {
		if body, _ := binary.Get(t, c, "lastNote.body").(string); words.MatchString(body) {
			spoken++
		}
	}
	if spoken < 3 {
		t.Errorf("%s reads the own language in %d conversations", user.Username, spoken)
	}
	comments, replies := 0, 0
	for _, p := range binary.Get(t, data, "posts.nodes").([]any) {
		at := binary.Text(t, p, "createdAt")
		if last != "" && at > last {
			t.Errorf("a post of %s comes after one of %s", at, last)
		}
		last = at
		if when, err := time.Parse(time.RFC3339, at); err != nil || when.Year() != 2025 && when.Year() != 2026 || when.After(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)) {
			t.Errorf("a post is of %s", at)
		}
		earlier := at
		for _, c := range binary.Get(t, p, "comments.nodes").([]any) {
			comments++
			if at := binary.Text(t, c, "createdAt"); at < earlier {
				t.Errorf("a comment of %s comes after what is of %s", at, earlier)
			} else {
				earlier = at
			}
			if binary.Get(t, c, "replyCount") != 0.0 {
				replies++
			}
		}
	}
	if comments < 50 || replies < 10 {
		t.Errorf("there are %d comments, of which %d have replies", comments, replies)
	}
}
