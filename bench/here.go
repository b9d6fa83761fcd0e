package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/graph"
	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// here is a server inside this program, so that the moment of a commit can be seen.
type here struct {
	host  string
	db    *postgres.DB
	log   *stream.Log
	close func()
}

// seldom is a poll that has no part in what is measured.
const seldom = time.Minute

func serveHere(ctx context.Context, dsn, natsURL string) (*here, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := postgres.Open(ctx, dsn, postgres.Options{})
	if err != nil {
		return nil, err
	}
	var broker stream.Broker = stream.NewPostgresBroker(db, log)
	if natsURL != "" {
		if broker, err = stream.NewNATSBroker(ctx, db, natsURL, log); err != nil {
			return nil, err
		}
	}
	events, hub, err := stream.New(ctx, db, broker, seldom, log)
	if err != nil {
		return nil, err
	}
	origins, err := transport.NewOrigins()
	if err != nil {
		return nil, err
	}
	documents, err := transport.NewPersistedDocuments(transport.TrustedOff, nil)
	if err != nil {
		return nil, err
	}
	positions := stream.NewPositions(db, log)
	api := graph.NewAPI(graph.NewResolver(db, events, hub, positions, time.Hour), graph.Options{Origins: origins, Documents: documents, Log: log})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: arrival}
	running, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { hub.Run(running) })
	all.Go(func() { positions.Run(running) })
	all.Go(func() { _ = server.Serve(listener) })
	return &here{host: listener.Addr().String(), db: db, log: events, close: func() {
		_ = api.Drain(ctx, 0)
		_ = server.Close()
		cancel()
		all.Wait()
		_ = db.Close()
	}}, nil
}

// commit adds an event about a note to a log, and returns the moment at which it was committed: when Postgres
// had answered, and nobody had been told.
func (h *here) commit(ctx context.Context, topic, note, author uuid.UUID) (at time.Time, err error) {
	err = h.db.InTx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		tx.AfterCommit(func() { at = time.Now() }) // before what the batch registers
		b := h.log.Begin(tx, time.Now())
		if err := b.Lock(ctx, topic); err != nil {
			return err
		}
		b.Append(topic, stream.NoteReceived, note, author)
		_, err := b.Write(ctx)
		return err
	})
	return at, err
}
