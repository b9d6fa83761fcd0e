package graph_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/sitetest"
)

const reportContent = `mutation($in: ReportContentInput!) { reportContent(input: $in) {
  report { id reason evidence createdAt subject { __typename ... on Note { id } ... on Post { id } ... on Comment { id } ... on User { id } } } userErrors { code message field } } }`

func report(by *client, in vars) *sitetest.Result { return by.Do(reportContent, vars{"in": in}) }

const ownReport = `query($id: ID!) { node(id: $id) { __typename ... on Report { id reason evidence subject { __typename } } } }`

func TestReportingContent(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon, hana := one.User(t, "mina"), two.User(t, "joon"), one.User(t, "hana")
	note := write(joon, " <b>an insult</b>\n", mina)
	post := createPost(joon, "title")
	remark := comment(joon, post, "", "a remark")
	joon.Do(`mutation { updateProfile(input: {displayName: "준"}) { userErrors { code } } }`, nil).NoErrors()
	var reports []string
	for _, c := range []struct{ id, kind, evidence string }{
		{note.id, "Note", " <b>an insult</b>\n"}, {post, "Post", "title\n\ntext"}, {remark, "Comment", "a remark"}, {joon.ID, "User", "@joon 준"},
	} {
		cursor := joon.Cursor()
		r := report(mina, vars{"subjectId": c.id, "reason": "rude\u3000"}).NoErrors()
		equal(t, c.kind, []any{c.evidence, "rude\u3000", map[string]any{"__typename": c.kind, "id": c.id}},
			[]any{r.Get("reportContent.report.evidence"), r.Get("reportContent.report.reason"), r.Get("reportContent.report.subject")})
		equal(t, "its author is not told", cursor, joon.Cursor())
		reports = append(reports, r.Text("reportContent.report.id"))
	}
	for _, id := range reports {
		equal(t, "one's own report", id, mina.At(two).Do(ownReport, vars{"id": id}).NoErrors().Text("node.id"))
		for name, c := range map[string]*client{"its subject's author": joon, "a stranger": hana, "nobody": one.Anonymous(t)} {
			equal(t, name, nil, c.Do(ownReport, vars{"id": id}).NoErrors().Get("node"))
		}
	}
	if again := report(mina, vars{"subjectId": note.id, "reason": "rude"}).NoErrors(); again.Text("reportContent.report.id") == reports[0] {
		t.Error("without a key it is a new report")
	}

	// What the report keeps stays, whatever becomes of the subject.
	for _, statement := range []string{`UPDATE notes SET body = '', unsent_at = now() WHERE id = $1`, `DELETE FROM notes WHERE id = $1`} {
		if _, err := one.DB.ExecContext(t.Context(), statement, ids.Of(ids.Note, note.id)); err != nil {
			t.Fatal(err)
		}
		r := mina.Do(ownReport, vars{"id": reports[0]}).NoErrors()
		equal(t, "the evidence stays", " <b>an insult</b>\n", r.Get("node.evidence"))
	}
	equal(t, "the subject is gone", nil, mina.Do(ownReport, vars{"id": reports[0]}).NoErrors().Get("node.subject"))
	if _, err := one.DB.ExecContext(t.Context(), `UPDATE users SET display_name = 'another' WHERE id = $1`, userID(t, joon)); err != nil {
		t.Fatal(err)
	}
	equal(t, "of a user, too", "@joon 준", mina.Do(ownReport, vars{"id": reports[3]}).NoErrors().Get("node.evidence"))
}

func TestReportingIsRefused(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	foreign, own := write(joon, "private", hana), write(joon, "to mina", mina)
	blocked := write(hana, "blocked", mina)
	block(mina, hana)
	unsent := write(joon, "taken back", mina)
	unsendNote(joon, unsent.id).NoErrors()
	post := createPost(joon, "post")
	deleted := comment(joon, post, "", "deleted")
	comment(mina, post, deleted, "an answer keeps its place")
	deleteComment(joon, deleted).NoErrors()
	bellOf := write(mina, "answer", joon)
	notification := joon.Do(`{ viewer { notifications { nodes { id } } } }`, nil).NoErrors().Text("viewer.notifications.nodes.0.id")
	of := func(id string) vars { return vars{"subjectId": id, "reason": "x"} }
	for _, c := range []struct {
		name string
		in   vars
		want []string
	}{
		{"another's note", of(foreign.id), []string{"NOT_FOUND subjectId"}},
		{"a note of one who is blocked", of(blocked.id), []string{"NOT_FOUND subjectId"}},
		{"no such note", of(ids.Encode(ids.Note, ids.New())), []string{"NOT_FOUND subjectId"}},
		{"an unsent note", of(unsent.id), []string{"NOT_ALLOWED subjectId"}},
		{"the place of a deleted comment", of(deleted), []string{"NOT_ALLOWED subjectId"}},
		{"a conversation", of(own.conversation), []string{"NOT_FOUND subjectId"}},
		{"a notification", of(notification), []string{"NOT_FOUND subjectId"}},
		{"a session", of(currentSession(t, mina)), []string{"NOT_FOUND subjectId"}},
		{"a note that says it is a post", of(strings.Replace(own.id, "note_", "post_", 1)), []string{"NOT_FOUND subjectId"}},
		{"empty id", of(""), []string{"NOT_FOUND subjectId"}},
		{"junk", of(strings.Repeat("x", 5000)), []string{"NOT_FOUND subjectId"}},
		{"no reason", vars{"subjectId": own.id, "reason": ""}, []string{"REQUIRED reason"}},
		{"a blank reason", vars{"subjectId": own.id, "reason": " \u3000\n"}, []string{"REQUIRED reason"}},
		{"a long reason", vars{"subjectId": own.id, "reason": long(1001)}, []string{"TOO_LONG reason"}},
		{"a control character", vars{"subjectId": own.id, "reason": "a\u0001"}, []string{"INVALID reason"}},
		{"an empty key", vars{"subjectId": own.id, "reason": "x", "idempotencyKey": ""}, []string{"INVALID idempotencyKey"}},
		{"a long key", vars{"subjectId": own.id, "reason": "x", "idempotencyKey": strings.Repeat("k", 129)}, []string{"TOO_LONG idempotencyKey"}},
		{"all at once", vars{"subjectId": foreign.id, "reason": "", "idempotencyKey": ""}, []string{"NOT_FOUND subjectId", "REQUIRED reason", "INVALID idempotencyKey"}},
	} {
		r := report(mina, c.in)
		equal(t, c.name, c.want, r.UserErrors("reportContent"))
		equal(t, c.name+": nothing is given", nil, r.Get("reportContent.report"))
	}
	equal(t, "hidden is not found", report(mina, of(ids.Encode(ids.Note, ids.New()))).Raw, report(mina, of(foreign.id)).Raw)
	for name, in := range map[string]string{"NUL": `subjectId: "` + own.id + `", reason: "a\u0000"`, "a lone surrogate": `subjectId: "` + own.id + `", reason: "\uD800"`,
		"a number": `subjectId: "` + own.id + `", reason: 7`, "no subject": `reason: "x"`, "null": `subjectId: null, reason: "x"`, "another's name": `subjectId: "` + own.id + `", reason: "x", reporterId: "` + hana.ID + `"`} {
		if code := mina.Do(`mutation { reportContent(input: {`+in+`}) { userErrors { code } } }`, nil).Code(); code == "" || code == "INTERNAL_SERVER_ERROR" {
			t.Errorf("%s: code %q", name, code)
		}
	}
	equal(t, "nobody's", "UNAUTHENTICATED", report(site.Anonymous(t), of(own.id)).Code())
	var n int
	if err := site.DB.QueryRowContext(t.Context(), `SELECT count(*) FROM reports`).Scan(&n); err != nil || n > 0 {
		t.Errorf("%d reports were written, %v", n, err)
	}
	report(mina, vars{"subjectId": bellOf.id, "reason": long(1000), "idempotencyKey": strings.Repeat("k", 128)}).NoErrors()
}

func TestTheSameKeyIsTheSameReport(t *testing.T) {
	t.Parallel()
	one := sitetest.New(t)
	two := one.Another()
	mina, joon := one.User(t, "mina"), one.User(t, "joon")
	note := write(joon, "note", mina)
	in := vars{"subjectId": note.id, "reason": "rude", "idempotencyKey": "k"}
	answers := make([]string, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			r, err := mina.At([]*sitetest.Server{one, two}[i%2]).Try(reportContent, vars{"in": in})
			if err != nil || len(r.Errors) > 0 || r.Get("reportContent.report") == nil {
				t.Errorf("retry %d: %v %+v", i, err, r)
				return
			}
			answers[i] = r.Text("reportContent.report.id")
		})
	}
	all.Wait()
	for _, a := range answers {
		equal(t, "one report", answers[0], a)
	}
	if _, err := one.DB.ExecContext(t.Context(), `DELETE FROM notes WHERE id = $1`, ids.Of(ids.Note, note.id)); err != nil {
		t.Fatal(err)
	}
	equal(t, "though the note is gone", answers[0], report(mina, in).NoErrors().Text("reportContent.report.id"))
	for name, other := range map[string]vars{
		"another reason":  {"subjectId": note.id, "reason": "very rude", "idempotencyKey": "k"},
		"another subject": {"subjectId": joon.ID, "reason": "rude", "idempotencyKey": "k"},
		"no subject":      {"subjectId": "x", "reason": "rude", "idempotencyKey": "k"},
	} {
		equal(t, name, []string{"CONFLICT idempotencyKey"}, report(mina, other).UserErrors("reportContent"))
	}
	others := report(joon, vars{"subjectId": mina.ID, "reason": "rude", "idempotencyKey": "k"}).NoErrors()
	if others.Text("reportContent.report.id") == answers[0] {
		t.Error("another user's key found this report")
	}
}
