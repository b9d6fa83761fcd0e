import { ApolloLink, isReference, type ApolloCache, type ApolloClient, type FieldPolicy, type Reference, type TypePolicies } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { filter, finalize, tap } from 'rxjs';
import { changes, changesShown, counts, type Changes } from './changes.ts';
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

/** The object that a field of another refers to. */
function referred(cache: ApolloCache, id: string | undefined, field: string): string | undefined {
  let found: unknown;
  cache.modify({ id: id ?? 'ROOT_QUERY', fields: { [field]: (value: unknown) => (found = value) } });
  return isReference(found) ? found.__ref : undefined;
}

/** Makes a cache forget the lists that are to be fetched again. */
function forget(cache: ApolloCache, { lists, notesOf }: Changes): void {
  const viewer = referred(cache, undefined, 'viewer');
  if (viewer) for (const fieldName of lists) cache.evict({ id: viewer, fieldName });
  if (notesOf) cache.evict({ id: cache.identify({ __typename: 'Conversation', id: notesOf }), fieldName: 'notes' });
}

/** Takes what is gone out of a cache. Returns what a notification that is gone was about: it may be liked by fewer. */
function remove(cache: ApolloCache, { gone }: Changes): string | undefined {
  const id = gone && cache.identify(gone);
  if (id === undefined) return undefined;
  const subject = referred(cache, id, 'subject');
  cache.evict({ id });
  return subject;
}

/** The most changes that are kept while queries are on their way. When more come, all that is shown is fetched again. */
const MOST = 1_000;

/**
 * Keeps lists right by the subscription `events`, before any other link, of queries too. What is shown of a list that has
 * changed is fetched again, once for all that changed meanwhile, and what is gone disappears. The answer to a query that an
 * event has overtaken may be older than the event: then this is done again when the answer is there. Objects themselves need
 * none of this.
 */
export const refreshLink = () => {
  const waiting: ((cache: ApolloCache) => void)[] = [];
  let isReset = false;
  let isFetching = false;
  const refresh = async (client: ApolloClient) => {
    if (isFetching) return;
    isFetching = true;
    while (waiting.length > 0) {
      const forgetting = waiting.splice(0);
      const include = isReset ? 'active' : undefined;
      isReset = false;
      // In a layer that is taken away at once: what is shown stays until the answers come. Each query tells of its own errors.
      const updateCache = (cache: ApolloCache) => forgetting.forEach((each) => each(cache));
      try {
        await client.refetchQueries({ include, updateCache, optimistic: true });
      } catch {
        waiting.unshift(...forgetting); // until the next event, which is StreamReady when the line was lost
        isReset ||= include !== undefined;
        break;
      }
    }
    isFetching = false;
  };
  const take = (client: ApolloClient, change: Changes) => {
    const subject = remove(client.cache, change);
    isReset ||= change.isReset ?? false;
    waiting.push((layer) => {
      forget(layer, change);
      // No event tells of the likes and comments that are less now.
      if (subject) for (const fieldName of counts) layer.evict({ id: subject, fieldName });
    });
    void refresh(client);
  };
  let asked = 0; // queries on their way
  let overtaken: Changes[] = []; // by what came meanwhile
  const answered = (client: ApolloClient) => {
    asked--;
    if (asked > 0) return;
    const changed = overtaken;
    overtaken = [];
    changed.forEach((change) => take(client, change));
  };
  return new ApolloLink((operation, forward) => {
    if (operation.operationType === 'query') {
      asked++;
      return forward(operation).pipe(finalize(() => answered(operation.client)));
    }
    return forward(operation).pipe(
      tap(({ data }) => {
        if (operation.operationType !== 'subscription' || !data?.events) return;
        const change = changes(data.events);
        if (!changesShown(change)) return;
        if (asked > 0) overtaken = overtaken.length < MOST ? [...overtaken, change] : [{ lists: [], isReset: true }];
        take(operation.client, change);
      }),
    );
  });
};
