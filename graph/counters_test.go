package graph_test

import (
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

// checkCounters holds what is counted against what there is, for all users of a site, and that nothing counts
// which its user may not see.
func checkCounters(t testing.TB, site *sitetest.Server) {
	t.Helper()
	for what, query := range map[string]string{
		"unread notes of a participant": `
SELECT p.user_id::text || ' in ' || p.conversation_id || ': ' || p.unread_count FROM participants p JOIN conversations c ON c.id = p.conversation_id AND c.kind <> 'ROOM'
WHERE p.unread_count <> (SELECT count(*) FROM inbox_entries e WHERE e.user_id = p.user_id AND e.conversation_id = p.conversation_id AND e.seq > p.last_read_seq AND e.counts)`,
		"unread notes and conversations": `
SELECT t.id::text || ': ' || t.unread_notes || ' in ' || t.unread_conversations FROM topics t JOIN users u USING (id)
WHERE (t.unread_notes, t.unread_conversations) <> (SELECT coalesce(sum(unread_count), 0), count(*) FILTER (WHERE unread_count > 0) FROM participants p WHERE p.user_id = t.id)`,
		"notifications": `
SELECT t.id::text || ': ' || t.unread_notifications || ', unseen ' || t.unseen_notifications FROM topics t JOIN users u USING (id)
WHERE (t.unread_notifications, t.unseen_notifications) <> (SELECT count(*) FILTER (WHERE NOT is_read), count(*) FILTER (WHERE NOT is_seen) FROM notifications n WHERE n.user_id = t.id)`,
		"causes of a notification": `
SELECT n.id::text || ': ' || n.count || ' by ' || n.actor_count FROM notifications n
WHERE (n.count, n.actor_count) <> (SELECT count(*), count(DISTINCT actor_id) FROM notification_causes c WHERE c.notification_id = n.id) OR n.count = 0`,
		"counters of the last event": `
SELECT t.id::text || ' at ' || t.seq FROM topics t JOIN users u USING (id) JOIN events e ON e.topic_id = t.id AND e.seq = t.seq
WHERE (t.unread_notes, t.unread_conversations, t.unread_notifications, t.unseen_notifications) <> (e.unread_notes, e.unread_conversations, e.unread_notifications, e.unseen_notifications)`,
		"gaps": `
SELECT t.id::text || ' at ' || t.seq FROM topics t WHERE t.seq <> (SELECT count(*) FROM events e WHERE e.topic_id = t.id)`,
		"what is hidden and counts": `
SELECT e.user_id::text || ' note ' || e.note_id FROM inbox_entries e JOIN notes n ON n.id = e.note_id JOIN blocks b ON b.user_id = e.user_id AND b.other_id = n.sender_id
JOIN participants p ON p.user_id = e.user_id AND p.conversation_id = e.conversation_id WHERE e.counts AND e.seq > p.last_read_seq`,
		"what is hidden and notified of": `
SELECT n.id::text FROM notifications n JOIN notification_causes c ON c.notification_id = n.id JOIN blocks b ON b.user_id = n.user_id AND b.other_id = c.actor_id`,
		"comments of a post": `
SELECT p.id::text || ': ' || p.comment_count FROM posts p
WHERE p.comment_count <> (SELECT count(*) FROM comments c WHERE c.post_id = p.id AND (c.deleted_at IS NULL OR c.reply_count > 0))`,
		"replies to a comment": `
SELECT c.id::text || ': ' || c.reply_count FROM comments c
WHERE c.reply_count <> (SELECT count(*) FROM comments r WHERE r.parent_id = c.id AND (r.deleted_at IS NULL OR r.reply_count > 0))`,
		"likes": `
SELECT s.id::text || ': ' || s.like_count FROM (SELECT id, like_count FROM posts UNION ALL SELECT id, like_count FROM comments) s
WHERE s.like_count <> (SELECT count(*) FROM likes l WHERE l.subject_id = s.id AND l.removed_at IS NULL)`,
		"what a deletion has left behind": `
SELECT x.what || ' of ' || x.id FROM (
  SELECT 'a like', subject_id FROM likes UNION ALL SELECT 'a watcher', subject_id FROM watchers UNION ALL SELECT 'a fanout', subject_id FROM fanouts
  UNION ALL SELECT 'a notification', subject_id FROM notifications WHERE subject_kind IN ('POST', 'COMMENT')
) AS x(what, id) WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = x.id) AND NOT EXISTS (SELECT FROM comments c WHERE c.id = x.id AND c.deleted_at IS NULL)
  AND NOT EXISTS (SELECT FROM retractions r WHERE r.gone_id = x.id)`,
		"direct conversations": `
SELECT c.pair FROM conversations c JOIN participants p ON p.conversation_id = c.id JOIN participants o ON o.conversation_id = c.id AND o.user_id <> p.user_id
WHERE c.kind = 'DIRECT' AND p.is_blocked <> EXISTS (SELECT FROM blocks b WHERE b.user_id = p.user_id AND b.other_id = o.user_id)`,
		"blocks of one side": `
SELECT b.user_id::text FROM blocks b LEFT JOIN blocks o ON o.user_id = b.other_id AND o.other_id = b.user_id WHERE o.user_id IS NULL OR NOT (b.by_user OR o.by_user)`,
	} {
		for _, found := range column(t, site, query) {
			t.Errorf("%s: %s", what, found)
		}
	}
}

// column is what a query with one column of text gives.
func column(t testing.TB, site *sitetest.Server, query string) (found []string) {
	t.Helper()
	rows, err := site.DB.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		found = append(found, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return found
}
