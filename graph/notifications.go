package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notify"
)

func (r *Resolver) markNotificationUnread(ctx context.Context, input model.MarkNotificationUnreadInput) (*model.MarkNotificationUnreadPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	marked, notification, err := r.Bell.MarkUnread(ctx, v, ids.Of(ids.Notification, input.ID))
	p := &model.MarkNotificationUnreadPayload{}
	if p.UserErrors, err = refused(err); err != nil || marked == nil {
		return p, err
	}
	p.Notification, p.Unread, p.Cursor = notification, model.NewUnreadCounts(v.UserID, marked.Unread), marked.Cursor
	return p, nil
}

func (r *Resolver) archiveNotification(ctx context.Context, input model.ArchiveNotificationInput) (*model.ArchiveNotificationPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	marked, notification, err := r.Bell.Archive(ctx, v, ids.Of(ids.Notification, input.ID), input.Archived)
	p := &model.ArchiveNotificationPayload{}
	if p.UserErrors, err = refused(err); err != nil || marked == nil {
		return p, err
	}
	p.Notification, p.Unread, p.Cursor = notification, model.NewUnreadCounts(v.UserID, marked.Unread), marked.Cursor
	return p, nil
}

func (r *Resolver) updateNotificationPreferences(ctx context.Context, input model.UpdateNotificationPreferencesInput) (*model.UpdateNotificationPreferencesPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	p := &model.UpdateNotificationPreferencesPayload{}
	if p.UserErrors, err = refused(r.Bell.SetPreferences(ctx, v, input.Preferences)); err != nil || len(p.UserErrors) > 0 {
		return p, err
	}
	p.NotificationPreferences, err = r.Bell.Preferences(ctx, v)
	return p, err
}

func (r *Resolver) viewerNotificationPreferences(ctx context.Context, obj *model.Viewer) ([]notify.Preference, error) {
	return r.Bell.Preferences(ctx, obj.Viewer)
}
