package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/notewire/notewire/graph/model"
	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/notes"
	"github.com/notewire/notewire/internal/presence"
	"github.com/notewire/notewire/internal/problem"
)

func (r *Resolver) setTyping(ctx context.Context, input model.SetTypingInput) (*model.SetTypingPayload, error) {
	v, err := access.SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	conversation, err := r.Notes.Joined(ctx, v, ids.Of(ids.Conversation, input.ConversationID))
	p := &model.SetTypingPayload{}
	if p.UserErrors, err = refused(err); err != nil || conversation == nil {
		return p, err
	}
	r.Presence.SetTyping(conversation.ID, v.UserID, input.IsTyping)
	p.Conversation = conversation
	return p, nil
}

func (r *Resolver) conversationActivity(ctx context.Context, conversationID string) (<-chan *model.ConversationActivity, error) {
	return transport.Subscribe(ctx, func(ctx context.Context, wake func()) (transport.Source[*model.ConversationActivity], error) {
		v, err := access.SignedIn(ctx)
		if err != nil {
			return nil, err
		}
		id := ids.Of(ids.Conversation, conversationID)
		found, err := r.Notes.ConversationsByIDs(ctx, v, []uuid.UUID{id})
		if err != nil {
			return nil, err
		}
		if found[id] == nil {
			return nil, problem.New(problem.NotFound, "There is no such conversation.")
		}
		return &activity{conversation: id, listener: r.Presence.Join(id, v.UserID, wake), wake: wake}, nil
	})
}

// activity is an open subscription of what others do in a conversation.
type activity struct {
	conversation uuid.UUID
	listener     *presence.Listener
	wake         func()
}

// Next implements transport.Source.
func (a *activity) Next(ctx context.Context, limit int) ([]transport.Item[*model.ConversationActivity], error) {
	list, err := a.listener.Next(ctx, limit)
	if err != nil {
		return nil, passing(err, a.wake)
	}
	items := make([]transport.Item[*model.ConversationActivity], len(list))
	for i, u := range list {
		items[i].Value = &model.ConversationActivity{ConversationID: a.conversation, UserID: u.User,
			IsPresent: u.IsPresent, IsTyping: u.IsTyping, LastReadSeq: u.LastReadSeq}
	}
	return items, nil
}

// Attended implements transport.Attended.
func (a *activity) Attended() {}

// Acknowledged implements transport.Source: there is nothing to resume.
func (a *activity) Acknowledged(string) {}

// Close implements transport.Source.
func (a *activity) Close() { a.listener.Leave() }

func (r *Resolver) activityUser(ctx context.Context, obj *model.ConversationActivity) (*accounts.User, error) {
	return find(ctx, from(ctx).users, obj.UserID)
}

func (r *Resolver) activityLastReadNote(ctx context.Context, obj *model.ConversationActivity) (*notes.Note, error) {
	if obj.LastReadSeq == 0 {
		return nil, nil
	}
	return from(ctx).readNotes.Load(ctx, notes.ReadMark{User: obj.UserID, Place: notes.Place{Conversation: obj.ConversationID, Seq: obj.LastReadSeq}})
}
