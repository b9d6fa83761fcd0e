package graph

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/notewire/notewire/graph/transport"
	"github.com/notewire/notewire/internal/problem"
)

// noSockets is the websocket door of a server that refuses streams: 421 sends the client back to the
// balancer.
type noSockets struct{ transport.Websocket }

// Do answers an upgrade.
func (*noSockets) Do(w http.ResponseWriter, r *http.Request, _ graphql.GraphExecutor) {
	transport.WriteError(w, r, http.StatusMisdirectedRequest,
		&gqlerror.Error{Message: "this server answers no streams", Extensions: map[string]any{"code": problem.Unavailable}})
}
