package property_test

import (
	"pgregory.net/rapid"

	"github.com/notewire/notewire/internal/sitetest"
)

// maxPosts are few, so that much happens to each.
const maxPosts = 3

type post struct {
	id, title, body string
	author          int
	comments        []*postComment
	likes           map[int]bool
	watched         map[int]bool // false: muted
	live            *sitetest.Subscription
	first           string // the cursor of the first comment
}

type postComment struct {
	id, body string
	in       *post
	parent   *postComment
	author   int
	likes    map[int]bool
	replies  int
}

// hears says that a user is notified when another does something about a post.
func (m *model) hears(user, by int, kind string, p *post) bool {
	watched, known := p.watched[user]
	return user != by && !m.apart(user, by) && !m.quiet[quiet{user, kind}] && (watched || !known && kind != "COMMENT")
}

func (w *world) somePost(t *rapid.T) *post {
	return mostly(t, "post", w.model.posts, func(p *post) bool { return len(p.comments) > 0 })
}

func writePost(t *rapid.T, w *world, p *person) bool {
	if len(w.model.posts) == maxPosts {
		return false
	}
	title, body := w.fresh("title"), w.fresh("post")
	payload := p.do(t, "createPost", object{"title": title, "body": body}, "post { id }")
	made := &post{id: payload["post"].(object)["id"].(string), title: title, body: body, author: p.n, likes: map[int]bool{}, watched: map[int]bool{p.n: true}}
	made.live = w.nobody.at[p.n%2].Subscribe(commentsAdded, sitetest.Vars{"post": made.id}).Ready()
	w.model.posts = append(w.model.posts, made)
	w.comment(t, p, made, nil) // so that there is a cursor to replay the others from
	made.first = made.live.Next()["commentAdded"].(object)["cursor"].(string)
	return true
}

func comment(t *rapid.T, w *world, p *person) bool {
	to := w.somePost(t)
	if to == nil {
		return false
	}
	w.comment(t, p, to, nil)
	return true
}

func reply(t *rapid.T, w *world, p *person) bool {
	to := w.somePost(t)
	if to == nil {
		return false
	}
	w.comment(t, p, to, to.comments[rapid.IntRange(0, len(to.comments)-1).Draw(t, "parent")])
	return true
}

func (w *world) comment(t *rapid.T, p *person, to *post, parent *postComment) {
	c := &postComment{body: w.fresh("comment"), in: to, parent: parent, author: p.n, likes: map[int]bool{}}
	in, answered := object{"postId": to.id, "body": c.body, "idempotencyKey": c.body}, -1
	var told []int
	if parent != nil {
		in["parentId"], answered = parent.id, parent.author
		if w.model.hears(answered, p.n, "REPLY", to) {
			told = append(told, answered)
		}
		parent.replies++
	}
	for user := range w.people {
		if user != answered && w.model.hears(user, p.n, "COMMENT", to) {
			told = append(told, user)
		}
	}
	w.tells(t, c.body, told, func() {
		payload := p.do(t, "addComment", in, "comment { id } cursor")
		c.id = payload["comment"].(object)["id"].(string)
		if again := p.do(t, "addComment", in, "comment { id } cursor"); text(again) != text(payload) {
			t.Fatalf("the same key gave %v and %v", payload, again)
		}
	})
	to.comments = append(to.comments, c)
	if _, known := to.watched[p.n]; !known {
		to.watched[p.n] = true
	}
}

// someLikeable is a post or one of its comments, with its author and those who like it.
func (w *world) someLikeable(t *rapid.T) (in *post, id string, author int, likes map[int]bool) {
	if in = w.somePost(t); in == nil {
		return nil, "", 0, nil
	}
	if i := rapid.IntRange(0, len(in.comments)).Draw(t, "subject"); i > 0 {
		c := in.comments[i-1]
		return in, c.id, c.author, c.likes
	}
	return in, in.id, in.author, in.likes
}

func like(t *rapid.T, w *world, p *person) bool {
	in, id, author, likes := w.someLikeable(t)
	if in == nil {
		return false
	}
	_, before := likes[p.n]
	give := func() { p.do(t, "like", object{"subjectId": id}, "subject { id }") }
	var told []int
	if w.model.hears(author, p.n, "LIKE", in) {
		told = append(told, author)
	}
	if before { // what is given again is told again only when it was not read the first time
		give()
	} else {
		w.tells(t, "a like of "+w.names.brief(id), told, give)
	}
	changed := !likes[p.n]
	likes[p.n] = true
	return changed
}

func unlike(t *rapid.T, w *world, p *person) bool {
	in, id, _, likes := w.someLikeable(t)
	if in == nil {
		return false
	}
	p = mostly(t, "who likes", w.people, func(q *person) bool { return likes[q.n] })
	p.do(t, "unlike", object{"subjectId": id}, "subject { id }")
	liked := likes[p.n]
	if _, ever := likes[p.n]; ever {
		likes[p.n] = false
	}
	return liked
}

func watch(t *rapid.T, w *world, p *person) bool {
	to := w.somePost(t)
	if to == nil {
		return false
	}
	name := []string{"muteSubject", "unmuteSubject"}[rapid.IntRange(0, 1).Draw(t, "watch")]
	to.watched[p.n] = name == "unmuteSubject"
	return p.do(t, name, object{"subjectId": to.id}, "cursor") != nil
}

func count(likes map[int]bool) (n float64) {
	for _, on := range likes {
		if on {
			n++
		}
	}
	return n
}
