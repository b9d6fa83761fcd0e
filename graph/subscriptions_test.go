package graph_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/sitetest"
	"github.com/notewire/notewire/internal/stream"
)

const noteReceived = `subscription($after: Cursor, $in: ID) { noteReceived(after: $after, conversationId: $in) { cursor unread ` + countFields + ` note { id body } } }`

// TestResumingWhileOthersWrite reads the events of a user in many short subscriptions on two servers, each
// from the last cursor of the one before, while writers run: each note comes exactly once, in one order.
func TestResumingWhileOthersWrite(t *testing.T) {
	t.Parallel()
	const writers, each, perSubscription = 4, 15, 7
	one := sitetest.New(t)
	servers := []*sitetest.Server{one, one.Another()}
	mina := one.User(t, "mina")
	after := mina.Cursor()
	whole := mina.At(servers[1]).Subscribe(noteReceived, vars{"after": after})
	var all sync.WaitGroup
	for w := range writers {
		from := one.User(t, fmt.Sprintf("writer_%d", w))
		all.Go(func() {
			for i := range each {
				r, err := from.At(servers[i%2]).Try(sendNote, vars{"in": vars{"toUserIds": []string{mina.ID}, "body": fmt.Sprintf("%d.%d", w, i)}})
				if err != nil || len(r.Errors) > 0 {
					t.Errorf("not sent: %v %+v", err, r)
				}
			}
		})
	}
	var pieces []string
	next := make([]int, writers)
	for n := 0; len(pieces) < writers*each; n++ {
		s := mina.At(servers[n%2]).Subscribe(noteReceived, vars{"after": after})
		for range min(perSubscription, writers*each-len(pieces)) {
			e := s.Next()
			after = sitetest.Get(t, e, "noteReceived.cursor").(string)
			body := sitetest.Get(t, e, "noteReceived.note.body").(string)
			var w, i int
			if _, err := fmt.Sscanf(body, "%d.%d", &w, &i); err != nil || i != next[w] {
				t.Fatalf("%s came when %d of its writer was due", body, next[w])
			}
			next[w]++
			pieces = append(pieces, body)
		}
		s.Close()
	}
	all.Wait()
	var unbroken []string
	for range pieces {
		unbroken = append(unbroken, sitetest.Get(t, whole.Next(), "noteReceived.note.body").(string))
	}
	equal(t, "resumed and unbroken", unbroken, pieces)
	last := mina.Subscribe(noteReceived, vars{"after": after})
	write(one.User(t, "joon"), "fence", mina)
	equal(t, "nothing comes twice", "fence", sitetest.Get(t, last.Next(), "noteReceived.note.body"))
}

// deaf is a broker that loses everything, in silence.
type deaf struct{}

func (deaf) Publish(context.Context, []stream.Wake, []stream.Signal) error { return nil }
func (deaf) Receive(ctx context.Context, _ func([]stream.Wake), _ func([]stream.Signal), _ func()) {
	<-ctx.Done()
}
func (deaf) Follow(_, _ []uuid.UUID)                           {}
func (deaf) Connected() bool                                   { return true }
func losesEverything(*postgres.DB, *slog.Logger) stream.Broker { return deaf{} }

func TestTwoServersDeliverToEachOther(t *testing.T) {
	t.Parallel()
	for name, broker := range map[string]func(*postgres.DB, *slog.Logger) stream.Broker{"with the broker": nil, "by the poll alone": losesEverything} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := sitetest.NewSite(t)
			site.Broker = broker
			one, two := site.Start(), site.Start()
			mina, joon := one.User(t, "mina"), two.User(t, "joon")
			one.Acquaint(mina, joon)
			atOne, atTwo := mina.Subscribe(allEvents, nil).Ready(), joon.Subscribe(allEvents, nil).Ready()
			told := "NotificationReceived"
			for i := range 3 {
				n := i + 1
				write(mina, "to two", joon)
				expectEvents(t, atTwo, fmt.Sprintf("NoteReceived [%d 1 1 1]", n), told+fmt.Sprintf(" [%d 1 1 1]", n))
				expectEvents(t, atOne, fmt.Sprintf("NoteSent [%d %d %d %d]", i, min(i, 1), min(i, 1), min(i, 1)))
				write(joon, "to one", mina)
				expectEvents(t, atOne, fmt.Sprintf("NoteReceived [%d 1 1 1]", n), told+fmt.Sprintf(" [%d 1 1 1]", n))
				expectEvents(t, atTwo, fmt.Sprintf("NoteSent [%d 1 1 1]", n))
				told = "NotificationChanged"
			}
		})
	}
}

func TestEveryKindOfEvent(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	live := listen(mina, mina.Cursor())
	in := write(joon, "1", mina)
	out := answer(mina, in.conversation, "2")
	answer(joon, in.conversation, "3")
	post := createPost(mina, "post")
	like(joon, post).NoErrors()
	got := expectEvents(t, live,
		"NoteReceived [1 1 1 1]", "NotificationReceived [1 1 1 1]",
		"NoteSent [1 1 1 1]",
		"NoteReceived [2 1 1 1]", "NotificationChanged [2 1 1 1]",
		"NotificationReceived [2 1 2 2]",
	)
	unlike(joon, post).NoErrors()
	mina.Do(`mutation { markNotificationsSeen(input: {}) { cursor } }`, nil).NoErrors()
	mina.Do(markRead, vars{"in": vars{"conversationId": in.conversation}}).NoErrors()
	rest := expectEvents(t, live,
		"NotificationRetracted [2 1 1 1]",
		"NotificationChanged [2 1 1 0]",
		"ConversationRead [0 0 0 0]", "NotificationChanged [0 0 0 0]",
	)
	equal(t, "subjects", []string{in.id, out.id, got[5].subject, in.conversation}, []string{got[0].subject, got[2].subject, rest[0].subject, rest[2].subject})
	equal(t, "the cursor of sending", out.cursor, got[2].cursor)
	// The same again from the log, with the counters as they were. Of the notification that is gone there is
	// only that it is gone.
	replayed := listen(mina, got[0].cursor)
	for _, want := range append(got[1:5:5], rest...) {
		equal(t, "replayed", want, nextEvent(t, replayed))
	}
}

func TestCursorsThatCannotBe(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon := site.User(t, "mina"), site.User(t, "joon")
	site.Acquaint(mina, joon)
	start := mina.Cursor()
	post := createPost(mina, "post")
	comment(joon, post, "", "comment")
	ofPost := sitetest.Get(t, site.Anonymous(t).Do(`{ posts { pageInfo { endCursor } } }`, nil).NoErrors().Data, "posts.pageInfo.endCursor").(string)
	for range 5 {
		write(joon, "x", mina)
	}
	head := mina.Cursor()
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	raw[30]++
	for name, after := range map[string]string{"junk": "junk", "empty": "", "truncated": head[:len(head)-2], "longer": head + "AA", "tampered": base64.RawURLEncoding.EncodeToString(raw),
		"of joon": joon.Cursor(), "of a page": ofPost, "huge": long(2000)} {
		equal(t, name, "BAD_USER_INPUT", mina.Subscribe(allEvents, vars{"after": after}).Refused())
		equal(t, name, "BAD_USER_INPUT", mina.Subscribe(noteReceived, vars{"after": after}).Refused())
	}
	beyond := site.Resolver.Log.Cursor(userID(t, mina), 1000)
	equal(t, "beyond the head", "CURSOR_EXPIRED", mina.Subscribe(allEvents, vars{"after": beyond}).Refused())

	// What the log no longer holds is never passed over in silence.
	second := listen(mina, start)
	middle := nextEvent(t, second).cursor
	for range 3 {
		nextEvent(t, second)
	}
	if _, err := site.DB.ExecContext(t.Context(), `DELETE FROM events WHERE topic_id = $1 AND seq <= 3`, userID(t, mina)); err != nil {
		t.Fatal(err)
	}
	for name, after := range map[string]string{"from the start": start, "from the middle": middle} {
		equal(t, name, "CURSOR_EXPIRED", mina.At(site.Another()).Subscribe(allEvents, vars{"after": after}).Refused())
	}
	if _, err := site.DB.ExecContext(t.Context(), `DELETE FROM events WHERE topic_id = $1`, userID(t, mina)); err != nil {
		t.Fatal(err)
	}
	fresh := mina.At(site.Another())
	equal(t, "all gone", "CURSOR_EXPIRED", fresh.Subscribe(allEvents, vars{"after": middle}).Refused())
	s := listen(fresh, head)
	write(joon, "the head is good at any age", mina)
	equal(t, "the head", "NoteReceived", nextEvent(t, s).kind)
	if _, err := site.DB.ExecContext(t.Context(), `UPDATE epoch SET counter = counter + 1`); err != nil {
		t.Fatal(err)
	}
	equal(t, "of another epoch", "CURSOR_EXPIRED", mina.At(site.Another()).Subscribe(allEvents, vars{"after": head}).Refused())
}

func TestNotesOfOneConversation(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t)
	mina, joon, hana := site.User(t, "mina"), site.User(t, "joon"), site.User(t, "hana")
	site.Acquaint(mina, joon, hana)
	here, foreign := write(joon, "1", mina), write(joon, "foreign", hana)
	after := mina.Cursor()
	only := mina.Subscribe(noteReceived, vars{"after": after, "in": here.conversation})
	write(hana, "elsewhere", mina)
	answer(mina, here.conversation, "her own")
	answer(joon, here.conversation, "2")
	e := only.Next()
	equal(t, "only this conversation, only of others", "2", sitetest.Get(t, e, "noteReceived.note.body"))
	equal(t, "all that is unread", counts{3, 2, 2, 2}, asCounts(t, sitetest.Get(t, e, "noteReceived.unread")))
	for _, id := range []string{foreign.conversation, mina.ID, "junk", "conversation_01h455vb4pex5vsknk084sn02q"} {
		equal(t, id, "NOT_FOUND", mina.Subscribe(noteReceived, vars{"in": id}).Refused())
	}
	fields := mina.Subscribe(`subscription($after: Cursor) { noteReceived(after: $after) { note { conversation { unreadCount lastNote { body } } } } }`, vars{"after": mina.Cursor()})
	for i, body := range []string{"3", "4"} {
		answer(joon, here.conversation, body)
		equal(t, "each event is read anew", map[string]any{"unreadCount": float64(3 + i), "lastNote": map[string]any{"body": body}}, sitetest.Get(t, fields.Next(), "noteReceived.note.conversation"))
	}
}
