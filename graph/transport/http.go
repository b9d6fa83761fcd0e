package transport

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// HTTP is the gqlgen transport behind every request that is not a websocket: GraphQL over HTTP by POST
// and GET, graphql-sse in its "distinct connections" mode, and Apollo's multipart subscriptions. Which one
// answers is decided by the kind of the operation and by Accept: queries and mutations are answered in
// JSON whenever the client accepts JSON, subscriptions only in a streaming type that it names.
//
// Statuses follow the audit suite of graphql-http: in application/graphql-response+json a request
// error is 4xx, in application/json it is 200, so that older clients read the errors. What never was a
// GraphQL request (JSON that does not parse, a body too long, another media type) has its own status.
//
// Nothing of a request is logged here: query strings and bodies hold private text.
type HTTP struct {
	// MaxBody is the longest body in bytes; beyond it the answer is 413. 0 means DefaultMaxBody.
	MaxBody int64
	// Heartbeat is the pause after which a silent stream says that it lives. 0 means DefaultHeartbeat.
	Heartbeat time.Duration
	// WriteTimeout is how long a stream waits for a client that does not read before it is dropped.
	// 0 means DefaultWriteTimeout.
	WriteTimeout time.Duration
	// Streams keeps the open streams and ends them with their sessions and with the server. Several doors
	// may share one. Nil: nothing but the client ends a stream.
	Streams *StreamRegistry
	// Session says on whose behalf a request is made. It is asked twice for each stream: before it is
	// registered and, so that no end of the session slips through in between, after it; so it must look
	// the session up anew. ok is false when it has ended or expired. Nil: everyone is anonymous.
	Session func(ctx context.Context) (who Identity, ok bool)
	// RefuseStreams answers 421 to what would be streamed, RefusePlain to all else: a server of one
	// role sends the other's requests back to the balancer.
	RefuseStreams, RefusePlain bool
	// Waits says of a query that it waits for something to happen: for the roles it is a stream then. Nil:
	// no query does.
	Waits func(oc *graphql.OperationContext) bool
}

const (
	// DefaultMaxBody is far above any operation of the schema: a post of 20,000 code points, each
	// escaped in JSON, takes 240 kB.
	DefaultMaxBody = 256 << 10
	// DefaultHeartbeat stays under the shortest idle timeout of common proxies, 15 s.
	DefaultHeartbeat = 12 * time.Second
	// DefaultWriteTimeout outlasts a change of a phone's network, and a slow reader's buffers are
	// freed well within half a minute.
	DefaultWriteTimeout = 10 * time.Second
)

var _ graphql.Transport = (*HTTP)(nil)

// Supports accepts every request but an upgrade. This door answers bad methods and media types itself, so
// it is to be added last.
func (h *HTTP) Supports(r *http.Request) bool { return r.Header.Get("Upgrade") == "" }

// Do answers one request.
func (h *HTTP) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	a := newAnswer(w, r)
	readStart := graphql.Now()
	params, failed := h.readRequest(w, r)
	if failed != nil {
		failed.write(a)
		return
	}
	params.ReadTime = graphql.TraceTiming{Start: readStart, End: graphql.Now()}
	params.Headers = r.Header

	ctx := r.Context()
	oc, errs := exec.CreateOperationContext(ctx, params)
	ctx = graphql.WithOperationContext(ctx, oc)
	if len(errs) > 0 {
		h.refuse(a, exec.DispatchError(ctx, BoundErrors(errs)))
		return
	}
	switch oc.Operation.Operation {
	case ast.Subscription:
		h.subscribe(ctx, a, exec, oc)
	case ast.Mutation:
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			a.problem(http.StatusMethodNotAllowed, requestError(codeBadRequest, "a mutation is sent by POST, not by %s", r.Method))
			return
		}
		h.execute(ctx, a, exec, oc)
	default:
		h.execute(ctx, a, exec, oc)
	}
}

// execute runs a query or a mutation and answers in JSON, or as a stream of one event to a client
// that reads nothing else.
func (h *HTTP) execute(ctx context.Context, a *answer, exec graphql.GraphExecutor, oc *graphql.OperationContext) {
	switch {
	case a.json == "" && a.stream != mediaEventStream:
		a.problem(http.StatusNotAcceptable, requestError(codeBadRequest,
			"none of the accepted media types fits: send Accept: %s or %s", mediaGraphQL, mediaJSON))
		return
	case h.Waits != nil && h.Waits(oc):
		if h.RefuseStreams {
			a.problem(http.StatusMisdirectedRequest, requestError(codeUnavailable, "this server does not wait for events"))
			return
		}
	case h.RefusePlain:
		a.problem(http.StatusMisdirectedRequest, requestError(codeUnavailable, "this server answers streams only"))
		return
	}
	handler, ctx := exec.DispatchOperation(ctx, oc)
	resp := handler(ctx)
	switch {
	case resp != nil && len(resp.Data) == 0:
		h.refuse(a, resp)
	case resp != nil:
		h.reply(a, http.StatusOK, resp)
	case a.r.Context().Err() == nil || ctx.Err() == context.DeadlineExceeded:
		h.refuse(a, &graphql.Response{Errors: gqlerror.List{requestError(codeUnavailable, "the operation took too long: try again")}})
	}
}

// refuse answers with a response that has errors and no data.
func (h *HTTP) refuse(a *answer, resp *graphql.Response) {
	h.reply(a, statusOf(a.json, resp.Errors), resp)
}

func (h *HTTP) reply(a *answer, status int, resp *graphql.Response) {
	if a.json != "" || a.stream == "" {
		a.write(status, func(b *bytes.Buffer) error { return encodeResult(b, resp) })
		return
	}
	if s := h.openStream(a); s != nil {
		s.finish(resp)
	}
}

// encodeResult appends resp as JSON. Unlike gqlgen it leaves out data where there is none: "data": null
// says that the operation was executed.
func encodeResult(b *bytes.Buffer, resp *graphql.Response) error {
	if len(resp.Data) > 0 {
		return EncodeResponse(b, resp)
	}
	return encodeJSON(b, struct {
		Errors     gqlerror.List  `json:"errors"`
		Extensions map[string]any `json:"extensions,omitempty"`
	}{resp.Errors, resp.Extensions})
}
