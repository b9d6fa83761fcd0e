package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Item is one event of a subscription: the value on which the selection is resolved, and the position
// just after it in its log ("" where the subscription has none).
type Item[T any] struct {
	Value  T
	Cursor string
}

// Source is what a subscription reads from: a position and a wake-up, nothing more. A Stream calls Next
// from one goroutine at a time; Acknowledged and Close may come from another.
type Source[T any] interface {
	// Next returns at most limit events after the position and moves it past them. None means caught up:
	// the wake function given to open is called when that changes. It never waits for events.
	// An error ends the operation and is shown to the client through the error gate.
	Next(ctx context.Context, limit int) ([]Item[T], error)
	// Acknowledged says that the client has handled everything up to cursor. Only doors whose protocol
	// has an acknowledgement call it. It must not wait, and may be told a cursor again.
	Acknowledged(cursor string)
	// Close ends the subscription. It is called exactly once for each source that open returned.
	Close()
}

// Attended is a Source by which others see that somebody is there: a client that is gone has to be noticed
// within seconds, so a websocket asks after it more often.
type Attended interface{ Attended() }

// Subscribe is the whole body of a subscription resolver. open authorises, checks the arguments and
// returns the source; it must do everything that can fail, because the resolver runs again, without open,
// for each batch of events. wake may be called from any goroutine, never blocks, and may be called too
// often.
//
// The channel that it returns holds the batch at hand and is closed. It works under the transports of this
// package only: those of gqlgen would need a goroutine for each subscription.
func Subscribe[T any](ctx context.Context, open func(ctx context.Context, wake func()) (Source[T], error)) (<-chan T, error) {
	s, ok := ctx.Value(slotKey{}).(*slot)
	if !ok {
		return nil, errNoStream
	}
	if !s.opened {
		source, err := open(ctx, s.wake)
		if err != nil {
			return nil, err
		}
		s.opened, s.acknowledged, s.close = true, source.Acknowledged, source.Close
		_, s.attended = source.(Attended)
		s.next = func(ctx context.Context, limit int) ([]string, error) {
			items, err := source.Next(ctx, limit)
			if err != nil || len(items) == 0 {
				return nil, err
			}
			s.items = items
			cursors := make([]string, len(items))
			for i, item := range items {
				cursors[i] = item.Cursor
			}
			return cursors, nil
		}
	}
	items, _ := s.items.([]Item[T])
	ch := make(chan T, len(items))
	for _, item := range items {
		ch <- item.Value
	}
	close(ch)
	return ch, nil
}

// batchLimit bounds what one read of a source renders: small, so that a slow reader holds little.
const batchLimit = 32

// slot is how a Stream and the resolver of its operation find each other.
type slot struct {
	wake         func()
	opened       bool
	attended     bool
	items        any // []Item[T]
	next         func(ctx context.Context, limit int) (cursors []string, err error)
	acknowledged func(cursor string)
	close        func()
}

type slotKey struct{}

// IsContinuation says that ctx belongs to a batch of events of a subscription that is already open: what
// counts operations (rates, costs, traces) counted it when it was opened.
func IsContinuation(ctx context.Context) bool {
	s, ok := ctx.Value(slotKey{}).(*slot)
	return ok && s.opened
}

// Stream is one subscription as a transport drives it: opened once, then asked for what is there each
// time it was woken. While idle it holds no goroutine and no buffer. Not for concurrent use, except
// Acknowledged.
type Stream struct {
	ctx  context.Context
	exec graphql.GraphExecutor
	op   operationKept
	slot *slot
	rest *batch // what a paused Next left behind
}

// batch is what one read of the source found and how far it has been rendered.
type batch struct {
	ctx     context.Context
	handler graphql.ResponseHandler
	cursors []string // one for each event not yet rendered
}

// operationKept is what an open subscription keeps of its OperationContext. The statistics and the cache of
// collected fields, which are most of it, are made anew for each batch.
type operationKept struct {
	query, name          string
	variables            map[string]any
	extensions           map[string]any
	headers              http.Header
	doc                  *ast.QueryDocument
	definition           *ast.OperationDefinition
	disableIntrospection bool
	recover              graphql.RecoverFunc
	field                graphql.FieldMiddleware
	rootField            graphql.RootFieldMiddleware
}

func keep(oc *graphql.OperationContext) operationKept {
	k := operationKept{query: oc.RawQuery, name: oc.OperationName, headers: oc.Headers, doc: oc.Doc, definition: oc.Operation,
		disableIntrospection: oc.DisableIntrospection, recover: oc.RecoverFunc, field: oc.ResolverMiddleware, rootField: oc.RootResolverMiddleware}
	if len(oc.Variables) > 0 {
		k.variables = oc.Variables
	}
	if len(oc.Extensions) > 0 {
		k.extensions = oc.Extensions
	}
	return k
}

func (k *operationKept) context() *graphql.OperationContext {
	return &graphql.OperationContext{RawQuery: k.query, OperationName: k.name, Variables: k.variables, Extensions: k.extensions, Headers: k.headers,
		Doc: k.doc, Operation: k.definition, DisableIntrospection: k.disableIntrospection, RecoverFunc: k.recover,
		ResolverMiddleware: k.field, RootResolverMiddleware: k.rootField}
}

// Message is one response of a subscription, and the position just after it. Response.Data is valid
// until the function it was handed to returns.
type Message struct {
	Response *graphql.Response
	Cursor   string
}

// ErrPause is what the send function of Next returns to say that it took the message and that the door
// is full for now. The rest of the batch waits in the stream for the next call of Next.
var ErrPause = errors.New("the door is full for now")

var (
	errNoStream      = errors.New("subscriptions are served by the transports of this package only")
	errNotSubscribed = errors.New("the resolver of this subscription does not call transport.Subscribe")
	errCutShort      = errors.New("the operation ended before all its events were rendered")
)

// OpenStream runs the resolver of a subscription. On failure the stream is nil and the response holds
// the errors; a panic is such a failure. wake follows the rules of Subscribe; it may be called before
// OpenStream returns.
func OpenStream(ctx context.Context, exec graphql.GraphExecutor, oc *graphql.OperationContext, wake func()) (stream *Stream, failure *graphql.Response) {
	s := &Stream{exec: exec, op: keep(oc), slot: &slot{wake: wake}}
	s.ctx = context.WithValue(ctx, slotKey{}, s.slot)
	defer func() {
		if r := recover(); r != nil {
			if s.slot.opened {
				s.slot.close()
			}
			stream, failure = nil, s.failure(oc.RecoverFunc(graphql.WithOperationContext(s.ctx, oc), r))
		}
	}()
	handler, hctx := exec.DispatchOperation(s.ctx, oc)
	resp := handler(hctx)
	if s.slot.opened {
		return s, nil
	}
	if resp == nil || len(resp.Errors) == 0 {
		resp = s.failure(errNotSubscribed)
	}
	return nil, resp
}

// Next renders the events at hand, at most one batch, and hands them to send in order. It reports
// whether there were any: if not, the stream is caught up and will be woken. A response that is not nil
// ends the stream and holds the errors; a panic ends it so. When send fails with anything but ErrPause, or
// the context is done, err says so and the stream is of no further use but to be closed.
func (s *Stream) Next(send func(Message) error) (more bool, end *graphql.Response, err error) {
	defer func() {
		if r := recover(); r != nil {
			oc := s.op.context()
			more, end, err = false, s.failure(oc.RecoverFunc(graphql.WithOperationContext(s.ctx, oc), r)), nil
		}
	}()
	b := s.rest
	if b == nil {
		cursors, err := s.slot.next(s.ctx, batchLimit)
		switch {
		case s.ctx.Err() != nil:
			return false, nil, s.ctx.Err()
		case err != nil:
			return false, s.failure(err), nil
		case len(cursors) == 0:
			return false, nil, nil
		}
		b = &batch{cursors: cursors}
		b.handler, b.ctx = s.exec.DispatchOperation(s.ctx, s.op.context())
	}
	s.rest = nil
	for len(b.cursors) > 0 {
		resp := b.handler(b.ctx)
		switch {
		case resp == nil && s.ctx.Err() != nil:
			return false, nil, s.ctx.Err()
		case resp == nil:
			return false, s.failure(errCutShort), nil // never go on as if these events had been seen
		case resp.Data == nil && len(resp.Errors) > 0:
			return false, resp, nil // refused before it was executed
		}
		cursor := b.cursors[0]
		b.cursors = b.cursors[1:]
		if goneSince(resp) {
			continue
		}
		err := send(Message{Response: resp, Cursor: cursor})
		if err == ErrPause && len(b.cursors) > 0 {
			s.rest = b
			return true, nil, nil
		}
		if err != nil && err != ErrPause {
			return false, nil, err
		}
	}
	s.slot.items = nil
	return true, nil, nil
}

// goneSince says that what an event speaks of has become invisible while it was resolved: it is passed over
// with its cursor, as it would have been a moment later.
func goneSince(resp *graphql.Response) bool {
	if !bytes.HasSuffix(resp.Data, []byte(":null}")) { // the one field of the root; in what is below, two brackets end it
		return false
	}
	for _, e := range resp.Errors {
		if fmt.Sprint(e.Extensions["code"]) != "NOT_FOUND" {
			return false
		}
	}
	return len(resp.Errors) > 0
}

func (s *Stream) failure(err error) *graphql.Response {
	return s.exec.DispatchError(graphql.WithOperationContext(s.ctx, s.op.context()), gqlerror.List{asGraphQLError(err)})
}

// asGraphQLError keeps the code of an error that is one already.
func asGraphQLError(err error) *gqlerror.Error {
	if known, ok := errors.AsType[*gqlerror.Error](err); ok {
		return known
	}
	return gqlerror.Wrap(err)
}

// Acknowledged passes on that the client has handled everything up to cursor.
func (s *Stream) Acknowledged(cursor string) { s.slot.acknowledged(cursor) }

// Close ends the subscription and frees its source.
func (s *Stream) Close() { s.slot.close() }

// EncodeResponse appends resp as JSON. gqlgen has written Data already, so it is copied, not encoded again.
func EncodeResponse(b *bytes.Buffer, resp *graphql.Response) error {
	if len(resp.Errors) == 0 && len(resp.Extensions) == 0 && resp.Data != nil && resp.HasNext == nil {
		b.WriteString(`{"data":`)
		b.Write(resp.Data)
		b.WriteByte('}')
		return nil
	}
	return encodeJSON(b, resp)
}
