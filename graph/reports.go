package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/ids"
)

// reportContent finds the subject as the viewer sees it: the text that a report keeps is what stood before the
// reporter's eyes.
func (r *Resolver) reportContent(ctx context.Context, input model.ReportContentInput) (*model.ReportContentPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	in := accounts.NewReport{Reason: input.Reason, IdempotencyKey: input.IdempotencyKey}
	in.SubjectKind, in.SubjectID, _ = ids.Decode(input.SubjectID)
	found, err := object(ctx, in.SubjectKind, in.SubjectID)
	if err != nil {
		return nil, err
	}
	if subject, ok := found.(model.Reportable); ok {
		in.Evidence = new(subject.Evidence())
	}
	report, err := r.Accounts.Report(ctx, v, in)
	p := &model.ReportContentPayload{}
	if p.UserErrors, err = refused(err); err != nil || report == nil {
		return p, err
	}
	p.Report = report
	return p, nil
}

func (r *Resolver) reportSubject(ctx context.Context, obj *accounts.Report) (model.ReportSubject, error) {
	found, err := object(ctx, obj.SubjectKind, obj.SubjectID)
	if found == nil || err != nil {
		return nil, err
	}
	return found, nil
}
