package graph_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

// lot is what was written on a board, whether it is still there or not.
type lot struct {
	mu       sync.Mutex
	posts    []string
	comments []string
}

func (l *lot) add(list *[]string, id any) {
	if s, ok := id.(string); ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		*list = append(*list, s)
	}
}

// some is one of the latest of a list.
func (l *lot) some(list *[]string, dice *rand.Rand) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(*list) == 0 {
		return "none"
	}
	return (*list)[len(*list)-1-dice.IntN(min(len(*list), 12))]
}

// All that can be done to posts and comments, by many at once on two servers, while the workers tell and take
// back: whatever comes between what, all counters are right in the end, nothing is left of what is gone, and
// nobody is answered that something went wrong. Red when the post is not locked, when who begins to watch it does
// not keep it, and when a deleted comment is counted though others go with it.
func TestABoardInDisorder(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	servers := []*sitetest.Server{one, one.Another()}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var users []*client
	for i := range 10 {
		users = append(users, one.User(t, fmt.Sprint("user_", i)))
	}
	var on lot
	var first []string
	for i := range 4 {
		post := createPost(users[i], "post")
		if i < 2 { // comments here, and their ends, are for the workers
			crowd(t, one, post, 250)
		}
		on.posts, first = append(on.posts, post), append(first, post)
	}
	input := func(field, kind, selection string) string {
		return `mutation($in: ` + kind + `Input!) { ` + field + `(input: $in) { ` + selection + ` userErrors { code } } }`
	}
	var all sync.WaitGroup
	for i, user := range users {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(seed, uint64(i)))
			var own lot // what only its author may change
			if i < 4 {
				own.posts = append(own.posts, first[i])
			}
			for n := range 60 {
				post, comment := on.some(&on.posts, dice), on.some(&on.comments, dice)
				text := fmt.Sprintf("%d @user_%d", n, dice.IntN(len(users)))
				query, in := "", vars{}
				var list, mine *[]string
				path := ""
				switch dice.IntN(16) {
				case 0:
					query, in = input("createPost", "CreatePost", "post { id }"), vars{"title": "post", "body": text}
					list, mine, path = &on.posts, &own.posts, "createPost.post.id"
				case 1, 2, 3:
					query, in = input("addComment", "AddComment", "comment { id }"), vars{"postId": post, "body": text}
					list, mine, path = &on.comments, &own.comments, "addComment.comment.id"
				case 4, 5, 6:
					r, err := user.Try(`query($id: ID!) { node(id: $id) { ... on Comment { post { id } } } }`, vars{"id": comment})
					if err != nil || r.Get("node.post.id") == nil {
						continue
					}
					query, in = input("addComment", "AddComment", "comment { id }"), vars{"postId": r.Get("node.post.id"), "parentId": comment, "body": text}
					list, mine, path = &on.comments, &own.comments, "addComment.comment.id"
				case 7, 8:
					query, in = input("like", "Like", "subject { id }"), vars{"subjectId": []string{post, comment}[dice.IntN(2)]}
				case 9:
					query, in = input("unlike", "Unlike", "subject { id }"), vars{"subjectId": []string{post, comment}[dice.IntN(2)]}
				case 10:
					query, in = input("editComment", "EditComment", "comment { id }"), vars{"commentId": own.some(&own.comments, dice), "body": text}
				case 11, 12:
					query, in = input("deleteComment", "DeleteComment", "comment { id }"), vars{"commentId": own.some(&own.comments, dice)}
				case 13:
					query, in = input("editPost", "EditPost", "post { id }"), vars{"postId": own.some(&own.posts, dice), "body": text}
				case 14:
					query, in = input("unmuteSubject", "UnmuteSubject", "cursor"), vars{"subjectId": post}
				case 15:
					if n > 5 {
						query, in = input("deletePost", "DeletePost", "deletedPostId"), vars{"postId": own.some(&own.posts, dice)}
					} else {
						query, in = `mutation($in: MarkAllNotificationsReadInput!) { markAllNotificationsRead(input: $in) { cursor } }`, vars{}
					}
				}
				r, err := user.At(servers[dice.IntN(2)]).Try(query, vars{"in": in})
				if err != nil || len(r.Errors) > 0 {
					t.Errorf("%s %v: %v %+v", query, in, err, r)
					return
				}
				if list != nil {
					on.add(list, r.Get(path))
					own.add(mine, r.Get(path))
				}
			}
		})
	}
	all.Wait()
	allIsForgotten(t, one)
	t.Logf("%d posts and %d comments were written; left are %d and %d", len(on.posts), len(on.comments), number(t, one, `SELECT count(*) FROM posts`), number(t, one, `SELECT count(*) FROM comments`))
	checkCounters(t, one)
}
