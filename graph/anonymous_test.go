package graph_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

func TestABadTokenIsRefused(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	flipped := mina.Token[:20] + string(mina.Token[20]^1) + mina.Token[21:]
	for name, token := range map[string]string{"junk": "junk", "flipped": flipped, "cut": mina.Token[:len(mina.Token)-1], "long": strings.Repeat("x", 5000)} {
		c := mina.WithToken(token)
		r := c.Do(`{ posts { nodes { id } } }`, nil)
		equal(t, name, []any{http.StatusUnauthorized, "UNAUTHENTICATED"}, []any{r.Status, r.Code()})
		equal(t, name+" on a websocket", 4403, c.Dial().CloseCode())
	}
	if _, err := site.DB.ExecContext(t.Context(), `UPDATE tokens SET expires_at = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	other := mina.At(site.Another()) // has not seen the token yet
	equal(t, "expired", http.StatusUnauthorized, other.Do(`{ viewer { id } }`, nil).Status)
	equal(t, "expired, on a websocket", 4403, other.Dial().CloseCode())
}

func TestNobodySeesWhatIsPublicOnly(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, nobody := site.User(t, "mina"), site.User(t, "joon"), site.Anonymous(t)
	site.Acquaint(mina, joon)
	note := write(mina, "private", joon)
	post := createPost(mina, "public")
	reply := comment(joon, post, "", "also public")
	bell := mina.Do(`{ viewer { notifications { nodes { id } } } }`, nil).NoErrors().Text("viewer.notifications.nodes.0.id")
	part := mina.Do(`{ viewer { conversations { nodes { participants { nodes { id } } } } } }`, nil).NoErrors().Text("viewer.conversations.nodes.0.participants.nodes.0.id")
	r := nobody.Do(`query($ids: [ID!]!, $post: ID!) {
		viewer { id }
		user(username: "mina") { username posts { nodes { title } } }
		post(id: $post) { title viewerHasLiked comments { nodes { id viewerHasLiked author { username } } } }
		posts { nodes { id } } users { nodes { username } }
		nodes(ids: $ids) { __typename }
	}`, vars{"ids": []string{post, reply, mina.ID, note.id, note.conversation, bell, part}, "post": post}).NoErrors()
	equal(t, "viewer", nil, r.Get("viewer"))
	equal(t, "post", map[string]any{"title": "public", "viewerHasLiked": false, "comments": map[string]any{"nodes": []any{
		map[string]any{"id": reply, "viewerHasLiked": false, "author": map[string]any{"username": "joon"}}}}}, r.Get("post"))
	seen := []any{}
	for _, n := range r.List("nodes") {
		seen = append(seen, sitetest.Get(t, n, "__typename"))
	}
	equal(t, "nodes", []any{"Post", "Comment", "User", nil, nil, nil, nil}, seen)
	for _, m := range []string{
		`logout { userErrors { code } }`,
		`sendNote(input: {toUserIds: ["` + mina.ID + `"], body: "x"}) { note { id } }`,
		`markConversationRead(input: {conversationId: "` + note.conversation + `"}) { conversation { id } }`,
		`createPost(input: {title: "x", body: "x"}) { post { id } }`,
		`addComment(input: {postId: "` + post + `", body: "x"}) { comment { id } }`,
		`like(input: {subjectId: "` + post + `"}) { subject { id } }`,
		`unlike(input: {subjectId: "` + post + `"}) { subject { id } }`,
		`markNotificationsSeen(input: {}) { cursor }`,
		`markNotificationRead(input: {id: "` + bell + `"}) { cursor }`,
		`markAllNotificationsRead(input: {}) { cursor }`,
	} {
		equal(t, m, "UNAUTHENTICATED", nobody.Do("mutation { "+m+" }", nil).Code())
	}
	for _, s := range []string{`noteReceived { cursor }`, `notificationReceived { cursor }`, `events { cursor }`} {
		equal(t, s, "UNAUTHENTICATED", nobody.Subscribe("subscription { "+s+" }", nil).Refused())
	}
}
