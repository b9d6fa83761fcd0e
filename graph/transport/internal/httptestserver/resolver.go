package httptestserver

import (
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"

	"github.com/notewire/notewire/graph/transport"
)

// Resolver is the service: a log to subscribe to and a counter of mutations.
type Resolver struct {
	Log        *Log
	Increments atomic.Int64
}

// New returns a service with an empty log.
func New() *Resolver { return &Resolver{Log: newLog()} }

// Handler serves r over the given door.
func (r *Resolver) Handler(door *transport.HTTP) *handler.Server {
	server := handler.New(NewExecutableSchema(Config{Resolvers: r}))
	server.AddTransport(door)
	server.SetParserTokenLimit(1000)
	server.Use(extension.Introspection{})
	server.Use(transport.NoIncrementalDelivery{})
	return server
}
