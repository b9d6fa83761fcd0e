package graph_test

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/sitetest"
	"github.com/notewire/notewire/internal/stream"
)

const activityFields = `subscription($id: ID!) { conversationActivity(conversationId: $id) { user { username } isPresent isTyping lastReadNote { body } } }`

func watch(c *client, conversation string) *sitetest.Subscription {
	return c.Subscribe(activityFields, vars{"id": conversation})
}

// nextActivity is "username present typing read:body", without what does not hold.
func nextActivity(t testing.TB, s *sitetest.Subscription) string {
	t.Helper()
	a := s.Next()["conversationActivity"]
	said := []string{sitetest.Get(t, a, "user.username").(string)}
	if sitetest.Get(t, a, "isPresent") == true {
		said = append(said, "present")
	}
	if sitetest.Get(t, a, "isTyping") == true {
		said = append(said, "typing")
	}
	if body, ok := sitetest.Get(t, a, "lastReadNote.body").(string); ok {
		said = append(said, "read:"+body)
	}
	return strings.Join(said, " ")
}

// sees waits for an activity, and passes over others.
func sees(t testing.TB, s *sitetest.Subscription, want string) {
	t.Helper()
	var others []string
	for range 50 {
		got := nextActivity(t, s)
		if got == want {
			return
		}
		others = append(others, got)
	}
	t.Fatalf("not %q but %q", want, others)
}

func setTyping(c *client, conversation string, typing bool) *sitetest.Result {
	return c.Do(`mutation($in: SetTypingInput!) { setTyping(input: $in) { conversation { id } userErrors { code message field } } }`,
		vars{"in": vars{"conversationId": conversation, "isTyping": typing}})
}

func readAll(c *client, conversation string) {
	c.Do(`mutation($id: ID!) { markConversationRead(input: {conversationId: $id}) { userErrors { code } } }`, vars{"id": conversation}).NoErrors()
}

func throughNATS(t *testing.T) func(*postgres.DB, *slog.Logger) stream.Broker {
	s, err := natsd.NewServer(&natsd.Options{Host: "127.0.0.1", Port: natsd.RANDOM_PORT, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	return func(db *postgres.DB, log *slog.Logger) stream.Broker {
		b, err := stream.NewNATSBroker(t.Context(), db, "nats://"+s.Addr().(*net.TCPAddr).String(), log)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func TestActivityOnTwoServers(t *testing.T) {
	t.Parallel()
	for name, through := range map[string]func(*testing.T) func(*postgres.DB, *slog.Logger) stream.Broker{
		"postgres": func(*testing.T) func(*postgres.DB, *slog.Logger) stream.Broker { return nil }, "nats": throughNATS} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := sitetest.NewSite(t)
			site.Broker = through(t)
			one, two := site.Start(), site.Start()
			mina, joon, hana := one.User(t, "mina"), two.User(t, "joon"), two.User(t, "hana")
			one.Acquaint(mina, joon, hana)
			id := write(mina, "안녕", joon, hana).conversation

			minas := watch(mina, id)
			joons := watch(joon, id)
			sees(t, minas, "joon present")
			sees(t, joons, "mina present")
			setTyping(joon, id, true).NoErrors()
			sees(t, minas, "joon present typing")
			setTyping(mina.At(two), id, true).NoErrors() // where mina has nothing open
			sees(t, joons, "mina present typing")
			setTyping(joon, id, false).NoErrors()
			sees(t, minas, "joon present")
			sees(t, joons, "mina present") // five seconds later

			hanas := watch(hana, id)
			readAll(joon, id)
			sees(t, minas, "joon present read:안녕")
			sees(t, hanas, "joon present read:안녕")
			third := watch(mina.At(two), id) // what holds comes first
			list := map[string]bool{nextActivity(t, third): true, nextActivity(t, third): true}
			if !list["joon present read:안녕"] || !list["hana present"] {
				t.Errorf("at first %v", list)
			}
			minas.Close()
			setTyping(mina, id, true).NoErrors() // still present at the other server
			sees(t, joons, "mina present typing")
			third.Close()
			sees(t, joons, "mina typing")
			sees(t, joons, "mina")
			two.Stop()
			again := watch(mina, id)
			watch(joon.At(one), id)
			sees(t, again, "joon present")
			setTyping(joon.At(one), id, true).NoErrors()
			sees(t, again, "joon present typing")
		})
	}
}

// TestActivityWithADeafBroker serves who is at the same server, and nothing hangs.
func TestActivityWithADeafBroker(t *testing.T) {
	t.Parallel()
	site := sitetest.NewSite(t)
	site.Broker = losesEverything
	one, two := site.Start(), site.Start()
	mina, joon, hana := one.User(t, "mina"), one.User(t, "joon"), two.User(t, "hana")
	one.Acquaint(mina, joon, hana)
	id := write(mina, "hello", joon, hana).conversation
	minas, hanas := watch(mina, id), watch(hana, id)
	setTyping(hana, id, true).NoErrors()
	joons := watch(joon, id)
	equal(t, "first", "joon present", nextActivity(t, minas))
	setTyping(joon, id, true).NoErrors()
	equal(t, "second", "joon present typing", nextActivity(t, minas))
	equal(t, "first", "mina present", nextActivity(t, joons))
	mina.At(two).Subscribe(activityFields, vars{"id": id})
	equal(t, "at the other server", "mina present", nextActivity(t, hanas))
}

func TestActivityIsForParticipants(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	mina, joon, hana, eve := s.User(t, "mina"), s.User(t, "joon"), s.User(t, "hana"), s.User(t, "eve")
	s.Acquaint(mina, joon, hana)
	id := write(mina, "hello", joon, hana).conversation
	for name, refused := range map[string]string{
		"a stranger": watch(eve, id).Refused(), "a user": watch(mina, mina.ID).Refused(), "nonsense": watch(mina, "nonsense").Refused(),
	} {
		equal(t, name, "NOT_FOUND", refused)
	}
	equal(t, "nobody", "UNAUTHENTICATED", watch(s.Anonymous(t), id).Refused())
	equal(t, "typing of nobody", "UNAUTHENTICATED", setTyping(s.Anonymous(t), id, true).Code())
	for _, r := range []*sitetest.Result{setTyping(eve, id, true), setTyping(mina, mina.ID, true), setTyping(mina, "nonsense", true)} {
		equal(t, "typing", []string{"NOT_FOUND conversationId"}, r.UserErrors("setTyping"))
	}

	minas, joons, hanas := watch(mina, id), watch(joon, id), watch(hana, id)
	sees(t, minas, "hana present")
	sees(t, joons, "hana present")
	statements := s.Statements(func() { equal(t, "typing", id, setTyping(mina, id, true).NoErrors().Text("setTyping.conversation.id")) })
	for _, text := range statements {
		if !strings.HasPrefix(strings.TrimSpace(text), "SELECT") {
			t.Errorf("setTyping writes: %s", text)
		}
	}
	sees(t, joons, "mina present typing")
	sees(t, hanas, "mina present typing")

	// Membership is looked up again at delivery: once for all who listen.
	if _, err := s.DB.Exec(`DELETE FROM participants WHERE conversation_id = $1 AND user_id = $2`, ids.Of(ids.Conversation, id), ids.Of(ids.User, hana.ID)); err != nil {
		t.Fatal(err)
	}
	setTyping(mina, id, false).NoErrors()
	equal(t, "removed", "NOT_FOUND", hanas.Refused())
	sees(t, joons, "mina present")

	// Rooms are open to everybody who is signed in; typing there is for those who have joined.
	if _, err := s.DB.Exec(`UPDATE conversations SET kind = 'ROOM', name = 'lobby' WHERE id = $1`, ids.Of(ids.Conversation, id)); err != nil {
		t.Fatal(err)
	}
	eves := watch(eve, id)
	sees(t, eves, "mina present")
	sees(t, joons, "eve present")
	equal(t, "typing without joining", []string{"NOT_ALLOWED conversationId"}, setTyping(eve, id, true).UserErrors("setTyping"))
	equal(t, "nobody", "UNAUTHENTICATED", watch(s.Anonymous(t), id).Refused())
}

// TestActivityThatIsNotShown has a user who does not share read marks, two who have blocked each other, and
// one who has not accepted a stranger's conversation.
func TestActivityThatIsNotShown(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	mina, joon, hana, eve := s.User(t, "mina"), s.User(t, "joon"), s.User(t, "hana"), s.User(t, "eve")
	s.Acquaint(mina, joon, hana)
	id := write(mina, "hello", joon, hana).conversation
	request := write(eve, "hello", mina, joon).conversation
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := s.DB.Exec(statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`UPDATE users SET shares_read_marks = false WHERE username = 'joon'`)
	exec(`INSERT INTO blocks (user_id, other_id, by_user, created_at) SELECT a.id, b.id, a.username = 'joon', now() FROM users a, users b
WHERE (a.username, b.username) IN (('joon', 'hana'), ('hana', 'joon'))`)
	minas, joons, hanas := watch(mina, id), watch(joon, id), watch(hana, id)
	list := map[string]bool{nextActivity(t, minas): true, nextActivity(t, minas): true}
	if !list["joon present"] || !list["hana present"] {
		t.Errorf("%v", list)
	}
	readAll(joon, id)
	readAll(hana, id)
	equal(t, "one shares", "hana present read:hello", nextActivity(t, minas))
	setTyping(joon, id, true).NoErrors()
	setTyping(mina, id, true).NoErrors()
	equal(t, "the other does not", "joon present typing", nextActivity(t, minas))
	for name, s := range map[string]*sitetest.Subscription{"joon": joons, "hana": hanas} {
		for got := ""; got != "mina present typing"; {
			if got = nextActivity(t, s); !strings.HasPrefix(got, "mina present") {
				t.Errorf("%s sees %q", name, got)
			}
		}
	}
	// mina has not accepted the conversation that eve has begun; joon has.
	exec(`UPDATE participants SET state = CASE WHEN user_id = $2 THEN 'REQUEST' ELSE 'ACTIVE' END WHERE conversation_id = $1`, ids.Of(ids.Conversation, request), ids.Of(ids.User, mina.ID))
	minas, joons = watch(mina, request), watch(joon, request)
	eves := watch(eve, request)
	until := func(want string, hidden bool) {
		t.Helper()
		for got := ""; got != want; {
			if got = nextActivity(t, eves); hidden && strings.HasPrefix(got, "mina") {
				t.Errorf("eve sees %q", got)
			}
		}
	}
	sees(t, joons, "eve present")
	sees(t, minas, "joon present")
	setTyping(mina, request, true).NoErrors()
	setTyping(joon, request, true).NoErrors()
	until("joon present typing", true)
	exec(`UPDATE participants SET state = 'ACTIVE' WHERE conversation_id = $1`, ids.Of(ids.Conversation, request))
	setTyping(mina, request, false).NoErrors()
	until("mina present", false)
}

// A client that answers no ping, as one does whose network has vanished, is gone for the others within ten
// seconds; at the interval of other sockets it would be there for half a minute.
func TestActivityOfASilentClient(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	id := write(mina, "hello", joon).conversation
	stays := watch(mina, id)
	watch(joon, id) // nobody reads it
	sees(t, stays, "joon present")
	sees(t, stays, "joon")
}

// Who is taken out of a conversation, or blocked, sees at once no more of it, though nobody there does
// anything: the change itself has everybody looked at again. Red without that.
func TestActivityEndsWithTheMembership(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana := one.User(t, "mina"), one.User(t, "joon"), one.User(t, "hana")
	one.Acquaint(mina, joon, hana)
	group, direct := write(mina, "hello", joon, hana).conversation, write(mina, "hello", hana).conversation
	removed, blocked := watch(joon.At(two), group), watch(hana.At(two), direct)
	stays := watch(hana, group)
	sees(t, stays, "joon present")
	mina.Do(removeParticipant, vars{"in": vars{"conversationId": group, "userId": joon.ID}}).NoErrors()
	ends := func(who string, s *sitetest.Subscription) {
		t.Helper()
		for {
			switch kind, _, payload := s.Message(); {
			case kind == "error" && strings.Contains(payload, "NOT_FOUND"):
				return
			case kind != "next":
				t.Fatalf("%s got %s %s", who, kind, payload)
			}
		}
	}
	ends("who was removed", removed)
	sees(t, stays, "joon")
	block(mina, hana)
	ends("who was blocked", blocked)
}
