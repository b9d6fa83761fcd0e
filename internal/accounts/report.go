package accounts

import (
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
)

// Report is what a user has told the moderators of something that others wrote.
type Report struct {
	ID          uuid.UUID
	ReporterID  uuid.UUID
	SubjectKind ids.Kind
	SubjectID   uuid.UUID
	Reason      string
	Evidence    string // the text as it was when it was reported
	CreatedAt   time.Time
}

// GlobalID is the identifier that clients see.
func (r *Report) GlobalID() string { return ids.Encode(ids.Report, r.ID) }
