package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/page"
)

func (r *Resolver) editNote(ctx context.Context, input model.EditNoteInput) (*model.EditNotePayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := r.Notes.Edit(ctx, v, ids.Of(ids.Note, input.NoteID), input.Body)
	p := &model.EditNotePayload{}
	if p.UserErrors, err = refused(err); err != nil || changed == nil {
		return p, err
	}
	p.Note, p.Cursor = changed.Note, changed.Cursor
	return p, nil
}

func (r *Resolver) unsendNote(ctx context.Context, input model.UnsendNoteInput) (*model.UnsendNotePayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := r.Notes.Unsend(ctx, v, ids.Of(ids.Note, input.NoteID))
	p := &model.UnsendNotePayload{}
	if p.UserErrors, err = refused(err); err != nil || changed == nil {
		return p, err
	}
	p.Note, p.Cursor = changed.Note, changed.Cursor
	return p, nil
}

func (r *Resolver) deleteNote(ctx context.Context, input model.DeleteNoteInput) (*model.DeleteNotePayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	deleted, err := r.Notes.Delete(ctx, v, ids.Of(ids.Note, input.NoteID))
	p := &model.DeleteNotePayload{}
	if p.UserErrors, err = refused(err); err != nil || deleted == nil {
		return p, err
	}
	p.DeletedNoteID, p.Conversation = &input.NoteID, deleted.Conversation
	p.Unread, p.Cursor = model.NewUnreadCounts(v.UserID, deleted.Unread), deleted.Cursor
	return p, nil
}

func (r *Resolver) archiveConversation(ctx context.Context, input model.ArchiveConversationInput) (*model.ArchiveConversationPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := r.Notes.Archive(ctx, v, ids.Of(ids.Conversation, input.ConversationID), input.Archived)
	p := &model.ArchiveConversationPayload{}
	if p.UserErrors, err = refused(err); err != nil || kept == nil {
		return p, err
	}
	p.Conversation, p.Unread, p.Cursor = kept.Conversation, model.NewUnreadCounts(v.UserID, kept.Unread), kept.Cursor
	if input.Archived && kept.Cursor != nil {
		r.Presence.Read(ids.Of(ids.Conversation, input.ConversationID), v.UserID, kept.ReadSeq)
	}
	return p, nil
}

func (r *Resolver) muteConversation(ctx context.Context, input model.MuteConversationInput) (*model.MuteConversationPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := r.Notes.Mute(ctx, v, ids.Of(ids.Conversation, input.ConversationID), input.Muted)
	p := &model.MuteConversationPayload{}
	if p.UserErrors, err = refused(err); err != nil || kept == nil {
		return p, err
	}
	p.Conversation, p.Cursor = kept.Conversation, kept.Cursor
	return p, nil
}

func (r *Resolver) noteReadBy(ctx context.Context, obj *notes.Note, first *int, after *string, last *int, before *string) (*page.Page[*notes.Participant], error) {
	readers, err := from(ctx).readers.Load(ctx, notes.Place{Conversation: obj.ConversationID, Seq: obj.Seq})
	if err != nil {
		return nil, err
	}
	return notes.ReadBy(obj, readers, page.Args{First: first, After: after, Last: last, Before: before})
}

func (r *Resolver) participantLastReadNote(ctx context.Context, obj *notes.Participant) (*notes.Note, error) {
	if obj.LastReadSeq == 0 {
		return nil, nil
	}
	return from(ctx).readNotes.Load(ctx, notes.ReadMark{User: obj.UserID, Place: notes.Place{Conversation: obj.ConversationID, Seq: obj.LastReadSeq}})
}
