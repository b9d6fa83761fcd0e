package property_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/notewire/notewire/internal/sitetest"
)

// maxPosts are few, so that much happens to each.
const maxPosts = 3

func (w *world) somePost(t *rapid.T) *post {
	return mostly(t, "post", w.model.posts, func(p *post) bool { return len(p.comments) > 0 })
}

// someText is new, and names somebody now and then.
func (w *world) someText(t *rapid.T, kind string) string {
	body := w.fresh(kind)
	if rapid.IntRange(0, 2).Draw(t, "name") == 2 {
		body += " @" + w.people[rapid.IntRange(0, users-1).Draw(t, "named")].at[0].Username
	}
	return body
}

func writePost(t *rapid.T, w *world, p *person) bool {
	if len(w.model.posts) == maxPosts {
		return false
	}
	made := &post{title: w.fresh("title"), body: w.someText(t, "post"), author: p.n, likes: map[int]bool{}, watched: map[int]bool{p.n: true}, mentioned: map[int]bool{}}
	w.tells(t, made.body, w.named(made.subject(), p, made.body, ""), func() {
		made.id = p.do(t, "createPost", object{"title": made.title, "body": made.body}, "post { id }")["post"].(object)["id"].(string)
	})
	made.socket = w.nobody.at[p.n%2].Subscribe(commentsAdded, sitetest.Vars{"post": made.id}).Ready()
	made.live = made.socket.Follow()
	w.model.posts = append(w.model.posts, made)
	w.comment(t, p, made, nil) // so that there is a cursor to replay the others from
	made.first, made.firstComment = next(t, made.live)["commentAdded"].(object)["cursor"].(string), made.comments[0]
	return true
}

func comment(t *rapid.T, w *world, p *person) bool {
	to := w.somePost(t)
	if to == nil {
		return false
	}
	return w.comment(t, p, to, nil)
}

func reply(t *rapid.T, w *world, p *person) bool {
	to := w.somePost(t)
	if to == nil || len(to.comments) == 0 {
		return false
	}
	return w.comment(t, p, to, to.comments[rapid.IntRange(0, len(to.comments)-1).Draw(t, "parent")])
}

func (w *world) comment(t *rapid.T, p *person, to *post, parent *postComment) bool {
	c := &postComment{body: w.someText(t, "comment"), in: to, parent: parent, author: p.n, likes: map[int]bool{}, mentioned: map[int]bool{}}
	in := object{"postId": to.id, "body": c.body, "idempotencyKey": c.body}
	if parent != nil {
		in["parentId"] = parent.id
		if parent.deleted {
			if made := p.do(t, "addComment", in, "comment { id } cursor"); made != nil {
				t.Fatalf("%d has replied to what was deleted", p.n)
			}
			return false
		}
	}
	told := w.named(c.subject(), p, c.body, "") // a mention rather than a reply rather than a comment
	for _, q := range w.people {
		answered := parent != nil && parent.author == q.n && w.model.hears(q.n, p.n, "REPLY", to)
		if (answered || w.model.hears(q.n, p.n, "COMMENT", to)) && !slices.Contains(told, q.n) {
			told = append(told, q.n)
		}
	}
	write := func() { c.id = p.do(t, "addComment", in, "comment { id } cursor")["comment"].(object)["id"].(string) }
	if rapid.IntRange(0, 2).Draw(t, "wait") == 2 {
		write() // whatever comes next comes while the workers tell of this
	} else {
		w.tells(t, c.body, told, func() {
			write()
			if again := p.do(t, "addComment", in, "comment { id }"); again["comment"].(object)["id"] != c.id {
				t.Fatalf("the same key gave %s and %v", c.id, again)
			}
		})
	}
	if parent != nil {
		parent.replies++
	}
	to.comments = append(to.comments, c)
	if _, known := to.watched[p.n]; !known {
		to.watched[p.n] = true
	}
	return true
}

// someSubject is a post or one of its comments.
func (w *world) someSubject(t *rapid.T) (s subject, ok bool) {
	in := w.somePost(t)
	if in == nil {
		return s, false
	}
	if i := rapid.IntRange(0, len(in.comments)).Draw(t, "subject"); i > 0 {
		return in.comments[i-1].subject(), true
	}
	return in.subject(), true
}

func like(t *rapid.T, w *world, p *person) bool {
	s, ok := w.someSubject(t)
	if !ok {
		return false
	}
	liked, before := s.likes[p.n]
	give := func() {
		if done := p.do(t, "like", object{"subjectId": s.id}, "subject { id }") != nil; done == s.deleted {
			t.Fatalf("deleted: %v, and liked: %v", s.deleted, done)
		}
	}
	var told []int
	if w.model.hears(s.author, p.n, "LIKE", s.in) && !s.deleted {
		told = append(told, s.author)
	}
	if before { // what is given again is told again only when it was not read the first time
		give()
	} else {
		w.tells(t, "a like of "+w.names.brief(s.id), told, give)
	}
	if s.deleted || liked {
		return false
	}
	s.likes[p.n] = true
	return true
}

func unlike(t *rapid.T, w *world, _ *person) bool {
	s, ok := w.someSubject(t)
	if !ok {
		return false
	}
	p := mostly(t, "who likes", w.people, func(q *person) bool { return s.likes[q.n] })
	p.do(t, "unlike", object{"subjectId": s.id}, "subject { id }")
	liked := s.likes[p.n]
	if liked {
		s.likes[p.n] = false
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

// may holds that only the author does what changes something.
func may(t *rapid.T, p *person, author int, payload object) bool {
	if (payload != nil) != (p.n == author) {
		t.Fatalf("%d has changed what %d wrote: %v", p.n, author, payload != nil)
	}
	return payload != nil
}

func editPost(t *rapid.T, w *world, _ *person) bool {
	q := w.somePost(t)
	if q == nil {
		return false
	}
	p := mostly(t, "editor", w.people, func(p *person) bool { return p.n == q.author })
	body, done := w.someText(t, "edited"), false
	edit := func() {
		done = may(t, p, q.author, p.do(t, "editPost", object{"postId": q.id, "body": body}, "cursor"))
	}
	if p.n != q.author {
		edit()
		return false
	}
	w.tells(t, body, w.named(q.subject(), p, body, q.body), edit)
	q.body = body
	return done
}

func editComment(t *rapid.T, w *world, _ *person) bool {
	c, p := w.someComment(t)
	if c == nil {
		return false
	}
	body := w.someText(t, "edited")
	edit := func() object {
		return p.do(t, "editComment", object{"commentId": c.id, "body": body}, "cursor")
	}
	if c.deleted || p.n != c.author {
		if edit() != nil {
			t.Fatalf("%d has edited a comment of %d, deleted: %v", p.n, c.author, c.deleted)
		}
		return false
	}
	w.tells(t, body, w.named(c.subject(), p, body, c.body), func() { may(t, p, c.author, edit()) })
	c.body = body
	return true
}

// someComment is any, and mostly its author.
func (w *world) someComment(t *rapid.T) (*postComment, *person) {
	q := w.somePost(t)
	if q == nil || len(q.comments) == 0 {
		return nil, nil
	}
	c := mostly(t, "comment", q.comments, func(c *postComment) bool { // where most can go wrong
		return !c.deleted && (c.replies > 0 || c.parent != nil && c.parent.deleted)
	})
	return c, mostly(t, "who", w.people, func(p *person) bool { return p.n == c.author })
}

func deletePost(t *rapid.T, w *world, _ *person) bool {
	q := w.somePost(t)
	if q == nil || rapid.Bool().Draw(t, "keep") { // seldom: there are few
		return false
	}
	p := mostly(t, "who", w.people, func(p *person) bool { return p.n == q.author })
	if !may(t, p, q.author, p.do(t, "deletePost", object{"postId": q.id}, "deletedPostId cursor")) {
		return false
	}
	w.model.posts = slices.DeleteFunc(w.model.posts, func(o *post) bool { return o == q })
	w.model.gone = append(w.model.gone, q)
	return true
}

func deleteComment(t *rapid.T, w *world, _ *person) bool {
	c, p := w.someComment(t)
	if c == nil {
		return false
	}
	done := p.do(t, "deleteComment", object{"commentId": c.id}, "deletedCommentId cursor") != nil
	if done != (p.n == c.author && !c.deleted) {
		t.Fatalf("%d has deleted a comment of %d, deleted before %v: %v", p.n, c.author, c.deleted, done)
	}
	if done {
		c.in.remove(c)
	}
	return done
}
