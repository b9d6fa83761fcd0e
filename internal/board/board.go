// Package board is the public side: posts, comments and likes.
package board

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/notewire/notewire/ent"
	"github.com/notewire/notewire/ent/comment"
	"github.com/notewire/notewire/ent/like"
	"github.com/notewire/notewire/ent/post"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/search"
	"github.com/notewire/notewire/internal/stream"
)

// Longest texts, in code points.
const (
	MaxTitle   = 200
	MaxPost    = 20_000
	MaxComment = 10_000
)

// Post is an article on the board.
type Post struct {
	ID           uuid.UUID
	AuthorID     uuid.UUID // nil when the account is gone
	Title        string
	Body         string
	CreatedAt    time.Time
	EditedAt     *time.Time // nil when it never was
	CommentCount int
	LikeCount    int
}

// GlobalID is the identifier that clients see.
func (p *Post) GlobalID() string { return ids.Encode(ids.Post, p.ID) }

// Evidence is what a report keeps of a post.
func (p *Post) Evidence() string { return p.text() }

func (p *Post) text() string { return p.Title + "\n\n" + p.Body }

// Comment is an answer to a post, or to another comment of it.
type Comment struct {
	ID         uuid.UUID
	PostID     uuid.UUID
	ParentID   uuid.UUID // nil when it answers the post itself
	AuthorID   uuid.UUID // nil when the account is gone, or the comment was deleted
	Position   int64     // in the post's log: the order of the comments
	Body       string    // empty when it was deleted
	CreatedAt  time.Time
	EditedAt   *time.Time // nil when it never was
	DeletedAt  *time.Time // nil when it was not
	ReplyCount int
	LikeCount  int
}

// GlobalID is the identifier that clients see.
func (c *Comment) GlobalID() string { return ids.Encode(ids.Comment, c.ID) }

// IsGone says that nothing of the comment is to be seen: it was deleted, and has no replies.
func (c *Comment) IsGone() bool { return c.DeletedAt != nil && c.ReplyCount == 0 }

// Evidence is what a report keeps of a comment.
func (c *Comment) Evidence() string { return c.Body }

// Board serves the posts of one database.
type Board struct {
	db   *postgres.DB
	log  *stream.Log
	bell *notify.Bell

	Walk int // how many posts a search looks through before it asks the index
}

// New serves the posts of db.
func New(db *postgres.DB, log *stream.Log, bell *notify.Bell) *Board {
	return &Board{db: db, log: log, bell: bell, Walk: search.Newest}
}

func deref(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(t.UTC())
}

func postFromRow(r *ent.Post) *Post {
	return &Post{ID: r.ID, AuthorID: deref(r.AuthorID), Title: r.Title, Body: r.Body, CreatedAt: r.CreatedAt.UTC(),
		EditedAt: utc(r.EditedAt), CommentCount: r.CommentCount, LikeCount: r.LikeCount}
}

func commentFromRow(r *ent.Comment) *Comment {
	return &Comment{ID: r.ID, PostID: r.PostID, ParentID: deref(r.ParentID), AuthorID: deref(r.AuthorID), Position: r.Position,
		Body: r.Body, CreatedAt: r.CreatedAt.UTC(), EditedAt: utc(r.EditedAt), DeletedAt: utc(r.DeletedAt), ReplyCount: r.ReplyCount, LikeCount: r.LikeCount}
}

// PostsByIDs finds posts; those that do not exist are absent.
func (b *Board) PostsByIDs(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*Post, error) {
	rows, err := b.db.Ent().Post.Query().Where(post.IDIn(list...)).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	found := make(map[uuid.UUID]*Post, len(rows))
	for _, r := range rows {
		found[r.ID] = postFromRow(r)
	}
	return found, nil
}

// CommentsByIDs finds comments; those that do not exist, or of which nothing remains, are absent.
func (b *Board) CommentsByIDs(ctx context.Context, list []uuid.UUID) (map[uuid.UUID]*Comment, error) {
	return commentsByID(b.db.Ent().Comment.Query().Where(comment.IDIn(list...), access.CommentRemains()).All(ctx))
}

func commentsByID(rows []*ent.Comment, err error) (map[uuid.UUID]*Comment, error) {
	if err != nil {
		return nil, postgres.Explain(err)
	}
	found := make(map[uuid.UUID]*Comment, len(rows))
	for _, r := range rows {
		found[r.ID] = commentFromRow(r)
	}
	return found, nil
}

// CommentsHeard finds those of the comments that the viewer is told of: also what is gone, so that it is taken
// away where it is shown.
func (b *Board) CommentsHeard(ctx context.Context, v access.Viewer, list []uuid.UUID) (map[uuid.UUID]*Comment, error) {
	return commentsByID(b.db.Ent().Comment.Query().Where(comment.IDIn(list...), access.Comment(v)).All(ctx))
}

// Posts are those of the board that the viewer has there, or of one author when author is not nil, the newest
// first.
func (b *Board) Posts(ctx context.Context, v access.Viewer, author *uuid.UUID, args page.Args) (*page.Page[*Post], error) {
	w, err := page.Read[uuid.UUID](args)
	if err != nil {
		return nil, err
	}
	q := b.db.Ent().Post.Query().Where(access.Post(v))
	if author != nil {
		q.Where(post.AuthorID(*author))
	}
	rows, err := q.Where(func(s *sql.Selector) { w.Apply(s, post.FieldID, page.Descending) }).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	list := make([]*Post, len(rows))
	for i, r := range rows {
		list[i] = postFromRow(r)
	}
	return page.Make(w, list, func(p *Post) uuid.UUID { return p.ID }), nil
}

// PostEdge is a post as it stands in the list of posts.
func PostEdge(p *Post) page.Edge[*Post] { return page.Edge[*Post]{Cursor: page.Cursor(p.ID), Node: p} }

// Comments are those on a post that the viewer has there, replies included, the oldest first.
func (b *Board) Comments(ctx context.Context, v access.Viewer, postID uuid.UUID, args page.Args) (*page.Page[*Comment], error) {
	return b.comments(ctx, b.db.Ent().Comment.Query().Where(comment.PostID(postID), access.Comment(v), access.CommentRemains()), args)
}

// Replies are the direct replies to a comment that the viewer has there, the oldest first.
func (b *Board) Replies(ctx context.Context, v access.Viewer, parentID uuid.UUID, args page.Args) (*page.Page[*Comment], error) {
	return b.comments(ctx, b.db.Ent().Comment.Query().Where(comment.ParentID(parentID), access.Comment(v), access.CommentRemains()), args)
}

func (b *Board) comments(ctx context.Context, q *ent.CommentQuery, args page.Args) (*page.Page[*Comment], error) {
	w, err := page.Read[int64](args)
	if err != nil {
		return nil, err
	}
	rows, err := q.Where(func(s *sql.Selector) { w.Apply(s, comment.FieldPosition, page.Ascending) }).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	list := make([]*Comment, len(rows))
	for i, r := range rows {
		list[i] = commentFromRow(r)
	}
	return page.Make(w, list, func(c *Comment) int64 { return c.Position }), nil
}

// CommentEdge is a comment as it stands in the list of comments of its post.
func CommentEdge(c *Comment) page.Edge[*Comment] {
	return page.Edge[*Comment]{Cursor: page.Cursor(c.Position), Node: c}
}

// Liked says which of the posts and comments the viewer likes.
func (b *Board) Liked(ctx context.Context, v access.Viewer, subjects []uuid.UUID) (map[uuid.UUID]bool, error) {
	liked := map[uuid.UUID]bool{}
	if v.IsAnonymous() {
		return liked, nil
	}
	rows, err := b.db.Ent().Like.Query().Where(like.UserID(v.UserID), like.SubjectIDIn(subjects...), like.RemovedAtIsNil()).
		Select(like.FieldSubjectID).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	for _, r := range rows {
		liked[r.SubjectID] = true
	}
	return liked, nil
}

// inputHash tells a repetition of an input from another input under the same key.
func inputHash(key *string, input ...any) []byte {
	if key == nil {
		return nil
	}
	b, _ := json.Marshal(input)
	h := sha256.Sum256(b)
	return h[:]
}
