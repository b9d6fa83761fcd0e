package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// NoIncrementalDelivery is a gqlgen extension that refuses @defer and @stream on every door: no door
// sends a response in parts, and gqlgen would leave the deferred fields out without a word.
type NoIncrementalDelivery struct{}

// ExtensionName names the extension to gqlgen.
func (NoIncrementalDelivery) ExtensionName() string { return "NoIncrementalDelivery" }

// Validate accepts any schema.
func (NoIncrementalDelivery) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses a document that uses one of the directives anywhere.
func (NoIncrementalDelivery) MutateOperationContext(_ context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	found := incremental(oc.Operation.SelectionSet)
	for _, fragment := range oc.Doc.Fragments {
		if found == nil {
			found = incremental(fragment.SelectionSet)
		}
	}
	if found == nil {
		return nil
	}
	err := requestError(codeValidationFailed, "@%s is not supported: remove it and ask in two operations", found.Name)
	if found.Position != nil {
		err.Locations = []gqlerror.Location{{Line: found.Position.Line, Column: found.Position.Column}}
	}
	return err
}

func incremental(set ast.SelectionSet) *ast.Directive {
	for _, selection := range set {
		var directives ast.DirectiveList
		var below ast.SelectionSet
		switch s := selection.(type) {
		case *ast.Field:
			directives, below = s.Directives, s.SelectionSet
		case *ast.InlineFragment:
			directives, below = s.Directives, s.SelectionSet
		case *ast.FragmentSpread:
			directives = s.Directives
		}
		for _, d := range directives {
			if d.Name == "defer" || d.Name == "stream" {
				return d
			}
		}
		if d := incremental(below); d != nil {
			return d
		}
	}
	return nil
}
