package graph_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/sitetest"
	"github.com/notewire/notewire/internal/stream"
)

const (
	revoke    = `mutation($id: ID!) { revokeSession(input: {id: $id}) { revokedSessionId userErrors { code message field } } }`
	setPasswd = `mutation($a: String!, $b: String!) { changePassword(input: {currentPassword: $a, newPassword: $b}) { viewer { id unread ` + countFields + ` user { username } } userErrors { code message field } } }`
)

func currentSession(t testing.TB, c *client) string {
	t.Helper()
	for _, s := range c.Do(`{ viewer { sessions { nodes { id isCurrent } } } }`, nil).NoErrors().List("viewer.sessions.nodes") {
		if sitetest.Get(t, s, "isCurrent") == true {
			return sitetest.Get(t, s, "id").(string)
		}
	}
	t.Fatal("no session is current")
	return ""
}

func TestTheSessionsOfAViewer(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	phone, joon := site.User(t, "mina"), site.User(t, "joon")
	laptop, tablet := site.Login(t, "mina"), site.Login(t, "mina")
	newestFirst := []string{currentSession(t, tablet), currentSession(t, laptop), currentSession(t, phone)}
	equal(t, "newest first", newestFirst, walk(t, phone, `{ viewer { sessions%s { nodes { id } `+pageInfo+` } } }`, "viewer.sessions", "id", 2))
	r := laptop.Do(`{ viewer { sessions(first: 1) { nodes { id createdAt expiresAt isCurrent } } } }`, nil).NoErrors()
	began, err := time.Parse(time.RFC3339, r.Text("viewer.sessions.nodes.0.createdAt"))
	ends, err2 := time.Parse(time.RFC3339, r.Text("viewer.sessions.nodes.0.expiresAt"))
	if err != nil || err2 != nil || ends.Sub(began).Round(time.Second) != time.Hour || r.Get("viewer.sessions.nodes.0.isCurrent") != false {
		t.Errorf("a session of another device: %s", r.Raw)
	}
	node := `query($id: ID!) { node(id: $id) { __typename ... on Session { id isCurrent } } }`
	equal(t, "found by id", map[string]any{"__typename": "Session", "id": newestFirst[2], "isCurrent": true}, phone.Do(node, vars{"id": newestFirst[2]}).NoErrors().Get("node"))
	equal(t, "not by others", nil, joon.Do(node, vars{"id": newestFirst[2]}).NoErrors().Get("node"))
	equal(t, "nor by nobody", nil, site.Anonymous(t).Do(node, vars{"id": newestFirst[2]}).NoErrors().Get("node"))
	equal(t, "bad page", "BAD_USER_INPUT", phone.Do(`{ viewer { sessions(first: 0) { nodes { id } } } }`, nil).Code())
	equal(t, "cursor of another list", "BAD_USER_INPUT", phone.Do(`{ viewer { sessions(after: "bjE") { nodes { id } } } }`, nil).Code())

	for name, id := range map[string]string{"another's": currentSession(t, joon), "a user": phone.ID, "empty": "", "junk": strings.Repeat("x", 5000),
		"a tab": "a\tb", "no such": ids.Encode(ids.Session, ids.New())} {
		equal(t, name, []string{"NOT_FOUND id"}, phone.Do(revoke, vars{"id": id}).UserErrors("revokeSession"))
	}
	for name, q := range map[string]string{"NUL": `"a\u0000b"`, "a lone surrogate": `"\uD800"`, "a number": `1.5`, "null": `null`} {
		equal(t, name, false, phone.Do(`mutation { revokeSession(input: {id: `+q+`}) { userErrors { code } } }`, nil).Code() == "")
	}
	equal(t, "nothing has ended", 3, len(sessionIDs(t, phone)))
	equal(t, "revoked", newestFirst[0], phone.Do(revoke, vars{"id": newestFirst[0]}).NoErrors().Text("revokeSession.revokedSessionId"))
	equal(t, "twice", []string{"NOT_FOUND id"}, phone.Do(revoke, vars{"id": newestFirst[0]}).UserErrors("revokeSession"))
	equal(t, "its token", http.StatusUnauthorized, tablet.Do(`{ viewer { id } }`, nil).Status)
	equal(t, "the others", newestFirst[1:], sessionIDs(t, laptop))
	phone.Do(revoke, vars{"id": newestFirst[2]}).NoErrors() // one's own is like logging out
	equal(t, "its own token", http.StatusUnauthorized, phone.Do(`{ viewer { id } }`, nil).Status)
}

func sessionIDs(t *testing.T, c *client) []string {
	t.Helper()
	return texts(t, c.Do(`{ viewer { sessions { nodes { id } } } }`, nil).NoErrors().List("viewer.sessions.nodes"), "id")
}

// Whatever ends a session ends all that is open on its behalf, at every server: within a second with the
// broker, and within two by the poll alone. The bounds are asserted with a factor of three.
func TestARevokedSessionEndsEverywhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		broker func(*postgres.DB, *slog.Logger) stream.Broker
		bound  time.Duration
		poll   time.Duration
	}{"with the broker": {nil, time.Second, time.Minute}, "by the poll alone": {losesEverything, 2 * time.Second, time.Second}} {
		for _, by := range []string{"revokeSession", "changePassword"} {
			t.Run(by+" "+name, func(t *testing.T) {
				t.Parallel()
				site := sitetest.NewSite(t)
				site.Broker, site.Poll = c.broker, c.poll
				one, two := site.Start(), site.Start()
				phone, joon := one.User(t, "mina"), one.User(t, "joon")
				laptop := one.Login(t, "mina")
				one.Acquaint(phone, joon)
				stays := listen(phone, phone.Cursor())
				before := laptop.Cursor()
				here, there := listen(laptop, before), listen(laptop.At(two), before)
				write(joon, "before", phone)
				for _, s := range []*sitetest.Subscription{stays, here, there} {
					expectEvents(t, s, "NoteReceived [1 1 1 1]", "NotificationReceived [1 1 1 1]")
				}
				polling := waitingPoll(two, laptop.At(two))
				began := time.Now()
				if by == "revokeSession" {
					phone.Do(revoke, vars{"id": currentSession(t, laptop)}).NoErrors()
				} else {
					phone.Do(setPasswd, vars{"a": sitetest.Password, "b": "another horse"}).NoErrors()
				}
				equal(t, "a token is refused at once where it was ended", http.StatusUnauthorized, laptop.Do(`{ viewer { id } }`, nil).Status)
				equal(t, "a socket here", 4403, here.CloseCode())
				write(joon, "after", phone)
				if code, events := there.End(); code != 4403 || time.Since(began) > 3*c.bound {
					t.Errorf("a socket there: %d %v after %s", code, events, time.Since(began))
				}
				if r := <-polling; r == nil || r.Code() != "UNAUTHENTICATED" && len(r.List("events.events")) == 0 || time.Since(began) > 3*c.bound {
					t.Errorf("a waiting poll there: %+v after %s", r, time.Since(began))
				}
				equal(t, "a token there", http.StatusUnauthorized, laptop.At(two).Do(`{ viewer { id } }`, nil).Status)
				equal(t, "a new socket there", 4403, laptop.At(two).Dial().CloseCode())
				expectEvents(t, stays, "NoteReceived [2 1 1 1]", "NotificationChanged [2 1 1 1]")
				// With a new token the reader goes on where it was.
				password := map[string]string{"revokeSession": sitetest.Password, "changePassword": "another horse"}[by]
				again := laptop.At(two).WithToken(two.Anonymous(t).Do(login, vars{"u": "mina", "p": password}).NoErrors().Text("login.token"))
				resumed := listen(again, before)
				expectEvents(t, resumed, "NoteReceived [1 1 1 1]", "NotificationReceived [1 1 1 1]", "NoteReceived [2 1 1 1]", "NotificationChanged [2 1 1 1]")
			})
		}
	}
}

func TestARenewedSessionLivesOn(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	renewed, joon := one.User(t, "mina"), one.User(t, "joon")
	ending := one.Login(t, "mina")
	one.Acquaint(renewed, joon)
	end := time.Now().Add(4 * time.Second).Truncate(time.Millisecond)
	if _, err := one.DB.ExecContext(t.Context(), `UPDATE tokens SET expires_at = $1 WHERE user_id = $2`, end, userID(t, renewed)); err != nil {
		t.Fatal(err)
	}
	three := one.Another() // neither has seen the tokens before
	after := renewed.Cursor()
	var lives []*sitetest.Subscription
	for _, s := range []*sitetest.Server{two, three} {
		lives = append(lives, listen(renewed.At(s), after))
	}
	dies := listen(ending.At(three), after)
	r := renewed.At(two).Do(`mutation { renewSession { session { id isCurrent expiresAt } expiresAt userErrors { code } } }`, nil).NoErrors()
	until, err := time.Parse(time.RFC3339, r.Text("renewSession.expiresAt"))
	if left := time.Until(until); err != nil || left < 50*time.Minute || left > time.Hour {
		t.Errorf("renewed until %s: %v", until, err)
	}
	equal(t, "session", []any{true, r.Get("renewSession.expiresAt")}, []any{r.Get("renewSession.session.isCurrent"), r.Get("renewSession.session.expiresAt")})
	equal(t, "the session that was not renewed", 4403, dies.CloseCode())
	if time.Now().Before(end) {
		t.Fatal("it ended before its time")
	}
	write(joon, "past the old end", renewed)
	for _, s := range lives {
		expectEvents(t, s, "NoteReceived [1 1 1 1]", "NotificationReceived [1 1 1 1]")
	}
	for _, s := range []*sitetest.Server{one, two, three} {
		equal(t, "the same token", http.StatusOK, renewed.At(s).Do(`{ viewer { id } }`, nil).Status)
		equal(t, "the other token", http.StatusUnauthorized, ending.At(s).Do(`{ viewer { id } }`, nil).Status)
	}
	equal(t, "nobody's", "UNAUTHENTICATED", one.Anonymous(t).Do(`mutation { renewSession { expiresAt } }`, nil).Code())
}

func TestChangingThePassword(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	other := site.Login(t, "mina")
	for _, c := range []struct {
		name string
		a, b string
		want []string
	}{
		{"wrong", "not the one", "another horse", []string{"WRONG_CREDENTIALS currentPassword"}},
		{"empty", "", "another horse", []string{"WRONG_CREDENTIALS currentPassword"}},
		{"endless", long(10_000), "another horse", []string{"WRONG_CREDENTIALS currentPassword"}},
		{"none", sitetest.Password, "", []string{"REQUIRED newPassword"}},
		{"short", sitetest.Password, "1234567", []string{"INVALID newPassword"}},
		{"long", sitetest.Password, long(129), []string{"TOO_LONG newPassword"}},
		{"a control character", sitetest.Password, "1234567\u0001", []string{"INVALID newPassword"}},
		{"both", "no", "no", []string{"WRONG_CREDENTIALS currentPassword", "INVALID newPassword"}},
	} {
		r := mina.Do(setPasswd, vars{"a": c.a, "b": c.b})
		equal(t, c.name, c.want, r.UserErrors("changePassword"))
		equal(t, c.name+": nothing is given", nil, r.Get("changePassword.viewer"))
	}
	equal(t, "NUL", "BAD_USER_INPUT", mina.Do(setPasswd, vars{"a": sitetest.Password, "b": "1234567\u0000"}).Code())
	equal(t, "nobody's", "UNAUTHENTICATED", site.Anonymous(t).Do(setPasswd, vars{"a": sitetest.Password, "b": "another horse"}).Code())
	equal(t, "nothing was changed", 2, len(sessionIDs(t, other)))
	r := mina.Do(setPasswd, vars{"a": sitetest.Password, "b": "새 비밀번호 하나"}).NoErrors()
	equal(t, "viewer", "mina", r.Text("changePassword.viewer.user.username"))
	equal(t, "this session lives on", 1, len(sessionIDs(t, mina)))
	equal(t, "the other does not", http.StatusUnauthorized, other.Do(`{ viewer { id } }`, nil).Status)
	equal(t, "the old password", []string{"WRONG_CREDENTIALS"}, mina.Do(login, vars{"u": "mina", "p": sitetest.Password}).UserErrors("login"))
	mina.Do(login, vars{"u": "mina", "p": "새 비밀번호 하나"}).NoErrors()
}

func TestUpdatingTheProfile(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina := site.User(t, "mina")
	update := `mutation($in: UpdateProfileInput!) { updateProfile(input: $in) { viewer { sharesReadMarks unread ` + countFields + ` user { displayName avatarUrl } } userErrors { code message field } } }`
	link := func(n int) string { return "https://example.org/" + strings.Repeat("x", n-len("https://example.org/")) }
	for _, c := range []struct {
		name string
		in   vars
		want []string
	}{
		{"empty", vars{"displayName": ""}, []string{"REQUIRED displayName"}},
		{"blank", vars{"displayName": "\u3000 "}, []string{"REQUIRED displayName"}},
		{"long", vars{"displayName": long(61)}, []string{"TOO_LONG displayName"}},
		{"control character", vars{"displayName": "a\u0007"}, []string{"INVALID displayName"}},
		{"http", vars{"avatarUrl": "http://example.org/x.png"}, []string{"INVALID avatarUrl"}},
		{"a script", vars{"avatarUrl": "javascript:alert(1)"}, []string{"INVALID avatarUrl"}},
		{"no host", vars{"avatarUrl": "https:///x.png"}, []string{"INVALID avatarUrl"}},
		{"a port and no host", vars{"avatarUrl": "https://:443/"}, []string{"INVALID avatarUrl"}},
		{"relative", vars{"avatarUrl": "//example.org/x.png"}, []string{"INVALID avatarUrl"}},
		{"blank link", vars{"avatarUrl": " "}, []string{"INVALID avatarUrl"}},
		{"a name and password", vars{"avatarUrl": "https://a:b@example.org/"}, []string{"INVALID avatarUrl"}},
		{"a line break", vars{"avatarUrl": "https://example.org/\n"}, []string{"INVALID avatarUrl"}},
		{"C1", vars{"avatarUrl": "https://example.org/\u0085"}, []string{"INVALID avatarUrl"}},
		{"a long link", vars{"avatarUrl": link(2001)}, []string{"TOO_LONG avatarUrl"}},
		{"all at once", vars{"displayName": "", "avatarUrl": "x", "sharesReadMarks": false}, []string{"REQUIRED displayName", "INVALID avatarUrl"}},
	} {
		r := mina.Do(update, vars{"in": c.in})
		equal(t, c.name, c.want, r.UserErrors("updateProfile"))
		equal(t, c.name+": nothing is given", nil, r.Get("updateProfile.viewer"))
	}
	for name, in := range map[string]vars{"NUL": {"displayName": "a\u0000"}, "a number": {"displayName": 7}, "a text": {"sharesReadMarks": "yes"}, "another's": {"userId": mina.ID}} {
		if code := mina.Do(update, vars{"in": in}).Code(); code == "" || code == "INTERNAL_SERVER_ERROR" {
			t.Errorf("%s: code %q", name, code)
		}
	}
	equal(t, "nobody's", "UNAUTHENTICATED", site.Anonymous(t).Do(update, vars{"in": vars{}}).Code())
	now := func(in vars) any {
		r := mina.Do(update, vars{"in": in}).NoErrors()
		return []any{r.Get("updateProfile.viewer.user.displayName"), r.Get("updateProfile.viewer.user.avatarUrl"), r.Get("updateProfile.viewer.sharesReadMarks")}
	}
	equal(t, "nothing was changed", []any{"mina", nil, true}, now(vars{}))
	equal(t, "all", []any{"민아 \U0001F338", link(2000), false}, now(vars{"displayName": "민아 \U0001F338", "avatarUrl": link(2000), "sharesReadMarks": false}))
	equal(t, "null leaves it", []any{"민아 \U0001F338", link(2000), false}, now(vars{"displayName": nil, "avatarUrl": nil, "sharesReadMarks": nil}))
	equal(t, "no picture", []any{"민아 \U0001F338", nil, true}, now(vars{"avatarUrl": "", "sharesReadMarks": true}))
	equal(t, "others see it", "민아 \U0001F338", site.Anonymous(t).Do(`{ user(username: "mina") { displayName } }`, nil).NoErrors().Text("user.displayName"))
}
