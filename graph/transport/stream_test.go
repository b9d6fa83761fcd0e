package transport_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/graph/transport/internal/testserver"
)

// openStream opens a subscription as a transport does.
func openStream(t *testing.T, ctx context.Context, r *testserver.Resolver, query string, wake func()) (*transport.Stream, *graphql.Response) {
	t.Helper()
	exec := executor.New(r.Schema())
	exec.SetRecoverFunc(func(context.Context, any) error { return errors.New("internal error") })
	exec.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		if transport.IsContinuation(ctx) && ctx.Value(refuseKey{}) != nil {
			return graphql.OneShot(graphql.ErrorResponse(ctx, "not any more"))
		}
		return next(ctx)
	})
	ctx = graphql.StartOperationTrace(ctx)
	oc, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return transport.OpenStream(ctx, exec, oc, wake)
}

type refuseKey struct{}

func TestStreamPauses(t *testing.T) {
	r := testserver.NewResolver()
	r.Log.Publish("t", "x", 40)
	s, failure := openStream(t, t.Context(), r, `subscription { events(topic: "t", after: "0") { cursor } }`, func() {})
	if failure != nil {
		t.Fatal(failure.Errors)
	}
	var cursors []string
	for {
		more, end, err := s.Next(func(m transport.Message) error {
			if want := fmt.Sprintf(`{"events":{"cursor":"%s"}}`, m.Cursor); string(m.Response.Data) != want {
				t.Fatalf("got %s with the cursor %s", m.Response.Data, m.Cursor)
			}
			cursors = append(cursors, m.Cursor)
			return transport.ErrPause
		})
		if end != nil || err != nil {
			t.Fatal(end, err)
		}
		if !more {
			break
		}
		if len(cursors) == 7 { // what comes meanwhile waits behind the rest of the batch
			r.Log.Publish("t", "x", 1)
		}
	}
	for i, c := range cursors {
		if c != fmt.Sprint(i+1) {
			t.Fatalf("event %d has the cursor %s", i+1, c)
		}
	}
	if len(cursors) != 41 || r.Log.Reads() != 3 {
		t.Fatalf("%d events in %d reads, want 41 in 3", len(cursors), r.Log.Reads())
	}
	s.Close()
}

func TestStreamFailures(t *testing.T) {
	for query, want := range map[string]string{
		`subscription { refused { body } }`:   "not for you",
		`subscription { detonates { body } }`: "internal error",
	} {
		s, failure := openStream(t, t.Context(), testserver.NewResolver(), query, func() {})
		if s != nil || len(failure.Errors) != 1 || failure.Errors[0].Message != want {
			t.Errorf("%s: got %v, want %s", query, failure.Errors, want)
		}
	}
	for query, want := range map[string]string{
		`subscription { fails { body } }`:    "the log is gone",
		`subscription { explodes { body } }`: "internal error",
	} {
		s, _ := openStream(t, t.Context(), testserver.NewResolver(), query, func() {})
		var end *graphql.Response
		for end == nil {
			var err error
			if _, end, err = s.Next(func(transport.Message) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if len(end.Errors) != 1 || end.Errors[0].Message != want {
			t.Errorf("%s: got %v, want %s", query, end.Errors, want)
		}
		s.Close()
	}
}

// A middleware that refuses a later batch ends the stream: its events must not count as seen.
func TestStreamRefusedLater(t *testing.T) {
	r := testserver.NewResolver()
	r.Log.Publish("t", "x", 1)
	ctx := context.WithValue(t.Context(), refuseKey{}, true)
	s, _ := openStream(t, ctx, r, `subscription { events(topic: "t", after: "0") { cursor } }`, func() {})
	_, end, err := s.Next(func(m transport.Message) error {
		t.Errorf("sent %s", m.Response.Data)
		return nil
	})
	if err != nil || end == nil || !strings.Contains(end.Errors.Error(), "not any more") {
		t.Fatalf("got %v, %v", end, err)
	}
	s.Close()
}

func TestStreamCancelled(t *testing.T) {
	r := testserver.NewResolver()
	r.Log.Publish("t", "x", 3)
	ctx, cancel := context.WithCancel(t.Context())
	s, _ := openStream(t, ctx, r, `subscription { events(topic: "t", after: "0") { cursor } }`, func() {})
	sent := 0
	_, end, err := s.Next(func(transport.Message) error {
		sent++
		cancel()
		return nil
	})
	if sent != 1 || end != nil || !errors.Is(err, context.Canceled) {
		t.Fatalf("sent %d, then %v, %v", sent, end, err)
	}
	s.Close()
	if n := r.Log.Readers(); n != 0 {
		t.Fatalf("%d sources are open", n)
	}
}

// gqlgen's own transports would hold a goroutine for each subscription.
func TestSubscribeNeedsAStream(t *testing.T) {
	r := testserver.NewResolver()
	if _, err := r.Subscription().Events(t.Context(), "t", nil); err == nil {
		t.Fatal("subscribed without a Stream")
	}
	if n := r.Log.Readers(); n != 0 {
		t.Fatalf("%d sources are open", n)
	}
}
