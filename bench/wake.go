package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/notewire/notewire/internal/ids"
	"github.com/notewire/notewire/internal/postgres"
)

// wake measures the way from a commit to a socket with each broker, and what the net below them costs.
type wake struct {
	Events int           `default:"2000" help:"How many events take each way, one after the other."`
	Topics []int         `default:"0,1000,10000" help:"How many topics are served while the cost of the net is measured."`
	Rest   time.Duration `default:"20s" help:"How long processor time is counted for each figure of the net."`
}

// Run prints both tables.
func (c *wake) Run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	s, err := build(ctx)
	if err != nil {
		return err
	}
	defer s.remove()
	local, err := postgres.StartLocal(ctx, postgres.LocalConfig{Dir: filepath.Join(s.dir, "data")})
	if err != nil {
		return err
	}
	defer local.Stop(ctx)
	address, stopNATS, err := startNATS(ctx)
	if err != nil {
		return err
	}
	defer stopNATS()
	s.env = append(s.env, "DATABASE_URL="+local.DSN())
	tokens, users, err := c.users(ctx, s)
	if err != nil {
		return err
	}
	fmt.Printf("\n%-52s %10s %10s\n", "from a commit to a socket, in µs", "median", "p99")
	for _, broker := range []struct {
		name, nats string
		raw        func() ([]time.Duration, error)
	}{
		{"NOTIFY", "", func() ([]time.Duration, error) { return rawNotify(ctx, local.DSN(), c.Events) }},
		{"NATS", address, func() ([]time.Duration, error) { return rawNATS(address, c.Events) }},
	} {
		took, err := broker.raw()
		if err != nil {
			return err
		}
		row(broker.name+": the message alone, to another connection", took)
		if err := c.ways(ctx, s, local.DSN(), broker.name, broker.nats, tokens, users); err != nil {
			return fmt.Errorf("%s: %w", broker.name, err)
		}
	}
	return c.net(ctx, s, local, tokens)
}

// users are enough for the most topics, and two at least.
func (c *wake) users(ctx context.Context, s *server) (tokens, ids []string, err error) {
	if err := s.start(ctx); err != nil {
		return nil, nil, err
	}
	defer s.stop()
	return s.register(ctx, 2+slices.Max(append(c.Topics, 0))/(perSocket*perUser))
}

func row(name string, took []time.Duration) {
	slices.Sort(took)
	us := func(share float64) float64 { return float64(took[int(share*float64(len(took)-1))]) / 1e3 }
	fmt.Printf("%-52s %10.0f %10.0f\n", name, us(0.5), us(0.99))
}

// ways measures delivery by the process that commits, and by another one.
func (c *wake) ways(ctx context.Context, s *server, dsn, name, natsURL string, tokens, users []string) error {
	if err := s.start(ctx, "NATS_URL="+natsURL, "NOTEWIRE_POLL_INTERVAL="+seldom.String()); err != nil {
		return err
	}
	defer s.stop()
	h, err := serveHere(ctx, dsn, natsURL)
	if err != nil {
		return err
	}
	defer h.close()
	var sent struct {
		SendNote struct{ Note struct{ ID string } }
	}
	if err := s.do(ctx, tokens[0], `mutation($to: [ID!]) { sendNote(input: {toUserIds: $to, body: "hello"}) { note { id } } }`,
		map[string]any{"to": users[1:]}, &sent); err != nil {
		return err
	}
	_, note, _ := ids.Decode(sent.SendNote.Note.ID)
	_, author, _ := ids.Decode(users[0])
	_, reader, _ := ids.Decode(users[1])
	for _, way := range []struct{ name, host string }{{"the process that committed", h.host}, {"another process", s.host}} {
		took, err := c.way(ctx, h, way.host, tokens[1], reader, note, author)
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		row(name+": to a socket of "+way.name, took)
	}
	return nil
}

// way commits events here, and reads them from a socket at host.
func (c *wake) way(ctx context.Context, h *here, host, token string, topic, note, author uuid.UUID) ([]time.Duration, error) {
	var viewer struct{ Viewer struct{ Cursor string } }
	if err := (&server{host: host}).do(ctx, token, `{ viewer { cursor } }`, nil, &viewer); err != nil {
		return nil, err
	}
	o, err := dial(ctx, host, token)
	if err != nil {
		return nil, err
	}
	defer o.conn.Close()
	if err := o.subscribe(fmt.Sprintf(`subscription { noteReceived(after: %q) { cursor unread { id notes notifications } note { id body sender { username } } } }`, viewer.Viewer.Cursor)); err != nil {
		return nil, err
	}
	const before = 100 // statements are prepared, caches are warm
	var took []time.Duration
	for i := range before + c.Events {
		at, err := h.commit(ctx, topic, note, author)
		if err != nil {
			return nil, err
		}
		if err := o.conn.SetReadDeadline(time.Now().Add(arrival)); err != nil {
			return nil, err
		}
		m, err := o.read()
		if err != nil {
			return nil, err
		}
		if m.Type != "next" {
			return nil, errors.New("no event but " + m.Type + " " + string(m.Payload))
		}
		if i >= before {
			took = append(took, time.Since(at))
		}
	}
	return took, nil
}
