package faults_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// event is one that a subscription gave, as its client handles it.
type event struct {
	Type         string `json:"__typename"`
	Cursor       string
	Unread       *unread
	Note         *struct{ ID string }
	Comment      *struct{ ID string }
	Notification *notification
	ID           string `json:"notificationId"`
	Resumed      bool
	at           time.Time
}

type unread struct{ Notes, Conversations, Notifications, UnseenNotifications int }

type notification struct {
	ID         string
	Kind       string
	ActorCount int
	Count      int
	IsSeen     bool
	IsRead     bool
	Subject    *struct{ ID string }
}

const notificationFields = `{ id kind actorCount count isSeen isRead subject { ... on Conversation { id } ... on Post { id } ... on Comment { id } } }`

const (
	everything = `subscription($after: Cursor) { e: events(after: $after) {
		__typename cursor unread { notes conversations notifications unseenNotifications }
		... on StreamReady { resumed } ... on NoteReceived { note { id } } ... on NoteSent { note { id } }
		... on NotificationReceived { notification ` + notificationFields + ` } ... on NotificationChanged { notification ` + notificationFields + ` }
		... on NotificationRetracted { notificationId } } }`
	comments = `subscription($after: Cursor, $post: ID!) { e: commentAdded(postId: $post, after: $after) { __typename cursor comment { id } } }`
)

// reader is a subscription of one client, opened again with the last cursor whenever it ends.
type reader struct {
	site   *site
	server int
	who    *person
	post   string // the comments on it; "": all events of who
	rand   *rand.Rand

	mu      sync.Mutex
	after   string // the last cursor that was handled
	seq     uint64 // of that
	events  []event
	at      time.Time // of the last event
	live    bool      // there is a socket, and what was missed has come
	conn    *websocket.Conn
	stuck   chan struct{} // closed when the client reads on; nil: it reads
	opened  int           // how many sockets there were
	closed  []closing     // how they ended
	refused []string      // codes of errors that the subscription was answered with
}

type closing struct {
	code int // -1: without a word
	at   time.Time
}

// seqOf reads the place of a cursor in its log: clients must not, but have to be protected all the same.
func seqOf(cursor string) uint64 {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) < 33 {
		return 0
	}
	return binary.BigEndian.Uint64(b[25:])
}

// listen opens the subscriptions: everybody's events and everybody's post, on every server.
func (s *site) listen() {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	s.stopRead = func() { stop(); running.Wait() }
	s.t.Cleanup(s.stopRead)
	open := func(r *reader) {
		r.site, r.rand = s, choices(s.t, fmt.Sprintf("reader %d", len(s.readers)))
		s.readers = append(s.readers, r)
		running.Go(func() { r.run(ctx) })
	}
	for i := range s.servers {
		for _, p := range append(append([]*person(nil), s.people...), s.canaries...) {
			n := s.setup.sockets
			if slices.Contains(s.canaries, p) {
				n = 1
			}
			for range n {
				open(&reader{server: i, who: p, after: p.start, seq: seqOf(p.start)})
			}
			open(&reader{server: i, who: p, post: p.post})
		}
	}
	// There is no sign that a subscription of comments has begun, but its first comment.
	s.await("the subscriptions do not begin", answerTime, func() bool {
		missing := map[*person]bool{}
		for _, r := range s.readers {
			if !r.isLive() {
				missing[r.who] = true
			}
		}
		for p := range missing {
			s.do(s.hand(p, 0), s.draft(p, p, comment))
		}
		return len(missing) == 0
	})
}

// await waits until something is so.
func (s *site) await(otherwise string, within time.Duration, so func() bool) {
	s.t.Helper()
	for end := time.Now().Add(within); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%s within %s", otherwise, within)
		}
	}
}

func (r *reader) isLive() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live
}

func (r *reader) String() string {
	if r.post != "" {
		return fmt.Sprintf("the comments on the post of %s at server %d", r.who.name, r.server)
	}
	return fmt.Sprintf("the events of %s at server %d", r.who.name, r.server)
}

// run subscribes until ctx is done.
func (r *reader) run(ctx context.Context) {
	for ctx.Err() == nil {
		code := r.session(ctx)
		if ctx.Err() != nil {
			return
		}
		r.mu.Lock()
		r.live = false
		r.closed = append(r.closed, closing{code, time.Now()})
		r.mu.Unlock()
		wait(ctx, 20*time.Millisecond+time.Duration(r.rand.Int64N(int64(200*time.Millisecond))))
	}
}

// session is the life of one socket. It returns the close code.
func (r *reader) session(ctx context.Context) (code int) {
	dialing, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	conn, _, err := websocket.Dial(dialing, "ws"+strings.TrimPrefix(r.site.url(r.server), "http")+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPClient: r.site.client})
	if err != nil {
		return -1
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	r.mu.Lock()
	r.opened, r.conn = r.opened+1, conn
	after := r.after
	r.mu.Unlock()
	say := func(kind, id string, payload any) bool {
		text, err := json.Marshal(map[string]any{"type": kind, "id": id, "payload": payload})
		if id == "" {
			text, err = json.Marshal(map[string]any{"type": kind, "payload": payload})
		}
		return err == nil && conn.Write(ctx, websocket.MessageText, text) == nil
	}
	init := map[string]any{}
	if r.post == "" { // comments are public, and strangers listen to them
		init["authorization"] = "Bearer " + r.who.token
	}
	if !say("connection_init", "", init) {
		return -1
	}
	for {
		r.reads(ctx)
		_, text, err := conn.Read(ctx)
		if err != nil {
			return int(websocket.CloseStatus(err))
		}
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(text, &m); err != nil {
			r.site.violated("I11", "no message of the protocol: %q", text)
			return -1
		}
		ok := true
		switch m.Type {
		case "connection_ack":
			document, vars := everything, map[string]any{}
			if r.post != "" {
				document = comments
				vars["post"] = r.post
			}
			if after != "" {
				vars["after"] = after
			}
			ok = say("subscribe", "1", map[string]any{"query": document, "variables": vars})
		case "ping":
			ok = say("pong", "", m.Payload)
		case "next":
			ok = r.take(m.Payload)
		case "error", "complete":
			r.sayEnded(m.Type, m.Payload)
			ok = false
		}
		if !ok {
			return -1
		}
	}
}

// drop ends the socket from the client's side, without a word.
func (r *reader) drop() {
	r.mu.Lock()
	conn := r.conn
	r.mu.Unlock()
	if conn != nil {
		_ = conn.CloseNow()
	}
}

// stick stops reading from the socket, which stays open, until the function that it returns is called.
func (r *reader) stick() (goOn func()) {
	stuck := make(chan struct{})
	r.mu.Lock()
	r.stuck = stuck
	r.mu.Unlock()
	return sync.OnceFunc(func() {
		r.mu.Lock()
		r.stuck = nil
		r.mu.Unlock()
		close(stuck)
	})
}

// reads waits until the client reads.
func (r *reader) reads(ctx context.Context) {
	r.mu.Lock()
	stuck := r.stuck
	r.mu.Unlock()
	if stuck == nil {
		return
	}
	select {
	case <-stuck:
	case <-ctx.Done():
	}
}

// take handles one event: the order of cursors is I5.
func (r *reader) take(payload []byte) bool {
	var result struct {
		Data   struct{ E *event }
		Errors []graphQLError
	}
	if err := json.Unmarshal(payload, &result); err != nil || len(result.Errors) > 0 || result.Data.E == nil {
		r.sayEnded("next", payload)
		return false
	}
	e := *result.Data.E
	seq := seqOf(e.Cursor)
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Type == "StreamReady" {
		if seq < r.seq || !e.Resumed {
			r.site.violated("I5", "%s: ready at %d after %d, resumed: %t", r, seq, r.seq, e.Resumed)
		}
		r.live = true
		return true
	}
	if seq <= r.seq {
		r.site.violated("I5", "%s: %d came after %d", r, seq, r.seq)
	}
	if r.post != "" && r.after != "" && seq != r.seq+1 { // nothing in this log is hidden
		r.site.violated("I5", "%s: %d came after %d", r, seq, r.seq)
	}
	if r.post != "" {
		r.live = true
	}
	e.at = time.Now()
	r.after, r.seq, r.at = e.Cursor, seq, e.at
	r.events = append(r.events, e)
	return true
}

// sayEnded notes how a subscription ended while its socket goes on. Only what a fault explains may end it.
func (r *reader) sayEnded(kind string, payload []byte) {
	text := string(payload)
	r.mu.Lock()
	r.refused = append(r.refused, text)
	r.mu.Unlock()
	for _, code := range expectedCodes {
		if strings.Contains(text, `"`+code+`"`) {
			return
		}
	}
	r.site.violated("I5", "%s ended with %s %s", r, kind, text)
}
