package graph

import (
	"context"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/internal/notify"
)

func (r *Resolver) markNotificationUnread(ctx context.Context, input model.MarkNotificationUnreadInput) (*model.MarkNotificationUnreadPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) archiveNotification(ctx context.Context, input model.ArchiveNotificationInput) (*model.ArchiveNotificationPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) updateNotificationPreferences(ctx context.Context, input model.UpdateNotificationPreferencesInput) (*model.UpdateNotificationPreferencesPayload, error) {
	return nil, errUnbuilt
}

func (r *Resolver) viewerNotificationPreferences(ctx context.Context, obj *model.Viewer) ([]notify.Preference, error) {
	return nil, errUnbuilt
}
