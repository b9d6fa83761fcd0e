package property_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/notewire/notewire/internal/sitetest"
)

const (
	commentFields = `{ id body author { id } parent { id } replyCount likeCount viewerHasLiked }`
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
	return object{"id": c.id, "body": c.body, "author": reference(w.people[c.author].id()), "parent": reference(parent),
		"replyCount": float64(c.replies), "likeCount": count(c.likes), "viewerHasLiked": c.likes[to]}
}

// shownOf are those of the comments that a user is shown.
func (w *world) shownOf(comments []*postComment, to int, which func(*postComment) bool) []object {
	list := []object{}
	for _, c := range comments {
		if which(c) && !w.model.apart(to, c.author) {
			list = append(list, w.shown(c, to))
		}
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
		same(t, p, "the comments", w.shownOf(q.comments, p.n, every), append([]object{}, comments...))
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
				same(r, p, "the replies", want, append([]object{}, nodes(got.(object), "replies")...))
			}
		}
	}
	for _, p := range w.people {
		for _, q := range w.model.posts {
			w.comment(r, p, q, nil) // the fence: everybody is told of their own
			fence := q.comments[len(q.comments)-1].id
			again := p.at[p.asked%2].Subscribe(commentsAdded, sitetest.Vars{"post": q.id, "after": q.first})
			want := w.shownOf(q.comments[1:], p.n, every)
			same(r, p, "the comments, after a replay", essential(want), essential(until(again, fence)))
			again.Close()
		}
	}
	for _, q := range w.model.posts {
		fence := q.comments[len(q.comments)-1].id
		same(r, w.nobody, "the comments, as they came live", essential(w.shownOf(q.comments[1:], -1, every)), essential(until(q.live, fence)))
	}
}

// until is what a subscription gives, up to a comment: each as it came last.
func until(s *sitetest.Subscription, last string) (list []object) {
	at := map[any]int{}
	for {
		c := s.Next()["commentAdded"].(object)["comment"].(object)
		if i, known := at[c["id"]]; known {
			list[i] = c
		} else {
			at[c["id"]] = len(list)
			list = append(list, c)
		}
		if c["id"] == last {
			return list
		}
	}
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
	for _, q := range w.model.posts {
		q.live.Close()
	}
}
