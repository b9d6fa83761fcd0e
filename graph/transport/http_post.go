package transport

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

// readPost reads the body of a POST. Only application/json is an operation: it is what a browser does not
// send across origins without asking first, so no form of another site runs anything.
func (h *HTTP) readPost(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset, ok := params["charset"]; err != nil || kind != mediaJSON || ok && !strings.EqualFold(charset, "utf-8") {
		return nil, &refusal{
			status: http.StatusUnsupportedMediaType,
			header: [2]string{"Accept-Post", mediaJSON},
			err:    requestError(codeBadRequest, "send the operation as JSON in UTF-8, with Content-Type: %s", mediaJSON),
		}
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		// A few bytes of gzip unfold to gigabytes; operations are small.
		return nil, &refusal{
			status: http.StatusUnsupportedMediaType,
			header: [2]string{"Accept-Encoding", "identity"},
			err:    requestError(codeBadRequest, "send the body without Content-Encoding"),
		}
	}
	limit := h.MaxBody
	if limit == 0 {
		limit = DefaultMaxBody
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, &refusal{
			status: http.StatusRequestEntityTooLarge,
			err:    requestError(codeBadRequest, "the body is longer than %d bytes", limit),
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{
			status: http.StatusRequestTimeout,
			err:    requestError(codeBadRequest, "the body did not arrive in time"),
		}
	case err != nil:
		return nil, badRequest(requestError(codeBadRequest, "the body did not arrive whole"))
	}
	request, problem := ParseRequest(raw)
	if problem != nil {
		return nil, badRequest(problem)
	}
	return request, nil
}
