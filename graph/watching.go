package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/board"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/problem"
)

func (r *Resolver) muteSubject(ctx context.Context, input model.MuteSubjectInput) (*model.MuteSubjectPayload, error) {
	p := &model.MuteSubjectPayload{}
	var err error
	p.Subject, p.Cursor, p.UserErrors, err = r.setMuted(ctx, input.SubjectID, true)
	return p, err
}

func (r *Resolver) unmuteSubject(ctx context.Context, input model.UnmuteSubjectInput) (*model.UnmuteSubjectPayload, error) {
	p := &model.UnmuteSubjectPayload{}
	var err error
	p.Subject, p.Cursor, p.UserErrors, err = r.setMuted(ctx, input.SubjectID, false)
	return p, err
}

// setMuted mutes a post or a conversation, or not any more, and reads what that made of it.
func (r *Resolver) setMuted(ctx context.Context, subject string, muted bool) (found model.MutableSubject, cursor *string, refusals []problem.UserError, err error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	kind, id, _ := ids.Decode(subject)
	switch kind {
	case ids.Post:
		if err = r.Board.SetWatching(ctx, v, id, !muted); isMissing(err) {
			err = noSubject
		}
	case ids.Conversation:
		var kept *notes.Kept
		kept, err = r.Notes.Mute(ctx, v, id, muted)
		if isMissing(err) {
			err = noSubject
		} else if err == nil {
			cursor = kept.Cursor
		}
	case ids.User, ids.Participant, ids.Note, ids.Comment, ids.Notification:
		err = problem.Refuse(problem.Invalid, "subjectId", "Only a post or a conversation can be muted.")
	default:
		err = noSubject
	}
	if refusals, err = refused(err); err != nil || len(refusals) > 0 {
		return nil, nil, refusals, err
	}
	found, err = object(ctx, kind, id)
	return found, cursor, refusals, err
}

var noSubject = problem.Refuse(problem.Missing, "subjectId", "There is no such post or conversation.")

func isMissing(err error) bool {
	list, ok := problem.AsUserErrors(err)
	return ok && list[0].Code == problem.Missing
}

func (r *Resolver) postViewerIsWatching(ctx context.Context, obj *board.Post) (bool, error) {
	return from(ctx).watching.Load(ctx, obj.ID)
}
