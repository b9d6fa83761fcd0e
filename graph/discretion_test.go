package graph_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

// TestWhatUsersWriteIsNotLogged refuses every text, first by itself and then by the database, which says of a row
// that it refuses what is in it. Red when the log is given the details of such an error.
func TestWhatUsersWriteIsNotLogged(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var log strings.Builder
	made := sitetest.NewSite(t)
	made.LogTo = writerFunc(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(b)
	})
	site := made.Start()
	const canary = "kanarienvogel"
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	note, post := write(mina, "note", joon), createPost(mina, "post")
	remark, id := comment(mina, post, "", "comment"), group(mina, "g", joon)
	for table, column := range map[string]string{"notes": "body", "posts": "body", "comments": "body", "conversations": "title", "reports": "reason", "users": "display_name"} {
		if _, err := site.DB.ExecContext(t.Context(), `ALTER TABLE `+table+` ADD CHECK (`+column+` NOT LIKE '%`+canary+`%')`); err != nil {
			t.Fatal(err)
		}
	}
	texts := []struct {
		mutation, input, field string
		rest                   vars
	}{
		{"sendNote", "SendNoteInput", "body", vars{"toUserIds": []string{joon.ID}}},
		{"sendNote", "SendNoteInput", "body", vars{"conversationId": id, "idempotencyKey": canary}},
		{"editNote", "EditNoteInput", "body", vars{"noteId": note.id}},
		{"createGroup", "CreateGroupInput", "title", vars{"userIds": []string{joon.ID}}},
		{"renameConversation", "RenameConversationInput", "title", vars{"conversationId": id}},
		{"createRoom", "CreateRoomInput", "title", vars{"name": "room"}},
		{"createPost", "CreatePostInput", "body", vars{"title": canary}},
		{"editPost", "EditPostInput", "body", vars{"postId": post, "title": canary}},
		{"addComment", "AddCommentInput", "body", vars{"postId": post}},
		{"editComment", "EditCommentInput", "body", vars{"commentId": remark}},
		{"reportContent", "ReportContentInput", "reason", vars{"subjectId": post}},
		{"updateProfile", "UpdateProfileInput", "displayName", vars{}},
	}
	for _, text := range texts {
		for _, value := range []any{canary + long(30_000), canary + "\u0001", canary + "\u0000", json.RawMessage(`"` + canary + `\ud800"`), []any{canary}, vars{canary: canary}, canary} {
			text.rest[text.field] = value
			r := mina.Do(`mutation($in: `+text.input+`!) { `+text.mutation+`(input: $in) { userErrors { code message } } }`, vars{"in": text.rest})
			if last := value == any(canary); last != (r.Code() == "INTERNAL_SERVER_ERROR") {
				t.Errorf("%s of %.40v: %s", text.mutation, value, r.Raw)
			} else if last && strings.Contains(r.Raw, canary) {
				t.Errorf("%s: in the answer: %s", text.mutation, r.Raw)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	equal(t, "failures that were logged", len(texts), strings.Count(log.String(), "internal error"))
	if strings.Contains(log.String(), canary) {
		t.Errorf("the log: %s", log.String())
	}
}
