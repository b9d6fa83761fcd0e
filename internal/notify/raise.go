package notify

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// Occurrence is something of which a user is to be notified.
type Occurrence struct {
	User        uuid.UUID // who is notified; the mailbox must be locked by the batch
	Kind        Kind
	SubjectKind ids.Kind
	Subject     uuid.UUID // what it is about: the same kind on the same subject is one notification
	Within      uuid.UUID // what else silences it when the user has muted that, such as the post of a comment; nil: nothing
	Cause       uuid.UUID // what happened: the note, comment or like; it counts once
	Actor       uuid.UUID // who did it
}

func (o *Occurrence) groupKey() string { return groupKey(o.Kind, o.Subject) }

func groupKey(kind Kind, subject uuid.UUID) string { return string(kind) + ":" + subject.String() }

// A notification that is so old grows no more; the same again is a new one.
const openFor = 24 * time.Hour

// group is a notification that occurrences of this transaction make or make larger.
type group struct {
	Occurrence
	id         uuid.UUID
	isNew      bool
	isSeen     bool
	count      int
	actorCount int
	position   int64
	actors     map[uuid.UUID]bool
}

// Of all causes only a like can be given again, and only a mention written again, by an edit. OFFSET 0 has each question answered by an index, user by user:
// without it the planner may read whole tables instead, or all that one comment has caused among thousands.
const findGroups = `
SELECT o.i, n.id, coalesce(n.count, 0), coalesce(n.actor_count, 0), coalesce(n.is_seen, false), coalesce(n.created_at < $6, false),
  EXISTS (SELECT FROM notification_causes c WHERE c.notification_id = n.id AND c.actor_id = o.actor OFFSET 0),
  starts_with(o.key, 'LIKE:') AND EXISTS (SELECT FROM notification_causes c JOIN notifications x ON x.id = c.notification_id WHERE c.cause_id = o.cause AND x.user_id = o.user_id OFFSET 0)
    OR starts_with(o.key, 'MENTION:') AND EXISTS (SELECT FROM notifications x WHERE x.subject_id = o.subject AND x.user_id = o.user_id AND x.kind = 'MENTION' OFFSET 0)
    OR EXISTS (SELECT FROM notification_preferences x WHERE x.user_id = o.user_id AND x.kind = split_part(o.key, ':', 1) AND x.channel = 'IN_APP' AND NOT x.is_enabled OFFSET 0)
    OR EXISTS (SELECT FROM blocks b WHERE b.user_id = o.user_id AND b.other_id = o.actor OFFSET 0)
    OR EXISTS (SELECT FROM watchers x WHERE x.user_id = o.user_id AND x.subject_id IN (o.subject, o.within) AND x.is_muted OFFSET 0)
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::int[], $7::uuid[], $8::uuid[]) AS o(user_id, key, actor, cause, i, subject, within)
LEFT JOIN notifications n ON n.user_id = o.user_id AND n.group_key = o.key AND n.is_open
ORDER BY o.i`

const closeGroups = `UPDATE notifications SET is_open = false WHERE id = ANY($1)`

const writeGroups = `
WITH made AS (
  INSERT INTO notifications (id, user_id, kind, subject_kind, subject_id, group_key, count, actor_count, position, created_at, updated_at)
  SELECT g.id, g.user_id, g.kind, g.subject_kind, g.subject_id, g.key, g.count, g.actors, g.position, $15, $15
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::int[], $8::int[], $9::bigint[], $10::bool[])
    AS g(id, user_id, kind, subject_kind, subject_id, key, count, actors, position, is_new)
  WHERE g.is_new
), grown AS (
  UPDATE notifications AS n SET count = g.count, actor_count = g.actors, position = g.position, is_seen = false, updated_at = $15
  FROM unnest($1::uuid[], $7::int[], $8::int[], $9::bigint[], $10::bool[]) AS g(id, count, actors, position, is_new)
  WHERE n.id = g.id AND NOT g.is_new
)
INSERT INTO notification_causes (notification_id, actor_id, cause_id, position)
SELECT * FROM unnest($11::uuid[], $12::uuid[], $13::uuid[], $14::bigint[])`

// Raise notifies users, in the transaction of what they are notified of. Nobody is notified of what they
// did themselves, nor by whom they do not see, nor of a kind that they have switched off, nor of a subject that
// they have muted; and a cause that was counted before, such as a like taken back and given again, is not
// counted twice. Who is in the list several times for one cause is notified of the first of these that is not
// so kept from them: the list begins with what says most. The batch must hold the lock of each user's mailbox.
func (b *Bell) Raise(ctx context.Context, tx *postgres.Tx, batch *stream.Batch, list []Occurrence) error {
	var occurrences []Occurrence
	var users, actors, causes, about, within postgres.UUIDs
	var keys []string
	var order []int64
	for _, o := range list {
		if o.User == o.Actor {
			continue
		}
		order = append(order, int64(len(occurrences)))
		occurrences = append(occurrences, o)
		users, keys = append(users, o.User), append(keys, o.groupKey())
		actors, causes = append(actors, o.Actor), append(causes, o.Cause)
		about, within = append(about, o.Subject), append(within, o.Within)
	}
	if len(occurrences) == 0 {
		return nil
	}
	rows, err := tx.Rows(ctx, findGroups, users, keys, actors, causes, order, batch.At().Add(-openFor), about, within)
	if err != nil {
		return err
	}
	defer rows.Close()
	w := writer{batch: batch, groups: map[string]*group{}, counted: map[[2]uuid.UUID]bool{}}
	for rows.Next() {
		var i, count, actorCount int
		var id uuid.NullUUID
		var isSeen, isOld, actorKnown, isQuiet bool
		if err := rows.Scan(&i, &id, &count, &actorCount, &isSeen, &isOld, &actorKnown, &isQuiet); err != nil {
			return err
		}
		if !isQuiet {
			w.add(&occurrences[i], id, isOld, &group{isSeen: isSeen, count: count, actorCount: actorCount}, actorKnown)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return w.write(ctx, tx)
}

// writer collects the rows of one Raise.
type writer struct {
	batch   *stream.Batch
	groups  map[string]*group // by user and group key
	list    []*group
	stale   postgres.UUIDs
	counted map[[2]uuid.UUID]bool // user and cause

	causeGroups, causeActors, causes postgres.UUIDs
	causePositions                   []int64
}

func (w *writer) add(o *Occurrence, found uuid.NullUUID, isOld bool, stored *group, actorKnown bool) {
	if w.counted[[2]uuid.UUID{o.User, o.Cause}] {
		return
	}
	w.counted[[2]uuid.UUID{o.User, o.Cause}] = true
	key := o.User.String() + o.groupKey()
	g := w.groups[key]
	if g == nil {
		g = stored
		g.Occurrence, g.id, g.actors = *o, found.UUID, map[uuid.UUID]bool{}
		if found.Valid && isOld {
			w.stale = append(w.stale, found.UUID)
		}
		if !found.Valid || isOld {
			*g = group{Occurrence: *o, id: w.batch.New(), isNew: true, isSeen: true, actors: map[uuid.UUID]bool{}}
			actorKnown = false
		}
		w.groups[key] = g
		w.list = append(w.list, g)
	} else if g.isNew {
		actorKnown = false
	}
	kind := stream.NotificationGrew
	if g.isNew && g.count == 0 {
		kind = stream.NotificationReceived
		w.batch.Count(o.User, stream.Unread{Notifications: 1})
	}
	if g.isSeen {
		g.isSeen = false
		w.batch.Count(o.User, stream.Unread{Unseen: 1})
	}
	g.count++
	if !actorKnown && !g.actors[o.Actor] {
		g.actorCount++
	}
	g.actors[o.Actor] = true
	g.position = w.batch.Append(o.User, kind, g.id, o.Actor)
	w.causeGroups, w.causeActors = append(w.causeGroups, g.id), append(w.causeActors, o.Actor)
	w.causes, w.causePositions = append(w.causes, o.Cause), append(w.causePositions, g.position)
}

func (w *writer) write(ctx context.Context, tx *postgres.Tx) error {
	if len(w.list) == 0 {
		return nil
	}
	if len(w.stale) > 0 {
		if _, err := tx.Exec(ctx, closeGroups, w.stale); err != nil {
			return err
		}
	}
	var idList, users, subjects postgres.UUIDs
	var kinds, subjectKinds, keys []string
	var counts, actorCounts, positions []int64
	var isNew []bool
	for _, g := range w.list {
		idList, users, subjects = append(idList, g.id), append(users, g.User), append(subjects, g.Subject)
		kinds, subjectKinds, keys = append(kinds, string(g.Kind)), append(subjectKinds, strings.ToUpper(string(g.SubjectKind))), append(keys, g.groupKey())
		counts, actorCounts = append(counts, int64(g.count)), append(actorCounts, int64(g.actorCount))
		positions, isNew = append(positions, g.position), append(isNew, g.isNew)
	}
	_, err := tx.Exec(ctx, writeGroups, idList, users, kinds, subjectKinds, subjects, keys, counts, actorCounts, positions, isNew,
		w.causeGroups, w.causeActors, w.causes, w.causePositions, w.batch.At())
	return err
}
