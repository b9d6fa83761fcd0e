package notes

import (
	"context"
	"strings"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
	"github.com/notewire/notewire/internal/search"
)

// Box is a list of notes over all conversations.
type Box string

// The boxes.
const (
	Inbox   Box = "INBOX"   // what others wrote to the viewer, but what is in the archive
	Outbox  Box = "SENT"    // what the viewer wrote
	Archive Box = "ARCHIVE" // what is in archived conversations, and has a place in the viewer's log
)

// BoxFilter says what of a box is wanted.
type BoxFilter struct {
	Box        Box
	UnreadOnly bool    // only what others wrote and the viewer has not read
	Search     *string // only what contains all of these words; nil, or white space: all
}

// A box is read in one of these ways.
type way int

const (
	listed way = iota // as it stands
	walked            // as it stands, and how far the texts come to walkBytes: for a search
	found             // only what the index of words has
)

type boxKey struct {
	box        Box
	unreadOnly bool
	way        way
	backward   bool
}

// boxSQL are the statements of all boxes in all ways. Their parameters: $1 the viewer, $2 and $3 the window,
// $4 how many; of a search $5 how many bytes of texts, and of what is found $6 the terms.
var boxSQL = map[boxKey]string{}

func init() {
	for _, box := range []Box{Inbox, Outbox, Archive} {
		for _, unreadOnly := range []bool{false, true} {
			for _, way := range []way{listed, walked, found} {
				for _, backward := range []bool{false, true} {
					k := boxKey{box, unreadOnly, way, backward}
					boxSQL[k] = k.statement()
				}
			}
		}
	}
}

// OFFSET 0 keeps the planner from another order of joins: it does not know how few rows come first.
const (
	// The order is an index's own: entries by user and position.
	entries = `inbox_entries i JOIN participants p ON p.conversation_id = i.conversation_id`
	// What is not read is less than what was: from the conversations that have such notes.
	unreadEntries = `(SELECT * FROM participants WHERE user_id = $1 AND unread_count > 0 OFFSET 0) AS p
CROSS JOIN LATERAL (SELECT * FROM inbox_entries e WHERE e.user_id = $1 AND e.conversation_id = p.conversation_id AND e.seq > p.last_read_seq OFFSET 0) AS i`
	foundEntries = `found f
CROSS JOIN LATERAL (SELECT * FROM inbox_entries e WHERE e.user_id = $1 AND e.conversation_id = f.conversation_id AND e.seq = f.seq OFFSET 0) AS i
JOIN participants p ON p.conversation_id = i.conversation_id`
	foundNotes = `found f
CROSS JOIN LATERAL (SELECT * FROM notes WHERE conversation_id = f.conversation_id AND seq = f.seq OFFSET 0) AS n`

	received   = ` WHERE i.user_id = $1 AND p.user_id = $1 AND i.position < $2 AND i.position > $3 AND p.state <> 'DECLINED'`
	unread     = ` AND i.counts AND i.seq > p.last_read_seq`
	written    = ` WHERE n.sender_id = $1 AND n.position < $2 AND n.position > $3`
	isArchived = ` AND EXISTS (SELECT FROM participants p WHERE p.conversation_id = n.conversation_id AND p.user_id = $1 AND p.is_archived)`

	findTerms = `WITH found AS MATERIALIZED (SELECT conversation_id, seq FROM note_terms WHERE terms @> $6) `
)

// places is a statement for the places of a box in reading order: with the notes, of which only those that
// the viewer may see count for the limit; or for a search all, with note_id. What others wrote and what the
// viewer did both stand at a place in the viewer's log, so that the two halves of the archive are one list.
func (k boxKey) places(order string) string {
	theirs, mine := entries, `notes n`
	switch {
	case k.way == found:
		theirs, mine = foundEntries, foundNotes
	case k.unreadOnly:
		theirs = unreadEntries
	}
	if k.way == listed {
		theirs = `SELECT ` + noteColumns + `, i.position AS place FROM ` + theirs + ` JOIN notes n ON n.id = i.note_id` + received + ` AND ` + access.NoteVisible
		mine = `SELECT ` + noteColumns + `, n.position AS place FROM ` + mine + written + ` AND ` + access.NoteVisible
	} else {
		theirs = `SELECT i.note_id, i.position AS place FROM ` + theirs + received
		mine = `SELECT n.id AS note_id, n.position AS place FROM ` + mine + written
	}
	if k.unreadOnly {
		theirs += unread
		mine += ` AND false`
	}
	limit := order + ` LIMIT $4`
	switch k.box {
	case Inbox:
		return theirs + ` AND NOT p.is_archived` + limit
	case Outbox:
		return mine + limit
	default:
		return `SELECT * FROM ((` + theirs + ` AND p.is_archived` + limit + `) UNION ALL (` + mine + isArchived + limit + `)) AS b` + limit
	}
}

// statement is the text for a box. A search tells apart what it looked at from what it may show: it gives
// every place, and the text where fits says so.
func (k boxKey) statement() string {
	order := ` ORDER BY place DESC`
	if k.backward {
		order = ` ORDER BY place`
	}
	if k.way == listed {
		return k.places(order)
	}
	body := strings.Replace(noteColumns, `n.body`, `CASE WHEN fits AND visible THEN n.body ELSE '' END`, 1)
	text := `SELECT ` + body + `, place, fits FROM (
SELECT n.*, place, row_number() OVER w = 1 OR sum(octet_length(n.body)) OVER w <= $5 AS fits, (` + access.NoteVisible + `) AS visible
FROM (` + k.places(order) + `) AS b JOIN notes n ON n.id = b.note_id
WINDOW w AS (` + strings.TrimSpace(order) + ` ROWS UNBOUNDED PRECEDING)) AS n` + order
	if k.way == found {
		text = findTerms + text
	}
	return text
}

// Box is the viewer's notes of one box, the newest first.
func (s *Notes) Box(ctx context.Context, v access.Viewer, f BoxFilter, args page.Args) (*page.Page[*Note], error) {
	w, err := page.Read[int64](args)
	if err != nil {
		return nil, err
	}
	words, err := search.Words(f.Search)
	if err != nil {
		return nil, err
	}
	if len(words) > 0 {
		return s.search(ctx, v, f, words, w)
	}
	return s.page(ctx, w, boxSQL[boxKey{f.Box, f.UnreadOnly, listed, w.Backward}], v)
}
