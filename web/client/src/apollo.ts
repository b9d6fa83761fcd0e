import { ApolloLink, type FieldPolicy, type Reference, type TypePolicies } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { filter, finalize } from 'rxjs';
import { connections } from './generated/schema.ts';
import { Resume } from './resume.ts';
import type { ConnectionState } from './state.ts';

export { possibleTypes } from './generated/schema.ts';

interface Page {
  readonly edges?: readonly unknown[];
  readonly nodes?: readonly Reference[];
}

/** Joins the pages of a list, by `edges` and by `nodes`. */
function paged(keyArgs: string[]): FieldPolicy<Page> {
  const byEdges = relayStylePagination(keyArgs) as unknown as FieldPolicy<Page> & { merge: (...args: unknown[]) => Page };
  return {
    ...byEdges,
    merge(existing, incoming, options) {
      const page = byEdges.merge(existing, incoming, options);
      if (!incoming.nodes) return page;
      const known = existing?.nodes ?? [];
      const nodes = options.args?.after ? [...known, ...incoming.nodes] : options.args?.before ? [...incoming.nodes, ...known] : incoming.nodes;
      return { ...page, nodes: [...new Map(nodes.map((node) => [node.__ref, node])).values()] };
    },
  };
}

const fields = (lists: Record<string, string[]>) => Object.fromEntries(Object.entries(lists).map(([name, args]) => [name, paged(args)]));

/** For `new InMemoryCache({ typePolicies, possibleTypes })`: which lists grow page by page. All else Apollo does by `id`. */
export const typePolicies: TypePolicies = Object.fromEntries(
  Object.entries(connections).map(([type, lists]) => [type, { fields: fields(lists) }]),
);

/**
 * Lets subscriptions continue, after a lost connection, behind the last event that was handled, and drops what comes twice.
 * It stands before `GraphQLWsLink`; with a state, it tells it when events have been caught up with.
 */
export const resumeLink = (state?: ConnectionState) =>
  new ApolloLink((operation, forward) => {
    const resume = Resume.of(operation.query, operation.variables, state);
    if (!resume) return forward(operation);
    operation.variables = resume.variables;
    return forward(operation).pipe(
      filter((result) => resume.accept(result)),
      finalize(() => resume.end()),
    );
  });
