package graph_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

const createPostInput = `mutation($in: CreatePostInput!) { createPost(input: $in) {
  post { id title body author { id } commentCount likeCount viewerHasLiked createdAt } postEdge { cursor node { id } } cursor userErrors { code field } } }`

func TestWritingPosts(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	in := vars{"title": "제목", "body": " text\n", "idempotencyKey": "k"}
	r := mina.Do(createPostInput, vars{"in": in}).NoErrors()
	equal(t, "as it was sent", []any{"제목", " text\n", mina.ID, nil}, []any{r.Get("createPost.post.title"), r.Get("createPost.post.body"), r.Get("createPost.post.author.id"), r.Get("createPost.cursor")})
	equal(t, "edge", r.Get("createPost.post.id"), r.Get("createPost.postEdge.node.id"))
	equal(t, "same key", r.Raw, mina.Do(createPostInput, vars{"in": in}).Raw)
	equal(t, "other input", []string{"CONFLICT idempotencyKey"}, mina.Do(createPostInput, vars{"in": vars{"title": "other", "body": " text\n", "idempotencyKey": "k"}}).UserErrors("createPost"))
	other := joon.Do(createPostInput, vars{"in": in}).NoErrors()
	if other.Text("createPost.post.id") == r.Text("createPost.post.id") {
		t.Error("another user's key found this post")
	}
	equal(t, "refused", []string{"TOO_LONG title", "REQUIRED body"}, mina.Do(createPostInput, vars{"in": vars{"title": long(201), "body": " "}}).UserErrors("createPost"))
	equal(t, "refused", []string{"REQUIRED title", "TOO_LONG body", "INVALID idempotencyKey"}, mina.Do(createPostInput, vars{"in": vars{"title": "", "body": long(20_001), "idempotencyKey": ""}}).UserErrors("createPost"))
	mina.Do(createPostInput, vars{"in": vars{"title": long(200), "body": long(20_000)}}).NoErrors()
	want := []string{long(200), "제목", "제목"}
	for i := range 4 {
		createPost(mina, fmt.Sprint(i))
		want = append([]string{fmt.Sprint(i)}, want...)
	}
	equal(t, "posts, newest first", want, walk(t, joon, `{ posts%s { nodes { title } `+pageInfo+` } }`, "posts", "title", 3))
	equal(t, "of one author", 6, len(walk(t, joon, `{ user(username: "mina") { posts%s { nodes { title } `+pageInfo+` } } }`, "user.posts", "title", 2)))
}

func TestCommentsAndReplies(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	post, elsewhere := createPost(mina, "post"), createPost(mina, "elsewhere")
	first := comment(joon, post, "", "0")
	want, replies := []string{"0"}, []string(nil)
	for i := 1; i < 7; i++ {
		parent := []string{"", first}[i%2]
		comment(mina, post, parent, fmt.Sprint(i))
		want = append(want, fmt.Sprint(i))
		if parent != "" {
			replies = append(replies, fmt.Sprint(i))
		}
	}
	comment(joon, elsewhere, "", "not here")
	equal(t, "comments, oldest first", want, walk(t, mina, `{ post(id: "`+post+`") { comments%s { nodes { body } `+pageInfo+` } } }`, "post.comments", "body", 3))
	equal(t, "replies", replies, walk(t, mina, `{ node(id: "`+first+`") { ... on Comment { replies%s { nodes { body } `+pageInfo+` } } } }`, "node.replies", "body", 2))
	r := joon.Do(`query($p: ID!, $c: ID!) { post(id: $p) { commentCount comments(last: 2) { nodes { parent { id } post { id } author { username } replyCount } } } node(id: $c) { ... on Comment { replyCount parent { id } } } }`,
		vars{"p": post, "c": first}).NoErrors()
	equal(t, "commentCount", 7.0, r.Get("post.commentCount"))
	equal(t, "the last two", []any{
		map[string]any{"parent": map[string]any{"id": first}, "post": map[string]any{"id": post}, "author": map[string]any{"username": "mina"}, "replyCount": 0.0},
		map[string]any{"parent": nil, "post": map[string]any{"id": post}, "author": map[string]any{"username": "mina"}, "replyCount": 0.0},
	}, r.Get("post.comments.nodes"))
	equal(t, "the first", map[string]any{"replyCount": 3.0, "parent": nil}, r.Get("node"))

	for name, c := range map[string]struct {
		in   vars
		want []string
	}{
		"no post":                  {vars{"postId": "post_01h455vb4pex5vsknk084sn02q", "body": "x"}, []string{"NOT_FOUND postId"}},
		"a comment for a post":     {vars{"postId": first, "body": "x"}, []string{"NOT_FOUND postId"}},
		"parent of another post":   {vars{"postId": elsewhere, "parentId": first, "body": "x"}, []string{"NOT_FOUND parentId"}},
		"a post for a parent":      {vars{"postId": post, "parentId": post, "body": "x"}, []string{"NOT_FOUND parentId"}},
		"everything wrong at once": {vars{"postId": post, "body": long(10_001), "idempotencyKey": ""}, []string{"TOO_LONG body", "INVALID idempotencyKey"}},
	} {
		equal(t, name, c.want, joon.Do(addComment, vars{"in": c.in}).UserErrors("addComment"))
	}
	in := vars{"postId": post, "parentId": first, "body": "keyed", "idempotencyKey": "k"}
	keyed := joon.Do(addComment, vars{"in": in}).NoErrors()
	equal(t, "same key", keyed.Raw, joon.Do(addComment, vars{"in": in}).Raw)
	for _, other := range []string{elsewhere, "junk"} {
		equal(t, "other input", []string{"CONFLICT idempotencyKey"}, joon.Do(addComment, vars{"in": vars{"postId": other, "body": "keyed", "idempotencyKey": "k"}}).UserErrors("addComment"))
	}
	equal(t, "counted once", 8.0, keyed.Get("addComment.comment.post.commentCount"))
}

func TestTheSameKeyIsTheSameCommentUnderConcurrentRetries(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon := one.User(t, "mina"), one.User(t, "joon")
	one.Acquaint(mina, joon)
	post := createPost(mina, "post")
	ids, posts := make([]string, 10), make([]string, 10)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			at := joon.At([]*sitetest.Server{one, two}[i%2])
			c, err := at.Try(addComment, vars{"in": vars{"postId": post, "body": "once", "idempotencyKey": "k"}})
			p, err2 := at.Try(createPostInput, vars{"in": vars{"title": "once", "body": "once", "idempotencyKey": "k"}})
			if err != nil || err2 != nil {
				t.Error(err, err2)
				return
			}
			ids[i], posts[i] = fmt.Sprint(c.Get("addComment.comment.id")), fmt.Sprint(p.Get("createPost.post.id"))
		})
	}
	all.Wait()
	for i := range ids {
		equal(t, "comment and post", ids[0]+posts[0], ids[i]+posts[i])
	}
	r := mina.Do(`{ post(id: "`+post+`") { commentCount comments { nodes { id } } } viewer { unread `+countFields+` notifications { nodes { count } } } }`, nil).NoErrors()
	equal(t, "comments", []string{ids[0]}, texts(t, r.List("post.comments.nodes"), "id"))
	equal(t, "counted and told once", []any{1.0, 1.0, counts{0, 0, 1, 1}}, []any{r.Get("post.commentCount"), r.Get("viewer.notifications.nodes.0.count"), asCounts(t, r.Get("viewer.unread"))})
}

func TestLikes(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	post := createPost(mina, "post")
	reply := comment(mina, post, "", "comment")
	bell := listen(mina, mina.Cursor())
	for range 2 {
		r := like(joon, post).NoErrors()
		equal(t, "liked", map[string]any{"id": post, "likeCount": 1.0, "viewerHasLiked": true, "__typename": "Post"}, r.Get("like.subject"))
		equal(t, "cursor", nil, r.Get("like.cursor"))
	}
	equal(t, "a comment", map[string]any{"id": reply, "likeCount": 1.0, "viewerHasLiked": true, "__typename": "Comment"}, like(joon, reply).NoErrors().Get("like.subject"))
	got := expectEvents(t, bell, "NotificationReceived [0 0 1 1]", "NotificationReceived [0 0 2 2]")
	onPost, onComment := got[0].subject, got[1].subject
	// Unread: taking it back retracts what was told, and liking again tells again.
	for range 2 {
		equal(t, "unliked", map[string]any{"id": post, "likeCount": 0.0, "viewerHasLiked": false, "__typename": "Post"}, unlike(joon, post).NoErrors().Get("unlike.subject"))
	}
	got = expectEvents(t, bell, "NotificationRetracted [0 0 1 1]")
	equal(t, "which", onPost, got[0].subject)
	equal(t, "gone", nil, mina.Do(`{ node(id: "`+onPost+`") { id } }`, nil).NoErrors().Get("node"))
	like(joon, post).NoErrors()
	onPost = expectEvents(t, bell, "NotificationReceived [0 0 2 2]")[0].subject
	like(hana, post).NoErrors()
	equal(t, "grew", onPost, expectEvents(t, bell, "NotificationChanged [0 0 2 2]")[0].subject)
	unlike(joon, post).NoErrors()
	equal(t, "shrank", onPost, expectEvents(t, bell, "NotificationChanged [0 0 2 2]")[0].subject)
	r := mina.Do(`query($id: ID!) { node(id: $id) { ... on Notification { count actorCount actors { username } } } }`, vars{"id": onPost}).NoErrors()
	equal(t, "of hana only", map[string]any{"count": 1.0, "actorCount": 1.0, "actors": []any{map[string]any{"username": "hana"}}}, r.Get("node"))
	// Read: never a second notification for the same like.
	mina.Do(`mutation { markAllNotificationsRead(input: {}) { userErrors { code } } }`, nil).NoErrors()
	got = expectEvents(t, bell, "NotificationChanged [0 0 0 0]", "NotificationChanged [0 0 0 0]")
	equal(t, "both", true, got[0].subject == onComment || got[1].subject == onComment)
	for range 5 {
		unlike(hana, post).NoErrors()
		like(hana, post).NoErrors()
	}
	write(joon, "fence", mina)
	expectEvents(t, bell, "NoteReceived [1 1 1 1]", "NotificationReceived [1 1 1 1]")
	equal(t, "likeCount", 1.0, unlike(joon, post).NoErrors().Get("unlike.subject.likeCount"))
	equal(t, "viewerHasLiked", map[string]any{"viewerHasLiked": true}, hana.Do(`{ post(id: "`+post+`") { viewerHasLiked } }`, nil).NoErrors().Get("post"))
	for _, id := range []string{mina.ID, "junk", "post_01h455vb4pex5vsknk084sn02q", "comment" + post[len("post"):]} {
		equal(t, id, []string{"NOT_FOUND subjectId"}, like(joon, id).UserErrors("like"))
		equal(t, id, []string{"NOT_FOUND subjectId"}, unlike(joon, id).UserErrors("unlike"))
	}
}

func TestCommentsComeLive(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon := one.User(t, "mina"), one.User(t, "joon")
	one.Acquaint(mina, joon)
	post, other := createPost(mina, "post"), createPost(mina, "other")
	query := `subscription($post: ID!, $after: Cursor) { commentAdded(postId: $post, after: $after) { cursor comment { id body viewerHasLiked author { username } post { id commentCount } } } }`
	live := []*sitetest.Subscription{
		one.Anonymous(t).Subscribe(query, vars{"post": post}).Ready(),
		joon.At(two).Subscribe(query, vars{"post": post}).Ready(),
	}
	comment(joon, other, "", "not here")
	comment(joon, post, "", "1")
	comment(mina, post, "", "2")
	var cursors []string
	for _, s := range live {
		cursors = nil
		for i, by := range []string{"joon", "mina"} {
			e := s.Next()
			equal(t, "comment", []any{fmt.Sprint(i + 1), by, post, false}, []any{sitetest.Get(t, e, "commentAdded.comment.body"), sitetest.Get(t, e, "commentAdded.comment.author.username"),
				sitetest.Get(t, e, "commentAdded.comment.post.id"), sitetest.Get(t, e, "commentAdded.comment.viewerHasLiked")})
			cursors = append(cursors, sitetest.Get(t, e, "commentAdded.cursor").(string))
		}
	}
	resumed := two.Anonymous(t).Subscribe(query, vars{"post": post, "after": cursors[0]})
	equal(t, "what came after", "2", sitetest.Get(t, resumed.Next(), "commentAdded.comment.body"))
	comment(joon, post, "", "3")
	equal(t, "then live", "3", sitetest.Get(t, resumed.Next(), "commentAdded.comment.body"))
	equal(t, "no post", "NOT_FOUND", mina.Subscribe(query, vars{"post": mina.ID}).Refused())
	equal(t, "the cursor of another post", "BAD_USER_INPUT", mina.Subscribe(query, vars{"post": other, "after": cursors[0]}).Refused())
}

func TestAllThatIsWrongWithACommentAtOnce(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	post, other := createPost(mina, "post"), createPost(mina, "other")
	elsewhere := comment(mina, other, "", "elsewhere")
	refused := func(in vars) []string { return mina.Do(addComment, vars{"in": in}).UserErrors("addComment") }
	equal(t, "no post", []string{"REQUIRED body", "NOT_FOUND postId"}, refused(vars{"postId": mina.ID, "body": ""}))
	equal(t, "another post's parent", []string{"REQUIRED body", "NOT_FOUND parentId"}, refused(vars{"postId": post, "parentId": elsewhere, "body": " "}))
	equal(t, "only the body", []string{"REQUIRED body"}, refused(vars{"postId": other, "parentId": elsewhere, "body": ""}))
}
