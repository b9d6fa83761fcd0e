package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	makeRoom  = `mutation { w: createRoom(input: {name: "room"}) { conversation { id } userErrors { code message } } }`
	enterRoom = `mutation { w: joinRoom(input: {name: "room"}) { conversation { id participantCount } userErrors { code message } } }`
	sayIn     = `mutation($c: ID!, $b: String!) { w: sendNote(input: {conversationId: $c, body: $b}) { note { id } userErrors { code message } } }`
	ofRoom    = `subscription($room: ID!, $after: Cursor) { e: roomNoteAdded(roomId: $room, after: $after) { cursor note { id body } } }`
)

// roomReader follows a room, from the last cursor whenever its socket ends.
type roomReader struct {
	mu     sync.Mutex
	after  string
	seq    uint64
	bodies map[string]int
	opened int
}

func (r *roomReader) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.bodies)
}

// F21: one of 51 in a room stops reading while 200 long notes are written: 10,000 characters of four bytes
// each, 8 MB in all. The other 50 get all of them, those who write are answered, and whoever read nothing
// gets all of them afterwards, without a gap and nothing twice.
//
// Planted, and seen red: a hub that waits for the slowest reader of a topic.
func TestF21ReaderOfARoomStops(t *testing.T) {
	t.Parallel()
	const members, notes, writers = 51, 200, 5
	s := begin(t, setup{servers: 2, people: 2, noFootprint: true})
	var entering errgroup.Group
	entering.SetLimit(8) // hashing takes the processors
	people := make([]*person, members)
	for i := range people {
		people[i] = s.newPerson(i, fmt.Sprintf("member%d", i))
		entering.Go(func() error { return s.register(people[i]) })
	}
	if err := entering.Wait(); err != nil {
		t.Fatal(err)
	}
	var room struct {
		Conversation struct {
			ID               string
			ParticipantCount int
		}
	}
	s.tell(0, people[0], makeRoom, nil, &room)
	for i, p := range people[1:] {
		s.tell(i%2, p, enterRoom, nil, &room)
	}
	if room.Conversation.ParticipantCount != members {
		t.Fatalf("%d are in the room", room.Conversation.ParticipantCount)
	}
	id := room.Conversation.ID

	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait(); narrow.CloseIdleConnections() })
	readers := make([]*roomReader, members)
	reading := make(chan struct{}) // closed when the one reads on
	for i, p := range people {
		r := &roomReader{bodies: map[string]int{}}
		readers[i] = r
		client := s.client
		if i == 0 {
			client = narrow
		}
		running.Go(func() { s.followRoom(ctx, client, i, p, id, r, reading) })
	}
	// There is no sign that the subscription of a room has begun, but its first note.
	greetings := 0
	s.await("the subscriptions do not begin", answerTime, func() bool {
		for _, r := range readers {
			if r.count() == 0 {
				s.tell(0, people[1], sayIn, map[string]any{"c": id, "b": fmt.Sprint("greeting ", greetings)}, nil)
				greetings++
				return false
			}
		}
		return true
	})

	long := strings.Repeat("\U0001F4A8", 9_990)
	began := time.Now()
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range notes / writers {
				s.tell((w+i)%2, people[1+w], sayIn, map[string]any{"c": id, "b": fmt.Sprintf("%d.%d %s", w, i, long)}, nil)
			}
		})
	}
	writing.Wait()
	answered := time.Now()
	t.Logf("%d notes of 40 kB were answered after %s", notes, answered.Sub(began).Round(time.Millisecond))
	got := func(r *roomReader) (n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for body := range r.bodies {
			if !strings.HasPrefix(body, "greeting") {
				n++
			}
		}
		return n
	}
	s.await("those who read do not get all", allBackTime, func() bool {
		for _, r := range readers[1:] {
			if got(r) < notes {
				return false
			}
		}
		return true
	})
	behind := time.Since(answered)
	t.Logf("all 50 who read had them %s later, the one who does not %d", behind.Round(time.Millisecond), got(readers[0]))
	if behind > 5*time.Second { // a tenth of a second, on a machine that has room
		s.violated("F21", "those who read waited %s for the last", behind)
	}
	if n := got(readers[0]); n >= notes {
		s.violated("F21", "the one who does not read has got %d", n)
	}
	close(reading)
	s.await("the one who reads again does not get all", allBackTime, func() bool { return got(readers[0]) == notes })
	for i, r := range readers {
		r.mu.Lock()
		for body, n := range r.bodies {
			if n != 1 {
				s.violated("I5", "member %d: %s came %d times", i, body, n)
			}
		}
		if i > 0 && r.opened > 1 {
			s.violated("F21", "member %d was dropped %d times, and has read", i, r.opened-1)
		}
		r.mu.Unlock()
	}
	s.settle()
	n, median, longest := s.answers.summary()
	t.Logf("%d answers, the median after %s, the last after %s", n, median, longest)
}

// followRoom has a member follow the room until ctx is done. Member 0 stops reading after its first event,
// until reading is closed.
func (s *site) followRoom(ctx context.Context, client *http.Client, i int, p *person, room string, r *roomReader, reading <-chan struct{}) {
	for ctx.Err() == nil {
		r.mu.Lock()
		r.opened++
		vars := map[string]any{"room": room}
		if r.after != "" {
			vars["after"] = r.after
		}
		r.mu.Unlock()
		_, refused := s.follow(ctx, client, i%2, p.token, ofRoom, vars, func(data json.RawMessage) bool {
			var got struct{ E *event }
			var bodied struct {
				E struct{ Note struct{ Body string } }
			}
			if json.Unmarshal(data, &got) != nil || json.Unmarshal(data, &bodied) != nil || got.E == nil {
				s.violated("I5", "member %d: %.200s", i, data)
				return false
			}
			seq := seqOf(got.E.Cursor)
			r.mu.Lock()
			if r.after != "" && seq != r.seq+1 { // nothing in this log is hidden from them
				s.violated("I5", "member %d: %d came after %d", i, seq, r.seq)
			}
			r.after, r.seq = got.E.Cursor, seq
			body, _, _ := strings.Cut(bodied.E.Note.Body, " \U0001F4A8")
			r.bodies[body]++
			r.mu.Unlock()
			if i == 0 {
				select {
				case <-reading:
				case <-ctx.Done():
					return false
				}
			}
			return true
		})
		if refused != "" {
			s.violated("I5", "member %d: the subscription ended with %.200s", i, refused)
			return
		}
		wait(ctx, 50*time.Millisecond)
	}
}
