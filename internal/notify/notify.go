// Package notify is the bell: notifications, how the same again makes one grow, and what of them was seen
// and read. It is told a user, a subject and an actor, and knows nothing of notes or posts.
package notify

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/notewire/notewire/ent"
	"github.com/notewire/notewire/ent/notification"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// Kind says why there is a notification.
type Kind string

// The kinds of notifications.
const (
	Note    Kind = "NOTE"
	Comment Kind = "COMMENT"
	Reply   Kind = "REPLY"
	Mention Kind = "MENTION"
	Like    Kind = "LIKE"
)

// Notification is one line of a user's bell.
type Notification struct {
	ID          uuid.UUID
	Kind        Kind
	SubjectKind ids.Kind
	SubjectID   uuid.UUID
	Count       int
	ActorCount  int
	IsSeen      bool
	IsRead      bool
	IsArchived  bool
	Position    int64 // of its latest event in the user's log: the order of the bell
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// GlobalID is the identifier that clients see.
func (n *Notification) GlobalID() string { return ids.Encode(ids.Notification, n.ID) }

// Bell serves the notifications of one database.
type Bell struct {
	db  *postgres.DB
	log *stream.Log

	AtOnce int // how many users one transaction notifies: MaxTold, or fewer
}

// New serves the notifications of db.
func New(db *postgres.DB, log *stream.Log) *Bell { return &Bell{db: db, log: log, AtOnce: MaxTold} }

var subjectKinds = map[notification.SubjectKind]ids.Kind{
	notification.SubjectKindCONVERSATION: ids.Conversation,
	notification.SubjectKindNOTE:         ids.Note,
	notification.SubjectKindPOST:         ids.Post,
	notification.SubjectKindCOMMENT:      ids.Comment,
}

func fromRow(r *ent.Notification) *Notification {
	n := &Notification{ID: r.ID, Kind: Kind(r.Kind), Count: r.Count, ActorCount: r.ActorCount, IsSeen: r.IsSeen, IsRead: r.IsRead, IsArchived: r.IsArchived,
		Position: r.Position, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC()}
	if r.SubjectID != nil && r.SubjectKind != nil {
		n.SubjectID, n.SubjectKind = *r.SubjectID, subjectKinds[*r.SubjectKind]
	}
	return n
}

// Filter narrows a list of notifications.
type Filter struct {
	UnreadOnly bool
	Kinds      []Kind // all, when empty
	Archived   bool   // those that were put away, instead of the others
}

// List is the viewer's bell, the notification that last grew first.
func (b *Bell) List(ctx context.Context, v access.Viewer, f Filter, args page.Args) (*page.Page[*Notification], error) {
	w, err := page.Read[int64](args)
	if err != nil {
		return nil, err
	}
	q := b.db.Ent().Notification.Query().Where(access.Notification(v), notification.IsArchived(f.Archived))
	if f.UnreadOnly {
		q.Where(notification.IsRead(false))
	}
	if len(f.Kinds) > 0 {
		kinds := make([]notification.Kind, len(f.Kinds))
		for i, k := range f.Kinds {
			kinds[i] = notification.Kind(k)
		}
		q.Where(notification.KindIn(kinds...))
	}
	rows, err := q.Where(func(s *sql.Selector) { w.Apply(s, notification.FieldPosition, page.Descending) }).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	return page.Make(w, fromRows(rows), func(n *Notification) int64 { return n.Position }), nil
}

func fromRows(rows []*ent.Notification) []*Notification {
	list := make([]*Notification, len(rows))
	for i, r := range rows {
		list[i] = fromRow(r)
	}
	return list
}

// ByIDs finds those of the viewer's notifications that still exist.
func (b *Bell) ByIDs(ctx context.Context, v access.Viewer, list []uuid.UUID) (map[uuid.UUID]*Notification, error) {
	rows, err := b.db.Ent().Notification.Query().Where(access.Notification(v), notification.IDIn(list...)).All(ctx)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	found := make(map[uuid.UUID]*Notification, len(rows))
	for _, r := range rows {
		found[r.ID] = fromRow(r)
	}
	return found, nil
}

const readActors = `
SELECT n.id, a.actor_id FROM unnest($1::uuid[]) AS n(id)
CROSS JOIN LATERAL (
  SELECT actor_id, max(position) AS latest FROM notification_causes WHERE notification_id = n.id
  GROUP BY actor_id ORDER BY latest DESC LIMIT $2
) AS a
ORDER BY n.id, a.latest DESC`

// Actors finds who made each notification, the latest first, at most limit each.
func (b *Bell) Actors(ctx context.Context, notifications []uuid.UUID, limit int) (map[uuid.UUID][]uuid.UUID, error) {
	rows, err := b.db.Rows(ctx, readActors, postgres.UUIDs(notifications), limit)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	actors := map[uuid.UUID][]uuid.UUID{}
	for rows.Next() {
		var n, a uuid.UUID
		if err := rows.Scan(&n, &a); err != nil {
			return nil, err
		}
		actors[n] = append(actors[n], a)
	}
	return actors, postgres.Explain(rows.Err())
}
