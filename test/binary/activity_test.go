package binary_test

import (
	"testing"
	"time"

	"github.com/notewire/notewire/test/binary"
)

// TestAKilledServersUsersAreMissed kills one of two servers: whoever was present there is gone within 10
// seconds, asserted with a factor of two; as long as it lives they are present without a break.
func TestAKilledServersUsersAreMissed(t *testing.T) {
	t.Parallel()
	one := binary.Start(t, binary.Options{Folder: binary.Folder(t), Args: []string{"--admin-addr", "off"}})
	two := binary.Start(t, binary.Options{Folder: binary.Folder(t), Env: []string{"DATABASE_URL=" + one.DSN()}, Args: []string{"--admin-addr", "off"}})
	mina, joon := binary.Register(t, one.URL, "mina"), binary.Register(t, two.URL, "joon")
	id := binary.Text(t, mina.Do(`mutation($to: ID!) { sendNote(input: {toUserIds: [$to], body: "안녕"}) { conversation { id } userErrors { code } } }`,
		binary.Vars{"to": joon.ID}), "sendNote.conversation.id")
	joon.Send(mina.ID, "accepted") // an answer ends that they are strangers
	const activity = `subscription($id: ID!) { conversationActivity(conversationId: $id) { user { username } isPresent isTyping } }`
	joons := joon.Subscribe(activity, binary.Vars{"id": id})
	ended := make(chan struct{})
	go func() { // it answers pings, until the server is gone
		defer close(ended)
		joons.End()
	}()
	socket := mina.Subscribe(activity, binary.Vars{"id": id})
	until := func(present, typing bool) {
		t.Helper()
		for {
			a := socket.Next()
			if binary.Text(t, a, "conversationActivity.user.username") == "joon" && binary.Get(t, a, "conversationActivity.isPresent") == present &&
				binary.Get(t, a, "conversationActivity.isTyping") == typing {
				return
			}
			if present && binary.Get(t, a, "conversationActivity.isPresent") == false {
				t.Fatalf("missed though alive: %v", a)
			}
		}
	}
	until(true, false)
	for range 2 {
		joon.Do(`mutation($id: ID!) { setTyping(input: {conversationId: $id, isTyping: true}) { userErrors { code } } }`, binary.Vars{"id": id})
		until(true, true)
		until(true, false) // five seconds later: present all the time, for it is repeated
	}
	began := time.Now()
	two.Kill()
	<-ended
	until(false, false)
	took := time.Since(began)
	t.Logf("missed %s after the kill", took.Round(time.Millisecond))
	if took > 20*time.Second {
		t.Errorf("missed only after %s", took)
	}
}
