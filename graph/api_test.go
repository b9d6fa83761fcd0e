package graph_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/notewire/notewire/internal/sitetest"
)

func TestMain(m *testing.M) { sitetest.Main(m) }

func TestANoteArrivesLive(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	sub := joon.Subscribe(`subscription { noteReceived { cursor occurredAt unread { id notes conversations notifications unseenNotifications } note { body isMine idempotencyKey sender { username } conversation { unreadCount } } } }`, nil).Ready()
	sent := mina.Do(`mutation($to: [ID!]) { sendNote(input: {toUserIds: $to, body: "안녕", idempotencyKey: "k"}) { note { id isMine idempotencyKey } cursor userErrors { code } } }`, vars{"to": []string{joon.ID}}).NoErrors()
	if sent.Get("sendNote.note.isMine") != true || sent.Get("sendNote.note.idempotencyKey") != "k" || sent.Get("sendNote.cursor") == nil {
		t.Errorf("sent: %s", sent.Raw)
	}
	e := sub.Next()
	got := sitetest.Get(t, e, "noteReceived.note")
	want := map[string]any{"body": "안녕", "isMine": false, "idempotencyKey": nil, "sender": map[string]any{"username": "mina"}, "conversation": map[string]any{"unreadCount": 1.0}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("note (-want +got):\n%s", d)
	}
	unread := sitetest.Get(t, e, "noteReceived.unread").(map[string]any)
	delete(unread, "id")
	if d := cmp.Diff(map[string]any{"notes": 1.0, "conversations": 1.0, "notifications": 1.0, "unseenNotifications": 1.0}, unread); d != "" {
		t.Errorf("unread (-want +got):\n%s", d)
	}
}
