package graph

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/notewire/notewire/internal/problem"
)

// gate is where every error leaves: what is meant for a client gets its code, and all else is masked and
// goes to the log under an id that the client is told.
type gate struct {
	log       *slog.Logger
	hideNames bool // of what is in the schema: nothing may be learnt by guessing
}

// How the validator gives names away: by suggesting them, and by listing what is missing.
var (
	suggestion  = regexp.MustCompile(` ?Did you mean .*$`)
	missingName = regexp.MustCompile(`of (required )?type .* (is required|was not provided)`)
)

func (g gate) reword(message string) string {
	if message == "operation  not found" {
		return "This document has several operations: say which one by operationName."
	}
	if !g.hideNames {
		return message
	}
	if missingName.MatchString(message) {
		return "A required argument or input field is missing."
	}
	return suggestion.ReplaceAllString(message, "")
}

func (g gate) present(ctx context.Context, err error) *gqlerror.Error {
	var given *gqlerror.Error
	errors.As(err, &given)
	if errors.Is(err, context.DeadlineExceeded) && !errors.As(err, new(*problem.Error)) { // see inTime
		err = problem.Busy(err)
	}
	if p, ok := errors.AsType[*problem.Error](err); ok {
		out := &gqlerror.Error{Message: p.Message, Path: path(ctx, given), Extensions: map[string]any{"code": p.Code}}
		if p.RetryAfter > 0 {
			out.Extensions["retryAfterMs"] = p.RetryAfter.Milliseconds()
		}
		if p.Cause != nil && ctx.Err() == nil {
			g.log.Warn("refused", "code", p.Code, "error", p.Cause)
		}
		return out
	}
	// An error that was made from a GraphQL document or its variables, and wraps nothing: the parser's, the
	// validator's, a limit's. It has a code, or it is a coercion of a scalar.
	if given != nil && given.Err == nil {
		given.Message = g.reword(given.Message)
		if given.Extensions["code"] == nil {
			given.Extensions = map[string]any{"code": problem.BadUserInput}
		}
		if given.Path == nil {
			given.Path = path(ctx, given)
		}
		return given
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil { // nobody waits for the answer
		return &gqlerror.Error{Message: "The request was cancelled.", Path: path(ctx, given), Extensions: map[string]any{"code": problem.Unavailable}}
	}
	id := rand.Text()
	g.log.Error("internal error", "requestId", id, "error", err)
	return &gqlerror.Error{Message: "Something went wrong here. If it persists, report the requestId.", Path: path(ctx, given),
		Extensions: map[string]any{"code": problem.Internal, "requestId": id}}
}

func path(ctx context.Context, given *gqlerror.Error) ast.Path {
	if given != nil && given.Path != nil {
		return given.Path
	}
	return graphql.GetPath(ctx)
}

// recovered turns a panic of a resolver into an error of its field; the process stays up.
func (g gate) recovered(_ context.Context, v any) error {
	g.log.Error("panic in a resolver", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	return fmt.Errorf("panic: %v", v)
}
