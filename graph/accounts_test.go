package graph_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/sitetest"
	"github.com/notewire/notewire/internal/stream"
)

const register = `mutation($in: RegisterInput!) { register(input: $in) { token expiresAt viewer { id user { id username displayName isBot createdAt } unread ` + countFields + ` cursor } userErrors { code message field } } }`

func TestRegistering(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	nobody := site.Anonymous(t)
	r := nobody.Do(register, vars{"in": vars{"username": "Mina_07", "password": "오래된 비밀번호 하나"}}).NoErrors()
	equal(t, "username", "mina_07", r.Text("register.viewer.user.username"))
	equal(t, "displayName", "mina_07", r.Text("register.viewer.user.displayName"))
	equal(t, "unread", counts{}, asCounts(t, r.Get("register.viewer.unread")))
	if !strings.HasPrefix(r.Text("register.token"), "nws_") || r.Get("register.expiresAt") == nil {
		t.Errorf("no session: %s", r.Raw)
	}
	named := nobody.Do(register, vars{"in": vars{"username": "joon", "password": "12345678", "displayName": "준 \U0001F338"}}).NoErrors()
	equal(t, "displayName", "준 \U0001F338", named.Text("register.viewer.user.displayName"))
	equal(t, "found in any case", "mina_07", nobody.Do(`{ user(username: "MINA_07") { username } }`, nil).NoErrors().Text("user.username"))
	equal(t, "unknown user", nil, nobody.Do(`{ user(username: "no such") { username } }`, nil).NoErrors().Get("user"))
	users := nobody.Do(`{ all: users { nodes { username } } some: users(search: "MIN") { nodes { username } } none: users(search: "%") { nodes { username } } }`, nil).NoErrors()
	equal(t, "users", []string{"joon", "mina_07"}, texts(t, users.List("all.nodes"), "username"))
	equal(t, "search", []string{"mina_07"}, texts(t, users.List("some.nodes"), "username"))
	equal(t, "search for %", 0, len(users.List("none.nodes")))
}

func TestRegisteringIsRefusedWithAllReasonsAtOnce(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	site.User(t, "taken")
	good := strings.Repeat("x", 30)
	for _, c := range []struct {
		name string
		in   vars
		want []string
	}{
		{"all empty", vars{"username": "", "password": "", "displayName": ""}, []string{"REQUIRED username", "REQUIRED password", "REQUIRED displayName"}},
		{"all bad", vars{"username": "with space", "password": "1234567", "displayName": long(61)}, []string{"INVALID username", "INVALID password", "TOO_LONG displayName"}},
		{"short name", vars{"username": "ab", "password": "12345678"}, []string{"INVALID username"}},
		{"long name", vars{"username": good + "x", "password": "12345678"}, []string{"INVALID username"}},
		{"not ASCII", vars{"username": "mínä", "password": "12345678"}, []string{"INVALID username"}},
		{"a Kelvin sign is no k", vars{"username": "mi\u212Ae", "password": "12345678"}, []string{"INVALID username"}},
		{"long password", vars{"username": good, "password": long(129)}, []string{"TOO_LONG password"}},
		{"control characters", vars{"username": good, "password": "1234567\u0001", "displayName": "a\u0007b"}, []string{"INVALID password", "INVALID displayName"}},
		{"blank name to show", vars{"username": good, "password": "12345678", "displayName": " \u3000\n"}, []string{"REQUIRED displayName"}},
		{"taken", vars{"username": "TAKEN", "password": "12345678"}, []string{"TAKEN username"}},
		{"taken and more", vars{"username": "taken", "password": "1", "displayName": ""}, []string{"INVALID password", "REQUIRED displayName", "TAKEN username"}},
	} {
		r := site.Anonymous(t).Do(register, vars{"in": c.in})
		equal(t, c.name, c.want, r.UserErrors("register"))
		equal(t, c.name+": nothing is given", []any{nil, nil}, []any{r.Get("register.token"), r.Get("register.viewer")})
	}
	r := site.Anonymous(t).Do(`{ users { nodes { username } } }`, nil).NoErrors()
	equal(t, "nothing was written", []string{"taken"}, texts(t, r.List("users.nodes"), "username"))
	longest := site.Anonymous(t).Do(register, vars{"in": vars{"username": good, "password": long(128), "displayName": long(60)}})
	longest.NoErrors()
}

const login = `mutation($u: String!, $p: String!) { login(input: {username: $u, password: $p}) { token viewer { user { username } } userErrors { code message field } } }`

func TestLogin(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	site.User(t, "mina")
	nobody := site.Anonymous(t)
	r := nobody.Do(login, vars{"u": "MiNa", "p": sitetest.Password}).NoErrors()
	equal(t, "viewer", "mina", r.Text("login.viewer.user.username"))
	wrong := nobody.Do(login, vars{"u": "mina", "p": "not the one"})
	equal(t, "wrong password", []string{"WRONG_CREDENTIALS"}, wrong.UserErrors("login"))
	for _, u := range []string{"nobody_here", "", "not a name", "\u212A", long(1000)} {
		equal(t, "same answer for "+u, wrong.Raw, nobody.Do(login, vars{"u": u, "p": "not the one"}).Raw)
	}
	for _, p := range []string{"", long(10_000)} {
		equal(t, "same answer for a password that cannot be", wrong.Raw, nobody.Do(login, vars{"u": "mina", "p": p}).Raw)
	}
	// However its letters are composed, it is the same password.
	nobody.Do(register, vars{"in": vars{"username": "composed", "password": "caf\u00e9 caf\u00e9"}}).NoErrors()
	nobody.Do(login, vars{"u": "composed", "p": "cafe\u0301 cafe\u0301"}).NoErrors()
}

func TestALoginIsReadAsTheNewUserAndNothingElseIs(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	secret := write(hana, "for joon only", joon)
	post := createPost(hana, "post")
	like(mina, post).NoErrors()
	r := mina.Do(`mutation($p: String!, $secret: ID!) {
		login(input: {username: "joon", password: $p}) { viewer { user { username } unread `+countFields+`
			conversation(id: $secret) { notes { nodes { body isMine conversation { id } } } }
			conversations { nodes { id } } } }
		send: sendNote(input: {toUserIds: ["`+hana.ID+`"], body: "from mina"}) { note { sender { username } isMine } userErrors { code } }
		read: markConversationRead(input: {conversationId: $secret}) { conversation { id } userErrors { code } }
	}`, vars{"p": sitetest.Password, "secret": secret.conversation})
	if len(r.Errors) > 0 {
		t.Fatal(r.Raw)
	}
	equal(t, "login.viewer", "joon", r.Text("login.viewer.user.username"))
	equal(t, "what joon sees", "for joon only", r.Get("login.viewer.conversation.notes.nodes.0.body"))
	equal(t, "joon's counters", counts{1, 1, 1, 1}, asCounts(t, r.Get("login.viewer.unread")))
	equal(t, "joon's conversations", secret.conversation, r.Get("login.viewer.conversations.nodes.0.id"))
	equal(t, "the next field is mina's again", "mina", r.Get("send.note.sender.username"))
	equal(t, "joon's conversation is not hers", []any{map[string]any{"code": "NOT_FOUND"}}, r.Get("read.userErrors"))

	r = site.Anonymous(t).Do(`mutation($p: String!) {
		login(input: {username: "mina", password: $p}) { viewer { conversations { nodes { lastNote { body } } } } }
		like(input: {subjectId: "`+post+`"}) { subject { id } }
	}`, vars{"p": sitetest.Password})
	equal(t, "nobody stays nobody in the next field", "UNAUTHENTICATED", r.Code())

	// What was loaded for one viewer must not be remembered for another, nor what has changed meanwhile.
	r = mina.Do(`mutation($p: String!, $post: ID!) {
		a: like(input: {subjectId: $post}) { subject { viewerHasLiked } }
		b: login(input: {username: "hana", password: $p}) { viewer { user { posts { nodes { viewerHasLiked } } } } }
		c: unlike(input: {subjectId: $post}) { subject { viewerHasLiked likeCount } }
		d: like(input: {subjectId: $post}) { subject { viewerHasLiked likeCount } }
	}`, vars{"p": sitetest.Password, "post": post}).NoErrors()
	equal(t, "mina likes it", true, r.Get("a.subject.viewerHasLiked"))
	equal(t, "hana does not", false, r.Get("b.viewer.user.posts.nodes.0.viewerHasLiked"))
	equal(t, "each field is read anew", []any{false, 0.0, true, 1.0}, []any{r.Get("c.subject.viewerHasLiked"), r.Get("c.subject.likeCount"), r.Get("d.subject.viewerHasLiked"), r.Get("d.subject.likeCount")})
}

func TestLogout(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	phone := site.User(t, "mina")
	laptop, joon := site.Login(t, "mina"), site.User(t, "joon")
	site.Acquaint(phone, joon)
	after := phone.Cursor()
	ends, stays := listen(phone, after), listen(laptop, after)
	write(joon, "one", phone)
	expectEvents(t, ends, "NoteReceived [1 1 1 1]", "NotificationReceived [1 1 1 1]")
	expectEvents(t, stays, "NoteReceived [1 1 1 1]", "NotificationReceived [1 1 1 1]")
	phone.Do(`mutation { logout { userErrors { code } } }`, nil).NoErrors()
	equal(t, "the socket of the session", 4403, ends.CloseCode())
	dead := phone.Do(`{ viewer { id } }`, nil)
	equal(t, "its token", []any{http.StatusUnauthorized, "UNAUTHENTICATED"}, []any{dead.Status, dead.Code()})
	equal(t, "logging out once more", http.StatusUnauthorized, phone.Do(`mutation { logout { userErrors { code } } }`, nil).Status)
	equal(t, "a new socket", 4403, phone.Dial().CloseCode())
	write(joon, "two", laptop)
	expectEvents(t, stays, "NoteReceived [2 1 1 1]", "NotificationChanged [2 1 1 1]")
	equal(t, "the other session", counts{2, 1, 1, 1}, unread(t, laptop))
}

// A session that ends at one server ends on all of them: its sockets, its streams and its token.
func TestLogoutElsewhere(t *testing.T) {
	t.Parallel()
	for name, broker := range map[string]func(*postgres.DB, *slog.Logger) stream.Broker{"with the broker": nil, "by the poll alone": losesEverything} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := sitetest.NewSite(t)
			site.Broker = broker
			one, two := site.Start(), site.Start()
			mina := one.User(t, "mina")
			public := createPost(mina, "post")
			socket := mina.At(two).Subscribe(`subscription($p: ID!) { commentAdded(postId: $p) { cursor } }`, vars{"p": public}).Ready()
			streamed := make(chan string)
			open := two.Resolver.Hub.Subscriptions()
			go func() {
				_, body := mina.At(two).Stream(`subscription { events { cursor } }`, nil)
				streamed <- body
			}()
			for two.Resolver.Hub.Subscriptions() == open {
				time.Sleep(time.Millisecond)
			}
			mina.Do(`mutation { logout { userErrors { code } } }`, nil).NoErrors()
			equal(t, "socket", 4403, socket.CloseCode())
			if body := <-streamed; !contains(body, "UNAUTHENTICATED") {
				t.Errorf("the stream ended with %q", body)
			}
			equal(t, "token", "UNAUTHENTICATED", mina.At(two).Do(`{ viewer { id } }`, nil).Code())
		})
	}
}
