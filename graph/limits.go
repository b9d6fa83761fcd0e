package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"

	"github.com/notewire/notewire/graph/transport"
)

// What one document may hold. The screens of a usual client stay under half of each.
const (
	maxTokens        = 1000 // validating the worst document of so many takes 50 ms, of 20,000 seconds
	maxTrustedTokens = 2000
	maxDepth         = 12 // not counted below __schema and __type
	maxAliases       = 50
	maxRootMutations = 10
)

const codeTooComplex = "COMPLEXITY_LIMIT_EXCEEDED" // gqlgen's own, for its complexity limit

// answerTime is how long a field of a query or a mutation may take: below the 10 s in which a client is
// answered. It ends waiting for the database; what is written then is written whole or not at all.
const answerTime = 9 * time.Second

// inTime gives a root field its time, but for the poll that waits, which has its own.
func inTime(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetRootFieldContext(ctx).Field.Name == "events" {
		return next(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return next(ctx)
}

// limits is a gqlgen extension that refuses documents which would cost more than any client needs. It must
// be used after that of the trusted documents, which may be longer.
type limits struct{ introspection bool }

// ExtensionName names the extension to gqlgen.
func (limits) ExtensionName() string { return "Limits" }

// Validate accepts any schema.
func (limits) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters counts tokens before anything is parsed.
func (limits) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if len(p.Query) <= maxTokens || transport.IsTrusted(graphql.GetOperationContext(ctx)) { // no token is shorter than a byte
		return nil
	}
	lex := lexer.New(&ast.Source{Input: p.Query})
	for range maxTokens + 1 {
		token, err := lex.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return nil // the parser says what is wrong
		}
	}
	return tooComplex("A document may have at most %d tokens.", maxTokens)
}

// MutateOperationContext measures a document that is valid, so it has no cycles.
func (l limits) MutateOperationContext(_ context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	m := measure{fragments: map[*ast.FragmentDefinition]int{}}
	depth := m.depth(oc.Operation.SelectionSet)
	switch {
	case depth > maxDepth:
		return tooComplex("An operation may be at most %d fields deep; this is %d.", maxDepth, depth)
	case m.aliases > maxAliases:
		return tooComplex("An operation may have at most %d aliases; this has %d.", maxAliases, m.aliases)
	}
	switch oc.Operation.Operation {
	case ast.Mutation:
		if len(graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Mutation"})) > maxRootMutations {
			return tooComplex("An operation may have at most %d mutations.", maxRootMutations)
		}
	case ast.Subscription:
		// The validator counts the fields as they are written, not those that aliases and directives leave.
		if len(graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Subscription"})) != 1 {
			return invalid("A subscription must select exactly one field: open another for each further one.")
		}
	default:
		for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Query"}) {
			if !l.introspection && (f.Name == "__schema" || f.Name == "__type") {
				return invalid("Introspection is off on this server.")
			}
		}
	}
	return nil
}

func invalid(message string) *gqlerror.Error {
	err := gqlerror.Errorf("%s", message)
	errcode.Set(err, errcode.ValidationFailed)
	return err
}

func tooComplex(format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	errcode.Set(err, codeTooComplex)
	return err
}

// measure counts each fragment once, however often it is spread: what it repeats is for the complexity to
// count.
type measure struct {
	fragments map[*ast.FragmentDefinition]int
	aliases   int
}

func (m *measure) depth(selections ast.SelectionSet) (deepest int) {
	for _, selection := range selections {
		d := 0
		switch s := selection.(type) {
		case *ast.Field:
			if s.Alias != s.Name {
				m.aliases++
			}
			d = 1
			if s.Name != "__schema" && s.Name != "__type" {
				d += m.depth(s.SelectionSet)
			}
		case *ast.InlineFragment:
			d = m.depth(s.SelectionSet)
		case *ast.FragmentSpread:
			known, ok := m.fragments[s.Definition]
			if !ok {
				known = m.depth(s.Definition.SelectionSet)
				m.fragments[s.Definition] = known
			}
			d = known
		}
		deepest = max(deepest, d)
	}
	return deepest
}
