package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// answerTime is the longest that anybody may wait for an answer, three times what is promised.
const answerTime = 30 * time.Second

// refusal is an answer that is an error.
type refusal struct {
	status  int
	code    string
	message string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.code, r.message) }

// codeOf is the code of a refusal, "" for anything else.
func codeOf(err error) string {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.code
	}
	return ""
}

// expectedCodes are what a machine that fails may be answered with. INTERNAL_SERVER_ERROR is not among
// them: a fault that was foreseen has a name.
var expectedCodes = []string{"UNAVAILABLE", "RATE_LIMITED"}

// ask runs a query or a mutation at one server and decodes its data. An answer with errors is a *refusal;
// any other error means that there was no answer. What I11 forbids is put down here.
func (s *site) ask(ctx context.Context, server int, token, document string, vars map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url(server)+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	began := time.Now()
	raw, status, err := s.exchange(req)
	took := time.Since(began)
	s.answers.add(took)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if took > answerTime {
		s.violated("I11", "an answer took %s", took.Round(time.Millisecond))
	}
	if err != nil {
		if !s.mayHangUp.Load() {
			s.violated("I11", "no answer after %s: %v", took.Round(time.Millisecond), err)
		}
		return err
	}
	var a struct {
		Data   json.RawMessage
		Errors []graphQLError
	}
	if err := json.Unmarshal(raw, &a); err != nil || a.Data == nil && len(a.Errors) == 0 {
		s.violated("I11", "%d is no GraphQL answer: %q", status, raw)
		return fmt.Errorf("%d: %q", status, raw)
	}
	if len(a.Errors) > 0 {
		e := a.Errors[0]
		if e.Message == "" || !slices.Contains(expectedCodes, e.Extensions.Code) {
			s.violated("I11", "an answer that no fault explains: %d %s", status, raw)
		}
		return &refusal{status, e.Extensions.Code, e.Message}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(a.Data, into)
}

func (s *site) exchange(req *http.Request) (body []byte, status int, err error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return body, resp.StatusCode, err
}

// must asks until there is an answer without errors: what a test needs, and what no fault is about.
func (s *site) must(server int, token, document string, vars map[string]any, into any) {
	s.t.Helper()
	var err error
	for end := time.Now().Add(answerTime); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = s.ask(s.t.Context(), server, token, document, vars, into); err == nil {
			return
		}
		if code := codeOf(err); code != "" && !slices.Contains(expectedCodes, code) {
			break
		}
	}
	s.t.Fatalf("%s: %v", document, err)
}

type graphQLError struct {
	Message    string
	Extensions struct{ Code string }
}

// userErrors are what has to be mended in an input.
type userErrors []struct{ Code, Message string }

func (e userErrors) code() string {
	if len(e) == 0 {
		return ""
	}
	return e[0].Code
}
