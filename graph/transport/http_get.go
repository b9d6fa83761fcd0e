package transport

import (
	"net/http"
	"net/url"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// readGet reads an operation from the query string, where variables and extensions are JSON. An empty
// parameter is the same as an absent one, a repeated one is refused: proxies disagree on which counts.
func readGet(r *http.Request) (*graphql.RawParams, *refusal) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest(requestError(codeBadRequest, "the query string is malformed: encode each parameter as a URL component"))
	}
	params := &graphql.RawParams{}
	var documentID string
	for _, field := range []struct {
		name string
		text *string
		json *map[string]any
	}{
		{name: "query", text: &params.Query},
		{name: "documentId", text: &documentID},
		{name: "operationName", text: &params.OperationName},
		{name: "variables", json: &params.Variables},
		{name: "extensions", json: &params.Extensions},
	} {
		given := values[field.name]
		switch {
		case len(given) == 0 || len(given) == 1 && given[0] == "":
			continue
		case len(given) > 1:
			return nil, badRequest(requestError(codeBadRequest, "%s comes %d times: send it once", field.name, len(given)))
		}
		var problem *gqlerror.Error
		if field.text != nil {
			*field.text, problem = given[0], checkPlain(field.name, given[0])
		} else {
			problem = decodeParameter(field.name, given[0], field.json)
		}
		if problem != nil {
			return nil, badRequest(problem)
		}
	}
	params, problem := complete(params, documentID)
	if problem != nil {
		return nil, badRequest(problem)
	}
	return params, nil
}

func decodeParameter(name, text string, into *map[string]any) *gqlerror.Error {
	raw := []byte(text)
	if err := checkJSON(name, raw); err != nil {
		return err
	}
	// Wrapped, so that an error names the place as it does for a POST.
	if err := CheckText([]byte(`{"` + name + `":` + text + `}`)); err != nil {
		return err
	}
	return decode(name, "an object", raw, into)
}
