package accounts

import (
	"context"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
)

// A name counts where no letter, digit or `_` stands before it: not in an address of mail. What is too long
// for a name names nobody, rather than whoever has its beginning for a name.
var mention = regexp.MustCompile(`(?:^|[^\pL\pN_])@([A-Za-z0-9_]{3,})`)

// maxMentions of one text are told: naming everybody is not for the one who writes.
const maxMentions = 20

// NamesIn are the usernames that a text mentions, as @username, each once, in lower case: the first 20. There
// need not be such users.
func NamesIn(text string) (names []string) {
	seen := map[string]bool{}
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		if name := strings.ToLower(m[1]); len(name) <= maxUsername && !seen[name] && len(names) < maxMentions {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// ByNames finds, in tx, the users who have these usernames. Names that nobody has are passed over.
func ByNames(ctx context.Context, tx *postgres.Tx, names []string) ([]uuid.UUID, error) {
	if len(names) == 0 {
		return nil, nil
	}
	return postgres.Column[uuid.UUID](tx.Rows(ctx, `SELECT id FROM users WHERE username = ANY($1)`, names))
}
