// Package access decides who may see and change what: for queries, for writes and for delivery alike, and
// nowhere else. What a viewer may not see is treated as what does not exist.
package access

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/problem"
)

// Viewer is who asks. The zero Viewer is nobody, who sees what is public.
type Viewer struct {
	UserID    uuid.UUID
	SessionID uuid.UUID
	ExpiresAt time.Time // of the session
}

// IsAnonymous says that the viewer is nobody.
func (v Viewer) IsAnonymous() bool { return v.UserID == uuid.Nil }

type viewerKey struct{}

// With puts the viewer into a context, where one request, or one socket, finds it.
func With(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, &v)
}

// From is the viewer of ctx: nobody, when none was put there.
func From(ctx context.Context) Viewer {
	if v, ok := ctx.Value(viewerKey{}).(*Viewer); ok {
		return *v
	}
	return Viewer{}
}

// Become replaces the viewer that With put into ctx, for all who hold that context: a login's answer is read
// as the user who has just signed in. Nobody else may use ctx at the same time.
func Become(ctx context.Context, v Viewer) {
	if was, ok := ctx.Value(viewerKey{}).(*Viewer); ok {
		*was = v
	}
}

// SignedIn is the viewer of ctx, or UNAUTHENTICATED for nobody.
func SignedIn(ctx context.Context) (Viewer, error) {
	v := From(ctx)
	if v.IsAnonymous() {
		return v, problem.SignIn()
	}
	return v, nil
}
