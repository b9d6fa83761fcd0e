package notify

import (
	"context"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// Channel is a way to the user.
type Channel string

// InApp is the bell, and the events of open clients.
const InApp Channel = "IN_APP"

// Preference says whether one kind of notification takes one way to the user.
type Preference struct {
	Kind      Kind
	Channel   Channel
	IsEnabled bool
}

var (
	kinds    = []Kind{Note, Comment, Reply, Mention, Like}
	channels = []Channel{InApp}
)

// maxPreferences are changed at once: more than there are.
const maxPreferences = 50

const (
	readPreferences  = `SELECT kind, channel, is_enabled FROM notification_preferences WHERE user_id = $1`
	writePreferences = `
INSERT INTO notification_preferences (user_id, kind, channel, is_enabled) SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bool[])
ON CONFLICT (user_id, kind, channel) DO UPDATE SET is_enabled = excluded.is_enabled`
)

// Preferences are the viewer's: one for each kind on each channel. What was never switched is on.
func (b *Bell) Preferences(ctx context.Context, v access.Viewer) ([]Preference, error) {
	rows, err := b.db.Rows(ctx, readPreferences, v.UserID)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	defer rows.Close()
	type way struct {
		kind    Kind
		channel Channel
	}
	switched := map[way]bool{}
	for rows.Next() {
		var w way
		var enabled bool
		if err := rows.Scan(&w.kind, &w.channel, &enabled); err != nil {
			return nil, err
		}
		switched[w] = enabled
	}
	var list []Preference
	for _, k := range kinds {
		for _, c := range channels {
			enabled, known := switched[way{k, c}]
			list = append(list, Preference{Kind: k, Channel: c, IsEnabled: enabled || !known})
		}
	}
	return list, postgres.Explain(rows.Err())
}

// SetPreferences switches kinds on channels; the others stay as they are. It concerns what happens from then
// on: notifications that are there stay.
func (b *Bell) SetPreferences(ctx context.Context, v access.Viewer, list []Preference) error {
	var e problem.UserErrors
	switch {
	case len(list) == 0:
		e.Add(problem.Required, "preferences", "Name at least one kind and channel.")
	case len(list) > maxPreferences:
		e.Add(problem.Invalid, "preferences", "Name at most %d kinds and channels.", maxPreferences)
	}
	last := map[[2]string]bool{} // the last one of a kind and channel counts
	for _, p := range list {
		last[[2]string{string(p.Kind), string(p.Channel)}] = p.IsEnabled
	}
	if err := e.Err(); err != nil {
		return err
	}
	var kinds, channels []string
	var enabled []bool
	for k, on := range last {
		kinds, channels, enabled = append(kinds, k[0]), append(channels, k[1]), append(enabled, on)
	}
	return b.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, writePreferences, v.UserID, kinds, channels, enabled)
		return err
	})
}
