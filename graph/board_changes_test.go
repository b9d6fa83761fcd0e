package graph_test

import (
	"fmt"
	"testing"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/sitetest"
)

const commentFields = `id body editedAt deletedAt replyCount likeCount viewerHasLiked author { username } parent { id } post { id commentCount }`

func editPost(c *client, in vars) *sitetest.Result {
	return c.Do(`mutation($in: EditPostInput!) { editPost(input: $in) { post { id title body createdAt editedAt } cursor userErrors { code message field } } }`, vars{"in": in})
}

func deletePost(c *client, id string) *sitetest.Result {
	return c.Do(`mutation($id: ID!) { deletePost(input: {postId: $id}) { deletedPostId cursor userErrors { code message field } } }`, vars{"id": id})
}

func editComment(c *client, id, body string) *sitetest.Result {
	return c.Do(`mutation($in: EditCommentInput!) { editComment(input: $in) { comment { `+commentFields+` } cursor userErrors { code message field } } }`,
		vars{"in": vars{"commentId": id, "body": body}})
}

func deleteComment(c *client, id string) *sitetest.Result {
	return c.Do(`mutation($id: ID!) { deleteComment(input: {commentId: $id}) { deletedCommentId comment { `+commentFields+` } post { id commentCount } cursor
		userErrors { code message field } } }`, vars{"id": id})
}

// follow listens to the comments of a post.
func follow(c *client, post string) *sitetest.Subscription {
	return c.Subscribe(`subscription($post: ID!) { commentAdded(postId: $post) { cursor comment { `+commentFields+` } } }`, vars{"post": post}).Ready()
}

// nextComment waits for the next comment that a follower is given: "body by username", or "deleted with 2 replies".
func nextComment(t testing.TB, s *sitetest.Subscription) (id, said string) {
	t.Helper()
	c := sitetest.Get(t, s.Next(), "commentAdded.comment")
	id = sitetest.Get(t, c, "id").(string)
	if sitetest.Get(t, c, "deletedAt") != nil {
		equal(t, "what is left of a deleted comment", []any{"", nil, 0.0, false},
			[]any{sitetest.Get(t, c, "body"), sitetest.Get(t, c, "author"), sitetest.Get(t, c, "likeCount"), sitetest.Get(t, c, "viewerHasLiked")})
		return id, fmt.Sprintf("deleted with %v replies", sitetest.Get(t, c, "replyCount"))
	}
	return id, fmt.Sprint(sitetest.Get(t, c, "body"), " by ", sitetest.Get(t, c, "author.username"))
}

// givesComments waits for the next comments that followers are given, in turn id and text.
func givesComments(t testing.TB, followers []*sitetest.Subscription, want ...string) {
	t.Helper()
	for _, s := range followers {
		var got []string
		for range len(want) / 2 {
			id, said := nextComment(t, s)
			got = append(got, id, said)
		}
		equal(t, "given", want, got)
	}
}

// badTexts are literals that no text may be, with the code of the answer.
var badTexts = map[string]string{`"a\u0000b"`: "BAD_USER_INPUT", `"\uD800"`: "BAD_USER_INPUT", `1.5`: "GRAPHQL_VALIDATION_FAILED", `["a", "b"]`: "GRAPHQL_VALIDATION_FAILED"}

func TestEditingAPost(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, nobody := one.User(t, "mina"), one.User(t, "joon"), one.Anonymous(t)
	post := createPost(mina, "제목")
	read := func(c *client) any {
		return c.Do(`query($id: ID!) { post(id: $id) { title body editedAt } }`, vars{"id": post}).NoErrors().Get("post")
	}
	equal(t, "never edited", map[string]any{"title": "제목", "body": "text", "editedAt": nil}, read(nobody))

	edited := editPost(mina, vars{"postId": post, "title": "다른 제목", "body": " another\n"}).NoErrors()
	at := edited.Get("editPost.post.editedAt")
	if at == nil {
		t.Error("no editedAt")
	}
	now := map[string]any{"title": "다른 제목", "body": " another\n", "editedAt": at}
	equal(t, "read by nobody, elsewhere", now, read(nobody.At(two)))
	same := editPost(mina.At(two), vars{"postId": post, "title": "다른 제목", "body": " another\n"}).NoErrors()
	equal(t, "the same changes nothing", []any{at, nil}, []any{same.Get("editPost.post.editedAt"), same.Get("editPost.cursor")})
	equal(t, "and nothing either", at, editPost(mina, vars{"postId": post}).NoErrors().Get("editPost.post.editedAt"))

	for _, c := range []struct {
		name string
		by   *client
		in   vars
		want []string
	}{
		{"empty", mina, vars{"postId": post, "title": "", "body": " \n"}, []string{"REQUIRED title", "REQUIRED body"}},
		{"too long", mina, vars{"postId": post, "title": long(201), "body": long(20_001)}, []string{"TOO_LONG title", "TOO_LONG body"}},
		{"control characters", mina, vars{"postId": post, "title": "a\u0001", "body": "a\u007f"}, []string{"INVALID title", "INVALID body"}},
		{"another's", joon, vars{"postId": post, "title": "mine", "body": "mine"}, []string{"NOT_ALLOWED postId"}},
		{"another's, and empty", joon, vars{"postId": post, "title": ""}, []string{"REQUIRED title", "NOT_ALLOWED postId"}},
		{"none", mina, vars{"postId": "post_01h455vb4pex5vsknk084sn02q", "title": "x"}, []string{"NOT_FOUND postId"}},
		{"none, and empty", mina, vars{"postId": "junk", "title": ""}, []string{"REQUIRED title", "NOT_FOUND postId"}},
		{"another kind", mina, vars{"postId": mina.ID, "title": "x"}, []string{"NOT_FOUND postId"}},
	} {
		r := editPost(c.by, c.in)
		equal(t, c.name, c.want, r.UserErrors("editPost"))
		equal(t, c.name+": nothing is given", nil, r.Get("editPost.post"))
	}
	for literal, code := range badTexts {
		for _, field := range []string{"title", "body"} {
			equal(t, literal+" for a "+field, code, mina.Do(`mutation { editPost(input: {postId: "`+post+`", `+field+`: `+literal+`}) { post { id } } }`, nil).Code())
		}
	}
	equal(t, "nobody", "UNAUTHENTICATED", editPost(nobody, vars{"postId": post, "title": "x"}).Code())
	equal(t, "nothing was written", now, read(joon))
	editPost(mina, vars{"postId": post, "title": long(200)}).NoErrors()
	editPost(mina, vars{"postId": post, "body": long(20_000)}).NoErrors()
	equal(t, "the longest", []any{long(200), long(20_000)}, []any{sitetest.Get(t, read(joon), "title"), sitetest.Get(t, read(joon), "body")})
	deletePost(mina, post).NoErrors()
	equal(t, "deleted", []string{"NOT_FOUND postId"}, editPost(mina, vars{"postId": post, "title": "x"}).UserErrors("editPost"))
}

func TestEditingAComment(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana, nobody := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana"), one.Anonymous(t)
	one.Acquaint(mina, joon, hana)
	post, other := createPost(mina, "post"), createPost(mina, "other")
	first := comment(joon, post, "", "first")
	hana.Do(`mutation($id: ID!) { blockUser(input: {userId: $id}) { userErrors { code } } }`, vars{"id": joon.ID}).NoErrors()
	blocked := follow(hana, post)
	followers := []*sitetest.Subscription{follow(nobody, post), follow(mina.At(two), post), follow(joon, post)}
	elsewhere := follow(nobody, other)

	edited := editComment(joon, first, "이제 다른 글").NoErrors()
	equal(t, "edited", []any{"이제 다른 글", nil, nil}, []any{edited.Get("editComment.comment.body"), edited.Get("editComment.cursor"), edited.Get("editComment.comment.deletedAt")})
	if edited.Get("editComment.comment.editedAt") == nil {
		t.Error("no editedAt")
	}
	givesComments(t, followers, first, "이제 다른 글 by joon")
	same := editComment(joon, first, "이제 다른 글").NoErrors()
	equal(t, "the same changes nothing", edited.Get("editComment.comment.editedAt"), same.Get("editComment.comment.editedAt"))

	for _, c := range []struct {
		name     string
		by       *client
		id, body string
		want     []string
	}{
		{"empty", joon, first, " ", []string{"REQUIRED body"}},
		{"too long", joon, first, long(10_001), []string{"TOO_LONG body"}},
		{"control character", joon, first, "a\u0001", []string{"INVALID body"}},
		{"another's", mina, first, "mine", []string{"NOT_ALLOWED commentId"}},
		{"another's, and empty", mina, first, "", []string{"REQUIRED body", "NOT_ALLOWED commentId"}},
		{"none", joon, "comment_01h455vb4pex5vsknk084sn02q", "x", []string{"NOT_FOUND commentId"}},
		{"another kind", joon, post, "x", []string{"NOT_FOUND commentId"}},
		{"junk, and empty", joon, "junk", "", []string{"REQUIRED body", "NOT_FOUND commentId"}},
	} {
		r := editComment(c.by, c.id, c.body)
		equal(t, c.name, c.want, r.UserErrors("editComment"))
		equal(t, c.name+": nothing is given", nil, r.Get("editComment.comment"))
	}
	for literal, code := range badTexts {
		equal(t, literal, code, joon.Do(`mutation { editComment(input: {commentId: "`+first+`", body: `+literal+`}) { comment { id } } }`, nil).Code())
	}
	equal(t, "nobody", "UNAUTHENTICATED", editComment(nobody, first, "x").Code())

	fence := comment(mina, post, "", "fence")
	comment(mina, other, "", "elsewhere")
	givesComments(t, followers, fence, "fence by mina")
	_, said := nextComment(t, blocked)
	equal(t, "who is kept apart from its author", "fence by mina", said)
	_, said = nextComment(t, elsewhere)
	equal(t, "who follows another post", "elsewhere by mina", said)
	checkCounters(t, one)
}

func TestDeletingAComment(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana, nobody := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana"), one.Anonymous(t)
	one.Acquaint(mina, joon, hana)
	post := createPost(mina, "post")
	top := comment(joon, post, "", "top")
	reply := comment(hana, post, top, "reply")
	under := comment(joon, post, reply, "under")
	alone := comment(joon, post, "", "alone")
	like(hana, top).NoErrors()
	followers := []*sitetest.Subscription{follow(nobody, post), follow(mina.At(two), post), follow(hana, post)}
	listed := func(c *client) []any {
		r := c.Do(`query($id: ID!) { post(id: $id) { commentCount comments { nodes { id } } } }`, vars{"id": post}).NoErrors()
		return append([]any{r.Get("post.commentCount")}, anys(texts(t, r.List("post.comments.nodes"), "id"))...)
	}
	equal(t, "before", []any{4.0, top, reply, under, alone}, listed(nobody))

	for _, c := range []struct {
		name string
		by   *client
		id   string
		want []string
	}{
		{"another's", mina, top, []string{"NOT_ALLOWED commentId"}},
		{"none", joon, "comment_01h455vb4pex5vsknk084sn02q", []string{"NOT_FOUND commentId"}},
		{"another kind", joon, post, []string{"NOT_FOUND commentId"}},
		{"junk", joon, "", []string{"NOT_FOUND commentId"}},
	} {
		r := deleteComment(c.by, c.id)
		equal(t, c.name, c.want, r.UserErrors("deleteComment"))
		equal(t, c.name+": nothing is given", []any{nil, nil, nil}, []any{r.Get("deleteComment.deletedCommentId"), r.Get("deleteComment.comment"), r.Get("deleteComment.post")})
	}
	equal(t, "nobody", "UNAUTHENTICATED", deleteComment(nobody, top).Code())

	// Without replies it is gone.
	gone := deleteComment(joon, alone).NoErrors()
	equal(t, "gone", []any{alone, nil, map[string]any{"id": post, "commentCount": 3.0}}, []any{gone.Get("deleteComment.deletedCommentId"), gone.Get("deleteComment.comment"), gone.Get("deleteComment.post")})
	givesComments(t, followers, alone, "deleted with 0 replies")
	equal(t, "listed", []any{3.0, top, reply, under}, listed(nobody.At(two)))
	refused := func(id, code string) {
		t.Helper()
		equal(t, "edit", []string{code + " commentId"}, editComment(joon, id, "x").UserErrors("editComment"))
		equal(t, "delete", []string{code + " commentId"}, deleteComment(joon, id).UserErrors("deleteComment"))
		equal(t, "like", []string{code + " subjectId"}, like(mina, id).UserErrors("like"))
		equal(t, "unlike", []string{code + " subjectId"}, unlike(hana, id).UserErrors("unlike"))
		equal(t, "reply", []string{code + " parentId"}, mina.Do(addComment, vars{"in": vars{"postId": post, "parentId": id, "body": "x"}}).UserErrors("addComment"))
		equal(t, "a bad reply", []string{"REQUIRED body", code + " parentId"}, mina.Do(addComment, vars{"in": vars{"postId": post, "parentId": id, "body": ""}}).UserErrors("addComment"))
	}
	refused(alone, "NOT_FOUND")
	equal(t, "node", nil, joon.Do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": alone}).NoErrors().Get("node"))

	// With replies its place remains.
	left := deleteComment(joon, top).NoErrors()
	equal(t, "what remains", []any{"", nil, 1.0, 0.0, false}, []any{left.Get("deleteComment.comment.body"), left.Get("deleteComment.comment.author"),
		left.Get("deleteComment.comment.replyCount"), left.Get("deleteComment.comment.likeCount"), left.Get("deleteComment.comment.viewerHasLiked")})
	if left.Get("deleteComment.comment.deletedAt") == nil {
		t.Error("no deletedAt")
	}
	givesComments(t, followers, top, "deleted with 1 replies")
	equal(t, "listed", []any{3.0, top, reply, under}, listed(joon))
	equal(t, "hana's like", false, hana.Do(`query($id: ID!) { node(id: $id) { ... on Comment { viewerHasLiked } } }`, vars{"id": top}).NoErrors().Get("node.viewerHasLiked"))
	refused(top, "NOT_ALLOWED")

	// The place of a reply that has replies stands, and so does what is above it.
	deleteComment(hana, reply).NoErrors()
	givesComments(t, followers, reply, "deleted with 1 replies")
	equal(t, "listed", []any{3.0, top, reply, under}, listed(hana))
	// The last reply takes all of them with it.
	resumeAt := follow(nobody, post)
	deleteComment(joon, under).NoErrors()
	last := []string{under, "deleted with 0 replies", reply, "deleted with 0 replies", top, "deleted with 0 replies"}
	givesComments(t, append(followers, resumeAt), last...)
	equal(t, "listed", []any{0.0}, listed(nobody))
	if n, err := count(one, `SELECT count(*) FROM comments WHERE body <> '' OR author_id IS NOT NULL`); err != nil || n != 0 {
		t.Errorf("texts or authors are still there: %d %v", n, err)
	}
	checkCounters(t, one)
}

func anys(list []string) (a []any) {
	for _, s := range list {
		a = append(a, s)
	}
	return a
}

func TestDeletingAPost(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana, stranger, nobody := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana"), one.User(t, "stranger"), one.Anonymous(t)
	one.Acquaint(mina, joon, hana)
	post, other := createPost(mina, "post"), createPost(mina, "other")
	first := comment(joon, post, "", "first")
	second := comment(hana, post, first, "second")
	like(hana, post).NoErrors()
	like(mina, first).NoErrors()
	like(joon, other).NoErrors()
	// mina: a comment, another one, and two likes; joon: a reply and a like. joon has read the reply.
	replied := sitetest.Get(t, bell(t, joon, "kinds: [REPLY]"), "0.id").(string)
	joon.Do(`mutation($id: ID!) { markNotificationRead(input: {id: $id}) { userErrors { code } } }`, vars{"id": replied}).NoErrors()
	equal(t, "before", []counts{{0, 0, 3, 3}, {0, 0, 1, 1}}, []counts{unread(t, mina), unread(t, joon)})
	minas, joons := listen(one.Login(t, "mina").At(two), mina.Cursor()), listen(joon, joon.Cursor())
	quiet := map[*client]string{hana: hana.Cursor(), stranger: stranger.Cursor()}

	for _, c := range []struct {
		name string
		by   *client
		id   string
		want []string
	}{
		{"another's", joon, post, []string{"NOT_ALLOWED postId"}},
		{"none", mina, "post_01h455vb4pex5vsknk084sn02q", []string{"NOT_FOUND postId"}},
		{"another kind", mina, first, []string{"NOT_FOUND postId"}},
		{"junk", mina, "junk", []string{"NOT_FOUND postId"}},
	} {
		r := deletePost(c.by, c.id)
		equal(t, c.name, c.want, r.UserErrors("deletePost"))
		equal(t, c.name+": nothing is given", []any{nil, nil}, []any{r.Get("deletePost.deletedPostId"), r.Get("deletePost.cursor")})
	}
	equal(t, "nobody", "UNAUTHENTICATED", deletePost(nobody, post).Code())

	followers := []*sitetest.Subscription{follow(nobody, post), follow(joon.At(two), post), follow(hana, post)}
	elsewhere := follow(nobody.At(two), other)
	followers[0].Also("other", `subscription($post: ID!) { commentAdded(postId: $post) { comment { body } } }`, vars{"post": other})
	before := followers[0]
	gone := deletePost(mina, post).NoErrors()
	equal(t, "gone", post, gone.Get("deletePost.deletedPostId"))
	for _, s := range followers[1:] {
		equal(t, "whoever follows it", "NOT_FOUND", s.Refused())
	}
	kind, id, payload := before.Message()
	equal(t, "the same", [2]string{"error", "s"}, [2]string{kind, id})
	if payload == "" {
		t.Error("no error")
	}
	there := comment(joon, other, "", "the socket stays")
	kind, id, _ = before.Message()
	equal(t, "and another subscription of the same socket goes on", [2]string{"next", "other"}, [2]string{kind, id})
	givesComments(t, []*sitetest.Subscription{elsewhere}, there, "the socket stays by joon")

	got := expectEvents(t, minas, "NotificationRetracted [0 0 1 1]", "NotificationRetracted [0 0 1 1]", "NotificationReceived [0 0 2 2]")
	equal(t, "the cursor", got[1].cursor, gone.Get("deletePost.cursor"))
	got = expectEvents(t, joons, "NotificationRetracted [0 0 0 0]", "NotificationRetracted [0 0 0 0]")
	equal(t, "read or not", true, got[0].subject == replied || got[1].subject == replied)
	equal(t, "joon's bell", 0, len(bell(t, joon, "")))
	for c, at := range quiet {
		equal(t, "whom it does not concern", at, c.Cursor())
	}

	for _, c := range []*client{nobody, mina.At(two), joon} {
		r := c.Do(`query($post: ID!, $ids: [ID!]!) { post(id: $post) { id } nodes(ids: $ids) { id } posts { nodes { id } } user(username: "mina") { posts { nodes { id } } } }`,
			vars{"post": post, "ids": []string{post, first, second}}).NoErrors()
		equal(t, "nothing is there", []any{nil, []any{nil, nil, nil}}, []any{r.Get("post"), r.Get("nodes")})
		equal(t, "lists", [][]string{{other}, {other}}, [][]string{texts(t, r.List("posts.nodes"), "id"), texts(t, r.List("user.posts.nodes"), "id")})
	}
	equal(t, "twice", []string{"NOT_FOUND postId"}, deletePost(mina, post).UserErrors("deletePost"))
	equal(t, "like", []string{"NOT_FOUND subjectId"}, like(joon, post).UserErrors("like"))
	equal(t, "like of a comment", []string{"NOT_FOUND subjectId"}, like(joon, second).UserErrors("like"))
	equal(t, "comment", []string{"NOT_FOUND postId"}, joon.Do(addComment, vars{"in": vars{"postId": post, "body": "x"}}).UserErrors("addComment"))
	equal(t, "edit a comment", []string{"NOT_FOUND commentId"}, editComment(joon, first, "x").UserErrors("editComment"))
	equal(t, "delete a comment", []string{"NOT_FOUND commentId"}, deleteComment(joon, first).UserErrors("deleteComment"))
	equal(t, "watch", []string{"NOT_FOUND subjectId"}, muteSubject(joon, "unmuteSubject", post).UserErrors("unmuteSubject"))
	equal(t, "follow", "NOT_FOUND", joon.Subscribe(`subscription($post: ID!) { commentAdded(postId: $post) { cursor } }`, vars{"post": post}).Refused())
	if n := number(t, one, `SELECT count(*) FROM watchers WHERE subject_id = $1`, ids.Of(ids.Post, post)); n != 0 {
		t.Errorf("%d still watch it", n)
	}
	checkCounters(t, one)
}
