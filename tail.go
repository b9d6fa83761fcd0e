package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/accounts"
	"github.com/notewire/notewire/internal/config"
	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

const (
	// While much happens it is read this often: a person cannot read faster, and the database has other work.
	tailPause = 100 * time.Millisecond
	// Names are remembered for so many users; of more, all are forgotten and looked up again.
	tailNames = 10_000
	// How often to look whether somebody has started a server.
	tailWait = 300 * time.Millisecond
)

// tail watches a site until ctx ends. It starts no Postgres of its own, which would keep a server from doing
// so: it waits for one. Neither does it keep one from ending, and goes on with the next.
func tail(ctx context.Context, c config.Tail, out io.Writer) error {
	d, err := running(ctx, c.Database)
	if err != nil {
		return ended(ctx, err)
	}
	d.MaxConns = 2
	db, closeDB, err := connect(ctx, d, newLog(c.Level()), postgres.Options{})
	if err != nil {
		return ended(ctx, err)
	}
	defer closeDB()
	if err := migrated(ctx, db); err != nil {
		return ended(ctx, err)
	}
	log, err := stream.NewLog(ctx, db)
	if err != nil {
		return ended(ctx, err)
	}
	w := &watcher{users: accounts.New(db, nil, time.Hour), log: log, out: out, json: c.JSON, names: map[uuid.UUID]string{}}
	topic, err := w.topic(ctx, c)
	if err != nil {
		return ended(ctx, err)
	}
	since, after := time.Now().Add(-c.Since), int64(0)
	switch {
	case c.After != "":
		since = time.Time{}
		if after, err = log.Position(topic, c.After); err != nil {
			return fmt.Errorf("--after: %w", err)
		}
	case c.Since == 0:
		since = since.AddDate(1000, 0, 0)
	}
	t := log.Tail(topic)
	events, err := t.Begin(ctx, since, after)
	if err != nil {
		return ended(ctx, err)
	}
	bell := make(chan struct{}, 1) // it rings or it does not
	ring := func() {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
	broker := stream.NewPostgresBroker(db, slog.New(slog.DiscardHandler))
	var receiving sync.WaitGroup
	receiving.Go(func() { broker.Receive(ctx, func([]stream.Wake) { ring() }, func([]stream.Signal) {}, ring) })
	defer receiving.Wait()
	fmt.Fprintln(os.Stderr, "Watching. Ctrl-C ends it.")
	tick := time.NewTicker(c.PollInterval)
	defer tick.Stop()
	for away := false; ; {
		if err := w.write(ctx, events); err != nil {
			return ended(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tailPause):
		}
		select {
		case <-ctx.Done():
			return nil
		case <-bell:
		case <-tick.C:
		}
		var leftOut int
		events, leftOut, err = t.Read(ctx)
		if away != (err != nil) && ctx.Err() == nil {
			if away = err != nil; away {
				fmt.Fprintln(os.Stderr, "The database does not answer: waiting for it.")
			} else {
				fmt.Fprintln(os.Stderr, "The database is back.")
			}
		}
		if leftOut > 0 {
			fmt.Fprintf(os.Stderr, "%d events are left out: more happens than can be shown. Watch one user or topic.\n", leftOut)
		}
	}
}

// ended says what became of something that Ctrl-C may have ended.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// running is where the data is once there is a Postgres.
func running(ctx context.Context, d config.Database) (config.Database, error) {
	for said := false; ; said = true {
		if d = beside(ctx, d); d.DatabaseURL != "" {
			return d, nil
		}
		if !said {
			fmt.Fprintf(os.Stderr, "No server runs on %s: waiting for one.\n", d.DataDir)
		}
		select {
		case <-ctx.Done():
			return d, ctx.Err()
		case <-time.After(tailWait):
		}
	}
}

// migrated waits for a server, which is still starting, to have brought the database to this program's version.
func migrated(ctx context.Context, db *postgres.DB) error {
	for said := false; ; said = true {
		done, err := postgres.Migrated(ctx, db.DB)
		if done || err != nil {
			return err
		}
		if !said {
			fmt.Fprintln(os.Stderr, "The database is not of this program's version yet: waiting for a server, or notewire migrate, to bring it there.")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(tailWait):
		}
	}
}

// watcher writes events for somebody who reads them.
type watcher struct {
	users *accounts.Accounts
	log   *stream.Log
	out   io.Writer
	json  bool
	names map[uuid.UUID]string
}

// topic is the log that was named, or nil.
func (w *watcher) topic(ctx context.Context, c config.Tail) (id uuid.UUID, err error) {
	switch {
	case c.User != "":
		u, err := w.users.ByUsername(ctx, c.User)
		if err != nil {
			return id, err
		}
		if u == nil {
			return id, fmt.Errorf("--user: there is no user %q", c.User)
		}
		id = u.ID
	case c.Topic != "":
		_, id, _ = ids.Decode(c.Topic)
		_, known, err := w.log.Head(ctx, id)
		if err != nil {
			return id, err
		}
		if !known {
			return id, errors.New("--topic: there is no user, post or room with this identifier")
		}
	}
	return id, nil
}

// line is an event in JSON. There are no texts in it.
type line struct {
	At      time.Time `json:"at"`
	Topic   string    `json:"topic"`
	User    string    `json:"user,omitempty"` // whose topic it is
	Kind    string    `json:"kind"`
	By      string    `json:"by,omitempty"`
	Subject string    `json:"subject"`
	Seq     int64     `json:"seq"`
	Cursor  string    `json:"cursor"`
	Unread  *unread   `json:"unread,omitempty"` // of the user
}

type unread struct {
	Notes         int `json:"notes"`
	Conversations int `json:"conversations"`
	Notifications int `json:"notifications"`
	Unseen        int `json:"unseenNotifications"`
}

// write writes a line for each event.
func (w *watcher) write(ctx context.Context, events []stream.Event) error {
	w.look(ctx, events)
	for _, e := range events {
		subject, topic := e.Kind.About()
		l := line{At: e.At, Topic: ids.Encode(topic, e.Topic), Kind: e.Kind.String(), By: w.names[e.Author], Subject: ids.Encode(subject, e.Subject),
			Seq: e.Seq, Cursor: w.log.Cursor(e.Topic, e.Seq)}
		if topic == ids.User {
			l.User = w.names[e.Topic]
			l.Unread = &unread{e.Unread.Notes, e.Unread.Conversations, e.Unread.Notifications, e.Unread.Unseen}
		}
		if err := w.one(l); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) one(l line) error {
	if w.json {
		return json.NewEncoder(w.out).Encode(l)
	}
	where, by := l.User, ""
	if where == "" {
		where = l.Topic
	}
	if l.By != "" && l.By != l.User {
		by = "by " + l.By
	}
	text := fmt.Sprintf("%s  %-16s %-21s %-16s %s", l.At.Local().Format("15:04:05.000"), where, l.Kind, by, l.Subject)
	if u := l.Unread; u != nil {
		text += fmt.Sprintf("  unread: %d in %d, bell %d (%d new)", u.Notes, u.Conversations, u.Notifications, u.Unseen)
	}
	_, err := fmt.Fprintln(w.out, text)
	return err
}

// look finds the names of those whom events are about, once. Where the database does not answer there are none,
// until they are asked for again.
func (w *watcher) look(ctx context.Context, events []stream.Event) {
	if len(w.names) > tailNames {
		clear(w.names)
	}
	var unknown []uuid.UUID
	for _, e := range events {
		for _, id := range []uuid.UUID{e.Topic, e.Author} {
			if _, ok := w.names[id]; !ok && id != uuid.Nil {
				w.names[id] = "" // a post has none
				unknown = append(unknown, id)
			}
		}
	}
	if len(unknown) == 0 {
		return
	}
	found, err := w.users.ByIDs(ctx, unknown)
	if err != nil {
		for _, id := range unknown {
			delete(w.names, id)
		}
	}
	for id, u := range found {
		w.names[id] = u.Username
	}
}
