package graph

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"golang.org/x/sync/errgroup"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/access"
	"github.com/notewire/notewire/internal/problem"
)

// cachedDocuments are kept parsed. Each costs up to 27 times its length.
const cachedDocuments = 500

// Options are the settings of the API's doors.
type Options struct {
	Origins       *transport.Origins            // browsers that may connect
	Documents     *transport.PersistedDocuments // trusted and persisted documents
	Introspection bool                          // whether the schema may be asked for, and names be suggested
	// RefuseStreams answers 421 to upgrades and to what would be streamed, RefusePlain to single requests:
	// a server of one role sends what is another's back to the balancer.
	RefuseStreams, RefusePlain bool
	Log                        *slog.Logger
}

// API is the doors at /graphql.
type API struct {
	http.Handler
	sessions *sessions
}

// NewAPI opens the doors. The resolver must have all but its Sessions, which become the API's own. Run must
// be running.
func NewAPI(r *Resolver, o Options) *API {
	api := &API{sessions: newSessions(r.Accounts, r.Hub, o.Log)}
	r.Sessions = api.sessions
	g := gate{log: o.Log, hideNames: !o.Introspection}
	srv := handler.New(NewExecutableSchema(Config{Resolvers: r, Complexity: complexity()}))
	if o.RefuseStreams {
		srv.AddTransport(&noSockets{})
	} else {
		srv.AddTransport(&transport.Websocket{Registry: api.sessions.sockets, Init: r.initSocket, CheckOrigin: o.Origins.Allowed})
	}
	srv.AddTransport(&transport.HTTP{Streams: api.sessions.streams, Session: r.identity, RefuseStreams: o.RefuseStreams, RefusePlain: o.RefusePlain, Waits: waits})
	srv.SetQueryCache(lru.New[*ast.QueryDocument](cachedDocuments))
	srv.SetParserTokenLimit(maxTrustedTokens)
	srv.SetErrorPresenter(g.present)
	srv.SetRecoverFunc(g.recovered)
	srv.Use(o.Documents)
	srv.Use(transport.NoIncrementalDelivery{})
	srv.Use(limits{introspection: o.Introspection})
	srv.Use(extension.FixedComplexityLimit(maxComplexity))
	if o.Introspection {
		srv.Use(extension.Introspection{})
	} else {
		srv.SetDisableSuggestion(true)
	}
	srv.AroundOperations(r.withLoaders)
	srv.AroundRootFields(inTime)
	srv.AroundRootFields(r.withOwnLoaders)
	srv.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		// A login changes the viewer for what is selected below it, and for nothing else.
		return next(access.With(ctx, access.From(ctx)))
	})
	api.Handler = o.Origins.CORS(r.authenticate(srv))
	return api
}

// Run ends sockets and streams whose sessions were ended elsewhere, until ctx is done.
func (a *API) Run(ctx context.Context) { a.sessions.run(ctx) }

// Open is how many sockets and streams are open.
func (a *API) Open() int { return a.sessions.sockets.Len() + a.sessions.streams.Len() }

// Drain ends all sockets and streams for a restart, spread over a time, and waits until they are gone.
func (a *API) Drain(ctx context.Context, over time.Duration) error {
	a.sessions.drain()
	var g errgroup.Group
	g.Go(func() error { return a.sessions.sockets.Drain(ctx, over) })
	g.Go(func() error { return a.sessions.streams.Drain(ctx) })
	return g.Wait()
}

// authenticate finds the viewer of a request by its Authorization header. A token that is not valid is
// refused at once: nobody is served as a stranger by mistake. A websocket is authenticated by its first
// message.
func (r *Resolver) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		v := access.Viewer{}
		if header := req.Header.Get("Authorization"); header != "" {
			var err error
			if v, err = r.Accounts.Authenticate(req.Context(), bearer(header)); err != nil {
				refuse(w, req, err)
				return
			}
		}
		next.ServeHTTP(w, req.WithContext(access.With(req.Context(), v)))
	})
}

func refuse(w http.ResponseWriter, req *http.Request, err error) {
	status, out := http.StatusInternalServerError, &gqlerror.Error{Message: "Something went wrong here.", Extensions: map[string]any{"code": problem.Internal}}
	if p, ok := errors.AsType[*problem.Error](err); ok {
		out = &gqlerror.Error{Message: p.Message, Extensions: map[string]any{"code": p.Code}}
		switch p.Code {
		case problem.Unauthenticated:
			status = http.StatusUnauthorized
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		case problem.Unavailable:
			status = http.StatusServiceUnavailable
			out.Extensions["retryAfterMs"] = p.RetryAfter.Milliseconds()
		}
	}
	transport.WriteError(w, req, status, out)
}

// bearer takes the token out of an Authorization value; a bare token passes too.
func bearer(value string) string {
	if scheme, token, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return value
}

// initSocket finds the viewer of a websocket in its connection_init, where clients put what would be the
// Authorization header elsewhere. Without a token it is nobody's.
func (r *Resolver) initSocket(ctx context.Context, req transport.InitRequest) (context.Context, transport.Identity, error) {
	for _, key := range []string{"authorization", "Authorization", "token"} {
		value, given := req.Payload[key]
		if !given || value == nil || value == "" {
			continue
		}
		text, ok := value.(string)
		if !ok {
			return nil, transport.Identity{}, &transport.CloseError{Code: 4400, Reason: key + " must be a string"}
		}
		v, err := r.Accounts.Authenticate(ctx, bearer(text))
		var p *problem.Error
		switch {
		case err == nil:
			r.Sessions.attend(ctx, v)
			return access.With(ctx, v), identity(v), nil
		case errors.As(err, &p) && p.Code == problem.Unauthenticated:
			return nil, transport.Identity{}, err
		}
		return nil, transport.Identity{}, &transport.CloseError{Code: 1013, Reason: "Try again later"}
	}
	return access.With(ctx, access.Viewer{}), transport.Identity{}, nil
}

// identity looks the session of a stream up anew.
func (r *Resolver) identity(ctx context.Context) (transport.Identity, bool) {
	v := access.From(ctx)
	if v.IsAnonymous() {
		return transport.Identity{}, true
	}
	alive, err := r.Accounts.Sessions(ctx, []uuid.UUID{v.SessionID})
	if err != nil {
		return transport.Identity{}, false
	}
	var ok bool
	v.ExpiresAt, ok = alive[v.SessionID]
	if ok {
		r.Sessions.attend(ctx, v)
	}
	return identity(v), ok
}

func identity(v access.Viewer) transport.Identity {
	return transport.Identity{UserID: v.UserID.String(), SessionID: v.SessionID.String(), ExpiresAt: v.ExpiresAt}
}
