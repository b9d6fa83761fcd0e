package accounts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/ent"
	"github.com/notewire/notewire/ent/report"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/problem"
)

// Report is what a user has told the moderators of something that others wrote, or of a user.
type Report struct {
	ID          uuid.UUID
	ReporterID  uuid.UUID // nil when the account is gone
	SubjectKind ids.Kind
	SubjectID   uuid.UUID
	Reason      string
	Evidence    string // the text as it was when it was reported
	CreatedAt   time.Time
}

// GlobalID is the identifier that clients see.
func (r *Report) GlobalID() string { return ids.Encode(ids.Report, r.ID) }

// Evidence is what a report keeps of a user.
func (u *User) Evidence() string { return "@" + u.Username + " " + u.DisplayName }

func reportFromRow(r *ent.Report) *Report {
	found := &Report{ID: r.ID, SubjectKind: ids.Kind(strings.ToLower(string(r.SubjectKind))), SubjectID: r.SubjectID,
		Reason: r.Reason, Evidence: r.Evidence, CreatedAt: r.CreatedAt.UTC()}
	if r.ReporterID != nil {
		found.ReporterID = *r.ReporterID
	}
	return found
}

// NewReport is a report to be made.
type NewReport struct {
	SubjectKind    ids.Kind
	SubjectID      uuid.UUID
	Evidence       *string // the subject's text; nil when there is no such note, post, comment or user for the viewer
	Reason         string
	IdempotencyKey *string
}

// maxReason is the longest reason of a report, in code points.
const maxReason = 1000

// hash is of the input but its key and what was found: a repetition is one, though the subject is gone by then.
func (in *NewReport) hash() []byte {
	b, _ := json.Marshal([]any{in.SubjectKind, in.SubjectID, in.Reason})
	h := sha256.Sum256(b)
	return h[:]
}

// subject says what is wrong with what is reported.
func (in *NewReport) subject() problem.UserErrors {
	field := []string{"subjectId"}
	switch {
	case in.Evidence == nil:
		return problem.UserErrors{{Code: problem.Missing, Field: field, Message: "There is no such note, post, comment or user."}}
	case *in.Evidence == "": // no text is, but that of a note unsent or a comment deleted
		return problem.UserErrors{{Code: problem.NotAllowed, Field: field, Message: "There is nothing left of it to report: its text was taken back."}}
	}
	return nil
}

// Report tells the moderators of a note, a post, a comment or a user, and keeps its text as evidence. The key of
// an earlier report of the same user is that report, if the input is the same, and CONFLICT otherwise.
func (a *Accounts) Report(ctx context.Context, v access.Viewer, in NewReport) (*Report, error) {
	var e problem.UserErrors
	e.Text("reason", in.Reason, maxReason)
	e.IdempotencyKey("idempotencyKey", in.IdempotencyKey)
	if len(e) > 0 {
		return nil, append(in.subject(), e...) // by itself the subject is judged only once the key is known to be new
	}
	id, now, hash := a.log.Clock.New(), a.log.Clock.Now(), in.hash()
	var result *Report
	err := a.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if in.IdempotencyKey != nil {
			row, err := tx.Ent().Report.Query().Where(report.ReporterID(v.UserID), report.IdempotencyKey(*in.IdempotencyKey)).Only(ctx)
			switch {
			case err == nil && !bytes.Equal(row.InputHash, hash):
				return problem.Refuse(problem.Conflict, "idempotencyKey", "This key was used for another report: send a new key with a new report.")
			case err == nil:
				result = reportFromRow(row)
				return nil
			case !ent.IsNotFound(err):
				return err
			}
		}
		if e := in.subject(); e != nil {
			return e
		}
		create := tx.Ent().Report.Create().SetID(id).SetReporterID(v.UserID).SetSubjectKind(report.SubjectKind(strings.ToUpper(string(in.SubjectKind)))).
			SetSubjectID(in.SubjectID).SetReason(in.Reason).SetEvidence(*in.Evidence).SetCreatedAt(now)
		if in.IdempotencyKey != nil {
			create.SetIdempotencyKey(*in.IdempotencyKey).SetInputHash(hash)
		}
		row, err := create.Save(ctx)
		if postgres.ViolatedConstraint(err) == "report_reporter_id_idempotency_key" {
			return postgres.ErrAgain // the same key was sent at the same time: run again and find its report
		}
		if err == nil {
			result = reportFromRow(row)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// OwnReport finds a report that the viewer has made, or nil.
func (a *Accounts) OwnReport(ctx context.Context, v access.Viewer, id uuid.UUID) (*Report, error) {
	row, err := a.db.Ent().Report.Query().Where(report.ID(id), report.ReporterID(v.UserID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, postgres.Explain(err)
	}
	return reportFromRow(row), nil
}
