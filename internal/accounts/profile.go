package accounts

import (
	"context"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// Profile is what a user may change of the account. nil stays as it is.
type Profile struct {
	DisplayName     *string
	AvatarURL       *string // empty: no picture
	SharesReadMarks *bool
}

// maxLink is the longest link, in code points: what browsers and proxies all take.
const maxLink = 2000

const writeProfile = `
UPDATE users SET display_name = coalesce($2, display_name), avatar_url = CASE WHEN $3::text IS NULL THEN avatar_url ELSE nullif($3, '') END,
  shares_read_marks = coalesce($4, shares_read_marks)
WHERE id = $1`

// UpdateProfile changes what others see of the viewer.
func (a *Accounts) UpdateProfile(ctx context.Context, v access.Viewer, in Profile) error {
	var e problem.UserErrors
	if in.DisplayName != nil {
		e.Text("displayName", *in.DisplayName, maxDisplayName)
	}
	if in.AvatarURL != nil && *in.AvatarURL != "" {
		checkLink(&e, "avatarUrl", *in.AvatarURL)
	}
	if err := e.Err(); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, writeProfile, v.UserID, in.DisplayName, in.AvatarURL, in.SharesReadMarks)
		return err
	})
}

// checkLink refuses what is no absolute https link. Names and passwords do not belong in one that everybody
// sees.
func checkLink(e *problem.UserErrors, field, link string) {
	if n := utf8.RuneCountInString(link); n > maxLink {
		e.Add(problem.TooLong, field, "This has %d characters; at most %d are allowed.", n, maxLink)
		return
	}
	u, err := url.Parse(link)
	switch {
	case strings.ContainsFunc(link, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		e.Add(problem.Invalid, field, "A link has no spaces and no control characters.")
	case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
		e.Add(problem.Invalid, field, "Give a link that begins with https:// and the name of a host.")
	default:
		e.Characters(field, link)
	}
}

const readSharesReadMarks = `SELECT shares_read_marks FROM users WHERE id = $1`

// SharesReadMarks says whether others see how far the viewer has read, and the viewer how far others have.
func (a *Accounts) SharesReadMarks(ctx context.Context, v access.Viewer) (bool, error) {
	list, err := postgres.Column[bool](a.db.Rows(ctx, readSharesReadMarks, v.UserID))
	return len(list) == 1 && list[0], postgres.Explain(err)
}

const (
	replacePassword  = `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`
	endOtherSessions = `DELETE FROM tokens WHERE user_id = $1 AND kind = 'SESSION' AND id <> $2 RETURNING id`
)

// ChangePassword gives the viewer another password and ends all sessions but the viewer's own. It returns
// those that have ended.
func (a *Accounts) ChangePassword(ctx context.Context, v access.Viewer, current, password string) (ended []uuid.UUID, err error) {
	var e problem.UserErrors
	had, ok, err := a.checkOwnPassword(ctx, v, current)
	if err != nil {
		return nil, err
	}
	wrong := problem.UserError{Code: problem.WrongCredentials, Field: []string{"currentPassword"}, Message: "This is not your password."}
	if !ok {
		e = append(e, wrong)
	}
	checkNewPassword(&e, "newPassword", password)
	if err := e.Err(); err != nil {
		return nil, err
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return nil, err
	}
	err = a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		ended = nil
		changed, err := tx.Exec(ctx, replacePassword, v.UserID, had, hash)
		if err != nil {
			return err
		}
		if changed == 0 { // another request has changed it meanwhile
			return problem.UserErrors{wrong}
		}
		if ended, err = postgres.Column[uuid.UUID](tx.Rows(ctx, endOtherSessions, v.UserID, v.SessionID)); err != nil {
			return err
		}
		return a.log.Ring(ctx, tx, ended...)
	})
	if err != nil {
		return nil, err
	}
	for _, id := range ended {
		a.Forget(id)
	}
	return ended, nil
}

// checkOwnPassword compares a password with the viewer's, and returns the hash that it was compared with.
func (a *Accounts) checkOwnPassword(ctx context.Context, v access.Viewer, password string) (hash string, ok bool, err error) {
	row, err := a.db.Ent().User.Get(ctx, v.UserID)
	if err != nil {
		return "", false, postgres.Explain(err)
	}
	hash = dummyHash
	if row.PasswordHash != nil {
		hash = *row.PasswordHash
	}
	ok, err = matches(ctx, hash, password)
	return hash, ok, err
}
