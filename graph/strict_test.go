package graph_test

import (
	"fmt"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

func TestWhatIsNoValueOfItsType(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	const inbox = `query($first: Int) { viewer { notes(first: $first) { nodes { id } } } }`
	for name, v := range map[string]any{"a string": "5", "a fraction": 5.5, "too large": 1 << 40, "true": true} {
		if r := mina.Do(inbox, vars{"first": v}); r.Code() == "" || r.Code() == "INTERNAL_SERVER_ERROR" {
			t.Errorf("%s as an Int: %s", name, r.Raw)
		}
	}
	for name, v := range map[string]any{"a number": 5, "true": true, "a list": []int{1}} {
		if r := sendInput(mina, vars{"toUserIds": []string{joon.ID}, "body": v}); r.Code() == "" || r.Code() == "INTERNAL_SERVER_ERROR" {
			t.Errorf("%s as a body: %s", name, r.Raw)
		}
	}
	equal(t, "notes", 0, len(mina.Do(`{ viewer { notes(box: SENT) { nodes { id } } } }`, nil).NoErrors().List("viewer.notes.nodes")))
}

// A variable may be null where what it stands for has a default: that is said by name, or is the default.
func TestNullForAnArgument(t *testing.T) {
	t.Parallel()
	mina := sitetest.New(t).User(t, "mina")
	r := mina.Do(`query($box: NoteBox) { viewer { notes(box: $box) { nodes { id } } } }`, vars{"box": nil})
	equal(t, "a box", "BAD_USER_INPUT This must not be null. [viewer notes box]", fmt.Sprint(r.Code(), " ", r.Errors[0].Message, " ", r.Errors[0].Path))
	equal(t, "in the document", "GRAPHQL_VALIDATION_FAILED", mina.Do(`{ viewer { notes(box: null) { nodes { id } } } }`, nil).Code())
	mina.Do(`query($box: NoteBox) { viewer { notes(box: $box) { nodes { id } } } }`, vars{}).NoErrors()
	mina.Do(`query($no: Boolean, $n: Int, $text: String, $kinds: [NotificationKind!]) { viewer {
		notes(unreadOnly: $no, search: $text, first: $n, after: $text) { nodes { id } }
		conversations(archived: $no, requests: $no, last: $n, before: $text) { nodes { id } }
		notifications(unreadOnly: $no, kinds: $kinds, archived: $no, first: $n) { nodes { actors(first: $n) { id } } } } }`,
		vars{"no": nil, "n": nil, "text": nil, "kinds": nil}).NoErrors()
}

func TestSubscriptionsOfOneField(t *testing.T) {
	t.Parallel()
	mina := sitetest.New(t).User(t, "mina")
	for _, q := range []string{
		`subscription { a: unreadChanged { cursor } b: unreadChanged { cursor } }`,
		`subscription { unreadChanged @skip(if: true) { cursor } }`,
	} {
		equal(t, q, "GRAPHQL_VALIDATION_FAILED", mina.Subscribe(q, nil).Refused())
	}
	equal(t, "several operations", "GRAPHQL_VALIDATION_FAILED", mina.Do(`query A { __typename } query B { __typename }`, nil).Code())
}

// Where the schema is hidden nothing gives a name of it away.
func TestWithoutIntrospection(t *testing.T) {
	t.Parallel()
	site := sitetest.NewSite(t)
	site.NoIntrospection = true
	nobody := site.Start().Anonymous(t)
	for _, q := range []string{
		`{ __schema { types { name } } }`,
		`{ a: __type(name: "User") { name } }`,
		`{ post { id } }`,
		`{ posts(firs: 1) { nodes { id } } }`,
		`{ viewer { notes(box: INBX) { nodes { id } } } }`,
		`mutation { register(input: {usernam: "x"}) { token } }`,
		`{ viewer { unrea { id } } }`,
		`{ node(id: "x") { ... on Usr { id } } }`,
	} {
		r := nobody.Do(q, nil)
		equal(t, q, "GRAPHQL_VALIDATION_FAILED", r.Code())
		for _, name := range []string{"Did you mean", "\"first\"", "INBOX", "username", "password", "\"unread\"", "\"User\"", "displayName"} {
			if contains(r.Raw, name) {
				t.Errorf("%s gives %s away: %s", q, name, r.Raw)
			}
		}
	}
	equal(t, "__typename", "Query", nobody.Do(`{ __typename }`, nil).NoErrors().Text("__typename"))
}
