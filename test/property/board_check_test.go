package property_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/notewire/notewire/internal/sitetest"
)

const (
	commentFields = `{ id body deletedAt author { id } parent { id } replyCount likeCount viewerHasLiked }`
	postFields    = `id title body author { id } commentCount likeCount viewerHasLiked viewerIsWatching comments(first: 100) { nodes ` + commentFields + ` }`
	commentsAdded = `subscription($post: ID!, $after: Cursor) { commentAdded(postId: $post, after: $after) { cursor comment ` + commentFields + ` } }`
)

func reference(id string) any {
	if id == "" {
		return nil
	}
	return object{"id": id}
}

// shown is what a user is shown of a comment.
func (w *world) shown(c *postComment, to int) object {
	parent := ""
	if c.parent != nil {
		parent = c.parent.id
	}
	author := reference(w.people[c.author].id())
	if c.deleted {
		author = nil
	}
	return object{"id": c.id, "body": c.body, "isDeleted": c.deleted, "author": author, "parent": reference(parent),
		"replyCount": float64(c.replies), "likeCount": count(c.likes), "viewerHasLiked": c.likes[to]}
}

// shownOf are those of the comments that a user is shown.
func (w *world) shownOf(comments []*postComment, to int, which func(*postComment) bool) []object {
	list := []object{}
	for _, c := range comments {
		if which(c) && (c.deleted || !w.model.apart(to, c.author)) {
			list = append(list, w.shown(c, to))
		}
	}
	return list
}

// dated says of comments that came whether they were deleted, not when.
func dated(comments []object) []object {
	list := []object{}
	for _, c := range comments {
		c["isDeleted"] = c["deletedAt"] != nil
		delete(c, "deletedAt")
		list = append(list, c)
	}
	return list
}

func every(*postComment) bool { return true }

// checkBoard holds what a user is shown of the board against the model. Whatever is counted there is counted
// here one by one.
func (w *world) checkBoard(t *rapid.T, p *person) {
	if len(w.model.posts) == 0 {
		return
	}
	var ids []string
	for _, q := range w.model.posts {
		ids = append(ids, q.id)
	}
	var lists strings.Builder
	for _, q := range w.people {
		fmt.Fprintf(&lists, " u%d: user(username: %q) { posts(first: 10) { nodes { id } } }", q.n, q.at[0].Username)
	}
	data := p.ask(t, `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Post { `+postFields+` } }`+lists.String()+` }`, object{"ids": ids})
	listed := map[int][]string{}
	for i, q := range w.model.posts {
		watched := q.watched[p.n]
		want := object{"id": q.id, "title": q.title, "body": q.body, "author": reference(w.people[q.author].id()), "commentCount": float64(len(q.comments)),
			"likeCount": count(q.likes), "viewerHasLiked": q.likes[p.n], "viewerIsWatching": watched}
		got := data["nodes"].([]any)[i].(object)
		comments := nodes(got, "comments")
		delete(got, "comments")
		same(t, p, "a post", want, got)
		same(t, p, "the comments", w.shownOf(q.comments, p.n, every), dated(comments))
		if !w.model.apart(p.n, q.author) {
			listed[q.author] = append([]string{q.id}, listed[q.author]...)
		}
	}
	for _, q := range w.people {
		var got []string
		for _, n := range nodes(data[fmt.Sprint("u", q.n)].(object), "posts") {
			got = append(got, n["id"].(string))
		}
		same(t, p, fmt.Sprintf("the posts by %d", q.n), listed[q.n], got)
	}
}

// replayBoard follows the logs of the posts again, and holds what came from them against what is listed.
func (w *world) replayBoard(r *rapid.T, t *testing.T) {
	for _, p := range w.people {
		for _, q := range w.model.posts {
			var ids []string
			for _, c := range q.comments {
				ids = append(ids, c.id)
			}
			for i, got := range p.nodes(r, ids, 5, `... on Comment { replies(first: 50) { nodes `+commentFields+` } }`) {
				want := w.shownOf(q.comments, p.n, func(o *postComment) bool { return o.parent == q.comments[i] })
				same(r, p, "the replies", want, dated(nodes(got.(object), "replies")))
			}
		}
	}
	later := func(q *post) func(*postComment) bool { // the cursor is that of the first comment
		return func(c *postComment) bool { return c != q.firstComment }
	}
	for _, p := range w.people {
		for _, q := range w.model.posts {
			w.comment(r, p, q, nil) // the fence: everybody is told of their own
			again := p.at[p.asked%2].Subscribe(commentsAdded, sitetest.Vars{"post": q.id, "after": q.first})
			same(r, p, "the comments, after a replay", essential(w.shownOf(q.comments, p.n, later(q))), essential(q.follow(r, again.Follow())))
			again.Close()
		}
	}
	for _, q := range w.model.posts {
		same(r, w.nobody, "the comments, as they came live", essential(w.shownOf(q.comments, -1, later(q))), essential(q.follow(r, q.live)))
	}
	for _, q := range w.model.gone {
		for _, p := range append(w.people, w.nobody) {
			same(r, p, "a deleted post", []any{nil, nil}, p.nodes(r, []string{q.id, q.firstComment.id}, 2, "id"))
		}
		for next(r, q.live) != nil { // the comments, and then the end
		}
	}
}

// next waits for the next event of a subscription.
func next(t *rapid.T, live <-chan object) object {
	select {
	case e, open := <-live:
		if !open {
			t.Fatal("the socket was closed")
		}
		return e
	case <-time.After(time.Minute):
		t.Fatal("nothing came in a minute")
		return nil
	}
}

// follow is what a client has who follows a post until its last comment comes: but for the first one, which was
// there before.
func (p *post) follow(t *rapid.T, live <-chan object) (list []object) {
	at := map[any]object{}
	for last := p.comments[len(p.comments)-1].id; at[last] == nil; {
		c := next(t, live)["commentAdded"].(object)["comment"].(object)
		if at[c["id"]] == nil {
			list = append(list, c)
		}
		at[c["id"]] = c
	}
	for i, c := range list {
		list[i] = at[c["id"]]
	}
	return dated(slices.DeleteFunc(list, func(c object) bool {
		return c["deletedAt"] != nil && c["replyCount"] == 0.0 || c["id"] == p.firstComment.id
	}))
}

// essential is what of comments is told to those who follow a post: not who likes them, and what they were
// answered stands in the answers.
func essential(comments []object) []object {
	for _, c := range comments {
		for _, field := range []string{"likeCount", "viewerHasLiked", "replyCount"} {
			delete(c, field)
		}
	}
	return comments
}

// end closes what is open.
func (w *world) end() {
	for _, q := range append(w.model.posts, w.model.gone...) {
		q.socket.Close()
	}
}
