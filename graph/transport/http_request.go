package transport

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// refusal answers a request that never became a GraphQL operation, with the status it has in every media
// type.
type refusal struct {
	status int
	header [2]string       // one header that the status calls for
	err    *gqlerror.Error // nil: no body
}

func (f *refusal) write(a *answer) {
	if f.header[0] != "" {
		a.w.Header().Set(f.header[0], f.header[1])
	}
	if f.err == nil {
		a.w.WriteHeader(f.status)
		return
	}
	a.problem(f.status, f.err)
}

func badRequest(err *gqlerror.Error) *refusal {
	return &refusal{status: http.StatusBadRequest, err: err}
}

var allow = [2]string{"Allow", "GET, POST, OPTIONS"}

func (h *HTTP) readRequest(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	switch r.Method {
	case http.MethodPost:
		return h.readPost(w, r)
	case http.MethodGet:
		return readGet(r)
	case http.MethodOptions:
		// A preflight has been answered by CORS; this asks for the methods.
		return nil, &refusal{status: http.StatusNoContent, header: allow}
	}
	return nil, &refusal{
		status: http.StatusMethodNotAllowed,
		header: allow,
		err:    requestError(codeBadRequest, "operations are sent by POST, or queries by GET"),
	}
}

// ParseRequest reads the JSON of one operation: the body of a POST, or the payload of a subscribe
// message. Names are taken exactly, unknown ones are ignored, null is the same as absent. documentId, of
// which gqlgen knows nothing, is handed on as an extension of that name.
func ParseRequest(raw []byte) (*graphql.RawParams, *gqlerror.Error) {
	if err := checkJSON("the request", raw); err != nil {
		return nil, err
	}
	switch bytes.TrimLeft(raw, " \t\r\n")[0] {
	case '{':
	case '[':
		return nil, requestError(codeBadRequest, "lists of operations are not supported: send one operation a request")
	default:
		return nil, requestError(codeBadRequest, `the request is not an object: send {"query": "..."}`)
	}
	if err := CheckText(raw); err != nil {
		return nil, err
	}
	// A map, because a struct would also accept "Query" for "query".
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, requestError(codeBadRequest, "the request is not an object")
	}
	params := &graphql.RawParams{}
	var documentID string
	for _, field := range []struct {
		name, kind string
		into       any
	}{
		{"query", "a string", &params.Query},
		{"documentId", "a string", &documentID},
		{"operationName", "a string", &params.OperationName},
		{"variables", "an object", &params.Variables},
		{"extensions", "an object", &params.Extensions},
	} {
		if err := decode(field.name, field.kind, fields[field.name], field.into); err != nil {
			return nil, err
		}
	}
	return complete(params, documentID)
}

func decode(name, kind string, raw []byte, into any) *gqlerror.Error {
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // a float64 would round the integers of a variable
	if err := d.Decode(into); err != nil {
		return requestError(codeBadRequest, "%s must be %s", name, kind)
	}
	return nil
}

// complete checks what holds for every door.
func complete(params *graphql.RawParams, documentID string) (*graphql.RawParams, *gqlerror.Error) {
	if documentID != "" {
		if params.Query != "" {
			return nil, requestError(codeBadRequest, "query and documentId exclude each other: send one of them")
		}
		if params.Extensions == nil {
			params.Extensions = map[string]any{}
		}
		params.Extensions[documentIDExtension] = documentID
	}
	if params.Query == "" && params.Extensions[documentIDExtension] == nil && params.Extensions["persistedQuery"] == nil {
		return nil, requestError(codeBadRequest, `query is missing: send {"query": "{ viewer { id } }"}, or a documentId`)
	}
	if err := checkLiterals(params.Query); err != nil {
		return nil, err
	}
	return params, nil
}
