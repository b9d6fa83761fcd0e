package graph

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
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

// waits says whether a query holds its request until something happens, as a poll of the log may.
func waits(oc *graphql.OperationContext) bool {
	if oc.Operation.Operation != ast.Query {
		return false
	}
	for _, field := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Query"}) {
		if field.Name != "events" {
			continue
		}
		if ms, err := graphql.UnmarshalInt(field.ArgumentMap(oc.Variables)["waitMs"]); err == nil && ms > 0 {
			return true
		}
	}
	return false
}
