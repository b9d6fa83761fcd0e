package transport

import (
	"bytes"
	"context"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// start parses and validates the operation, and runs it or opens its stream.
func (o *operation) start() (over bool) {
	var oc *graphql.OperationContext
	ctx := graphql.StartOperationTrace(o.ctx)
	exec := o.s.exec
	defer func() {
		if r := recover(); r != nil {
			o.fail(recovered(ctx, exec, oc, r))
			over = true
		}
	}()
	params := o.params
	o.params = nil
	now := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: now, End: now}
	oc, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		o.fail(exec.DispatchError(graphql.WithOperationContext(ctx, oc), errs).Errors)
		return true
	}
	if oc.Operation.Operation != ast.Subscription {
		o.execute(ctx, oc)
		return true
	}
	if src := oc.Operation.Position.Src; src != nil && src.Input == oc.RawQuery {
		oc.RawQuery = src.Input // one copy for all subscribers of a cached document
	}
	stream, failure := OpenStream(ctx, exec, oc, o.wake)
	if failure != nil {
		o.fail(failure.Errors)
		return true
	}
	o.stream = stream
	o.s.mu.Lock()
	if o.attended = stream.slot.attended; o.attended {
		o.s.arm()
	}
	last := o.answered()
	o.s.mu.Unlock()
	if last {
		o.s.leave()
	}
	o.state.Or(workPull)
	return false
}

// execute runs a query or a mutation.
func (o *operation) execute(ctx context.Context, oc *graphql.OperationContext) {
	handler, ctx := o.s.exec.DispatchOperation(ctx, oc)
	sent := false
	for resp := handler(ctx); resp != nil; resp = handler(ctx) {
		if resp.Data == nil && len(resp.Errors) > 0 { // it was not executed
			o.fail(resp.Errors)
			return
		}
		if !o.next(Message{Response: resp}) {
			return
		}
		sent = true
	}
	if !sent {
		o.fail(gqlerror.List{errCancelled})
		return
	}
	o.complete()
}

// pull sends one batch of events.
func (o *operation) pull() (over bool) {
	s := o.s
	more, end, err := o.stream.Next(func(m Message) error {
		if !o.next(m) {
			return errSocketClosed
		}
		if !s.crowded() {
			return nil
		}
		if s.flush(); s.crowded() {
			return ErrPause
		}
		return nil
	})
	s.flush()
	switch {
	case end != nil:
		o.fail(end.Errors)
	case err != nil:
		o.fail(gqlerror.List{errCancelled}) // without effect if that is because it ended
	case more:
		o.state.Or(workPull)
		return false
	default:
		return false
	}
	return true
}

var errCancelled = requestError(codeUnavailable, "the operation was cancelled by the server: send it again")

// next queues one response; flush must follow. False: nothing more is wanted.
func (o *operation) next(m Message) bool {
	body := scratch.Get().(*bytes.Buffer)
	defer returnScratch(body)
	if err := EncodeResponse(body, m.Response); err != nil {
		o.fail(gqlerror.List{requestError(codeInternal, "internal error")}) // extensions that JSON cannot hold
		return false
	}
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.ended || !s.queueNext(o.key, body.Bytes()) {
		return false
	}
	if m.Cursor != "" {
		o.cursor = m.Cursor
		s.unacknowledged()
	}
	return true
}

// fail ends the operation with an error message, unless it has ended already.
func (o *operation) fail(errs gqlerror.List) {
	s := o.s
	s.mu.Lock()
	if !o.ended {
		o.leaveSocket()
		s.queueError(o.key, errs)
	}
	s.mu.Unlock()
	s.flush()
}

// complete ends the operation with a complete message, unless it has ended already.
func (o *operation) complete() {
	s := o.s
	s.mu.Lock()
	if !o.ended {
		o.leaveSocket()
		s.queueComplete(o.key)
	}
	s.mu.Unlock()
	s.flush()
}

// recovered turns a panic into the errors that the client sees.
func recovered(ctx context.Context, exec graphql.GraphExecutor, oc *graphql.OperationContext, r any) gqlerror.List {
	if oc == nil || oc.RecoverFunc == nil {
		slog.ErrorContext(ctx, "panic before an operation was understood", "panic", r, "stack", string(debug.Stack()))
		return gqlerror.List{requestError(codeInternal, "internal error")}
	}
	ctx = graphql.WithOperationContext(ctx, oc)
	return exec.DispatchError(ctx, gqlerror.List{asGraphQLError(oc.RecoverFunc(ctx, r))}).Errors
}

var scratch = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func returnScratch(b *bytes.Buffer) {
	if b.Cap() <= bufferKeep {
		b.Reset()
		scratch.Put(b)
	}
}
