package notes

import (
	"context"
	"strings"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/page"
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

const (
	// The order is an index's own: entries by user and position.
	entries = `inbox_entries i JOIN participants p ON p.conversation_id = i.conversation_id AND p.user_id = $1`
	// What is not read is less than what was: from the conversations that have such notes.
	unreadEntries = `participants p JOIN inbox_entries i ON i.conversation_id = p.conversation_id AND i.seq > p.last_read_seq AND i.counts AND p.unread_count > 0`
	foundEntries  = `found f JOIN inbox_entries i ON i.conversation_id = f.conversation_id AND i.seq = f.seq
  JOIN participants p ON p.conversation_id = i.conversation_id`
	foundNotes = `found f JOIN notes n ON n.conversation_id = f.conversation_id AND n.seq = f.seq`

	received = ` JOIN notes n ON n.id = i.note_id
WHERE i.user_id = $1 AND p.user_id = $1 AND i.position < $2 AND i.position > $3 AND p.state <> 'DECLINED' AND ` + access.NoteVisible
	written = `
WHERE n.sender_id = $1 AND n.position < $2 AND n.position > $3 AND ` + access.NoteVisible
	isArchived = ` AND EXISTS (SELECT FROM participants p WHERE p.conversation_id = n.conversation_id AND p.user_id = $1 AND p.is_archived)`

	findTerms = `WITH found AS MATERIALIZED (SELECT conversation_id, seq FROM note_terms WHERE terms @> $6) `
)

// statement is the text for a box. What others wrote and what the viewer did both stand at a place in the
// viewer's log, so that the two halves of the archive are one list.
func (k boxKey) statement() string {
	theirs, mine := entries, `notes n`
	switch {
	case k.way == found:
		theirs, mine = foundEntries, foundNotes
	case k.unreadOnly:
		theirs = unreadEntries
	}
	theirs += received
	mine += written
	if k.unreadOnly {
		theirs += ` AND i.counts AND i.seq > p.last_read_seq`
		mine += ` AND false`
	}
	theirs = `SELECT ` + noteColumns + `, i.position AS place FROM ` + theirs
	mine = `SELECT ` + noteColumns + `, n.position AS place FROM ` + mine

	order := ` ORDER BY place DESC`
	if k.backward {
		order = ` ORDER BY place`
	}
	first := order + ` LIMIT $4`
	var text string
	switch k.box {
	case Inbox:
		text = theirs + ` AND NOT p.is_archived` + first
	case Outbox:
		text = mine + first
	case Archive:
		text = `SELECT * FROM ((` + theirs + ` AND p.is_archived` + first + `) UNION ALL (` + mine + isArchived + first + `)) AS n` + first
	}
	if k.way == listed {
		return text
	}
	// Texts beyond the limit stay where they are.
	body := strings.Replace(noteColumns, `n.body`, `CASE WHEN fits THEN n.body ELSE '' END`, 1)
	text = `SELECT ` + body + `, place, fits FROM (
SELECT n.*, row_number() OVER w = 1 OR sum(octet_length(n.body)) OVER w <= $5 AS fits FROM (` + text + `) AS n
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
	words, err := f.words()
	if err != nil {
		return nil, err
	}
	if len(words) > 0 {
		return s.search(ctx, v, f, words, w)
	}
	return s.page(ctx, w, boxSQL[boxKey{f.Box, f.UnreadOnly, listed, w.Backward}], v)
}
