package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/sitetest"
)

// maxStatements is what a screen may cost, however many rows it shows.
const maxStatements = 6

func TestStatementsOfTheUsualScreens(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	// What the fields of one level ask for is read together, however slow this machine is.
	site.Resolver.Quiet = 10 * time.Millisecond
	mina := site.User(t, "mina")
	var others []*client
	for i := range 10 {
		others = append(others, site.User(t, fmt.Sprintf("user_%d", i)))
	}
	site.Acquaint(append(others[:10:10], mina)...)
	stranger := site.User(t, "stranger")
	post := createPost(mina, "post")
	others[0].Do(`mutation($to: [ID!]) { sendNote(input: {toUserIds: $to, body: "to all"}) { note { id } userErrors { code } } }`, vars{"to": append(idsOf(others[1:]), mina.ID)}).NoErrors()
	group := mina.Do(`{ viewer { conversations { nodes { id } } } }`, nil).NoErrors().Text("viewer.conversations.nodes.0.id")
	room := mina.Do(`mutation { createRoom(input: {name: "lobby"}) { conversation { id } userErrors { code } } }`, nil).NoErrors().Text("createRoom.conversation.id")
	for _, other := range others {
		other.Do(`mutation { joinRoom(input: {name: "lobby"}) { userErrors { code } } }`, nil).NoErrors()
	}
	screens := map[string]string{
		"room": `{ room(name: "lobby") { id name title participantCount unreadCount viewerParticipant { role lastReadNote { id } }
			notes(first: 50) { nodes { id body isMine sender { username avatarUrl } replyTo { body sender { username } } } } } }`,
		"rooms": `{ rooms(first: 50) { nodes { id name participantCount unreadCount lastNote { body sender { username } } } } }`,
		"inbox": `{ viewer { cursor unread ` + countFields + ` conversations(first: 50) { nodes { id kind unreadCount lastNote { id body isMine sender { username } }
			participants(first: 3) { nodes { user { username avatarUrl } } } } pageInfo { hasNextPage } } } }`,
		"requests": `{ viewer { conversations(requests: true, first: 50) { nodes { id kind lastNote { body sender { username } } participants(first: 3) { nodes { user { username } } } } } } }`,
		"archive":  `{ viewer { notes(box: ARCHIVE, first: 50) { nodes { body sender { username } conversation { kind } } } } }`,
		"conversation": `{ viewer { conversation(id: "` + group + `") { id title unreadCount
			notes(first: 50) { nodes { id body isMine createdAt editedAt unsentAt sender { username avatarUrl } replyTo { body sender { username } }
			readBy(first: 5) { nodes { user { username } } } } } } } }`,
		"participants": `{ viewer { conversation(id: "` + group + `") { participants(first: 50) { nodes { user { username } lastReadNote { id } } } } } }`,
		"bell": `{ viewer { notifications(first: 50) { nodes { id kind count actors { username } subject {
			__typename ... on Post { title } ... on Comment { body } ... on Conversation { kind } } } } } }`,
		"post": `{ post(id: "` + post + `") { title body author { username } likeCount viewerHasLiked
			comments(first: 50) { nodes { body author { username } likeCount viewerHasLiked parent { author { username } } } } } }`,
		"posts":  `{ posts(first: 50) { nodes { title author { username } commentCount likeCount viewerHasLiked viewerIsWatching } } }`,
		"mail":   `{ viewer { notes(first: 50) { nodes { body sender { username } conversation { kind unreadCount } } } } }`,
		"search": `{ users(first: 50) { nodes { username displayName avatarUrl } } }`,
	}
	had := 0
	grow := func(rows int) {
		first := had == 0
		for ; had < rows; had++ {
			other := others[had%len(others)]
			write(other, fmt.Sprint(had), mina)
			answered := answer(other, group, fmt.Sprint(had))
			said := answer(other, room, fmt.Sprint(had))
			sendInput(other, vars{"conversationId": room, "body": "re", "replyToId": said.id}).NoErrors()
			other.Do(`mutation($n: String!) { createRoom(input: {name: $n}) { userErrors { code } } }`, vars{"n": fmt.Sprint("room-", had)}).NoErrors()
			sendInput(other, vars{"conversationId": group, "body": "re", "replyToId": answered.id}).NoErrors()
			hers := createPost(mina, fmt.Sprint(had))
			like(other, hers).NoErrors()
			parent := comment(mina, post, "", "mine")
			comment(other, post, parent, fmt.Sprint(had))
			like(mina, parent).NoErrors()
			createPost(other, "theirs")
			write(stranger, "a request", mina, other)
			setArchived(mina, write(other, "put away", mina, others[(had+1)%len(others)]).conversation, true).NoErrors()
			if first {
				mina.Do(markRead, vars{"in": vars{"conversationId": group}}).NoErrors()
			}
		}
	}
	// count runs a screen until it costs no more than limit: what came too late to be read with the rest costs
	// statements by chance, which an attempt or two are without.
	count := func(name string, limit int) (list []string) {
		for range 10 {
			if list = site.Statements(func() { mina.Do(screens[name], nil).NoErrors() }); len(list) <= limit {
				break
			}
		}
		return list
	}
	check := func(rows int, limits map[string]int) map[string]int {
		grow(rows)
		costs := map[string]int{}
		for name := range screens {
			limit := maxStatements
			if l, ok := limits[name]; ok {
				limit = l
			}
			list := count(name, limit)
			if costs[name] = len(list); len(list) == 0 || len(list) > limit {
				t.Errorf("%s with %d rows: %d statements, %d are allowed:\n%s", name, rows, len(list), limit, strings.Join(list, "\n\n"))
			}
		}
		return costs
	}
	check(50, check(5, nil))
	for name, screen := range screens { // twice at once is within what one operation may cost
		inner := strings.TrimSuffix(strings.TrimPrefix(screen, "{"), "}")
		if r := mina.Do("{ one: "+inner+" two: "+inner+" }", nil); len(r.Errors) > 0 {
			t.Errorf("%s costs more than half of what it may: %s", name, r.Raw)
		}
	}
}

func idsOf(list []*client) (ids []string) {
	for _, c := range list {
		ids = append(ids, c.ID)
	}
	return ids
}
