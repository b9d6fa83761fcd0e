package faults_test

import "slices"

// checkReader compares all that a subscription gave, over all its sockets, with what is listed (I5).
func (s *site) checkReader(server int, r *reader, l *listed, post *listedPost) {
	s.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.post != "" {
		var got, want []string
		for _, e := range r.events {
			got = append(got, e.Comment.ID)
		}
		for _, c := range post.comments {
			want = append(want, c.ID)
		}
		if first := slices.Index(want, append(got, "")[0]); first < 0 || !slices.Equal(got, want[first:]) {
			s.violated("I5", "%s: %d came, and server %d lists %d", r, len(got), server, len(want))
		}
		return
	}
	var received, sent []string
	cursors := map[string]string{}
	bell := map[string]notification{}
	for _, e := range r.events {
		switch e.Type {
		case "NoteReceived":
			received = append(received, e.Note.ID)
		case "NoteSent":
			sent = append(sent, e.Note.ID)
			cursors[e.Note.ID] = e.Cursor
		case "NotificationReceived", "NotificationChanged":
			bell[e.Notification.ID] = *e.Notification
		case "NotificationRetracted":
			delete(bell, e.ID)
		}
	}
	compare := func(what string, got []string, listed []listedNote) {
		var want []string
		for _, n := range listed {
			want = append(want, n.ID)
		}
		if !slices.Equal(got, want) {
			s.violated("I5", "%s: %d %s came, and server %d lists %d, the same or others", r, len(got), what, server, len(want))
		}
	}
	compare("received notes", received, l.inbox)
	compare("sent notes", sent, l.sent)
	for _, w := range r.who.writes {
		if w.kind == note && w.state == acked && cursors[w.id] != w.cursor {
			s.violated("I5", "%s: %q came with the cursor %s, and was acknowledged with %s", r, w.body, cursors[w.id], w.cursor)
		}
	}
	// A client that handles events as upserts has the same bell and the same badges as one that fetches.
	for _, n := range l.notifications {
		had, ok := bell[n.ID]
		if !ok || !same(had, n) {
			s.violated("I5", "%s: the bell has %+v, and server %d lists %+v", r, had, server, n)
		}
		delete(bell, n.ID)
	}
	for id := range bell {
		s.violated("I5", "%s: the bell has %s, and server %d does not", r, id, server)
	}
	if n := len(r.events); n > 0 && *r.events[n-1].Unread != l.unread {
		s.violated("I7", "%s: the last counters are %+v, and server %d says %+v", r, *r.events[n-1].Unread, server, l.unread)
	}
}

func same(a, b notification) bool {
	a.Subject, b.Subject = nil, nil // pointers
	return a == b
}
