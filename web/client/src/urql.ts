import { makeOperation, type Exchange, type Operation, type OperationResult } from '@urql/core';
import type { Cache, CacheExchangeOpts, Entity } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { filter, map, pipe, tap } from 'wonka';
import { changes, changesShown, counts } from './changes.ts';
import { connections, keyless, possibleTypes } from './generated/schema.ts';
import { Resume } from './resume.ts';
import type { ConnectionState } from './state.ts';

const pages = (fields: Record<string, unknown>) => Object.fromEntries(Object.keys(fields).map((name) => [name, relayPagination()]));

// graphcache looks for the fields of every fragment in what it is given, and would warn of those that other types have.
const logger = (severity: 'debug' | 'warn' | 'error', message: string) => {
  if (severity !== 'debug' && !message.startsWith('Invalid undefined')) console[severity](message);
};

/**
 * What graphcache must know of the schema, for `cacheExchange(cacheConfig)`: which types have no identifier, what stands
 * behind interfaces and unions, and which lists grow page by page.
 */
export const cacheConfig = {
  keys: Object.fromEntries(keyless.map((name) => [name, () => null])),
  logger,
  possibleTypes,
  resolvers: Object.fromEntries(Object.entries(connections).map(([type, fields]) => [type, pages(fields)])),
} satisfies CacheExchangeOpts;

/**
 * Lets subscriptions continue, after a lost connection, behind the last event that was handled, and drops what comes twice.
 * Queries that failed with the connection are sent again when the events have been caught up with, and so are those that an
 * event of `events` has overtaken: their answers may be older than what it told. It stands behind the cache and before
 * `fetchExchange` and `subscriptionExchange`; with a state, it tells it when events have been caught up with.
 */
export const resumeExchange = (state?: ConnectionState): Exchange => ({ client, forward }) => (operations) => {
  const open = new Map<number, { resume: Resume; original: Operation }>();
  const failed = new Map<number, Operation>();
  const asked = new Map<number, { isOvertaken: boolean }>(); // the queries on their way
  const begin = (operation: Operation): Operation => {
    const resume = open.get(operation.key)?.resume ?? Resume.of(operation.query, operation.variables ?? undefined, state);
    if (!resume) return operation;
    open.set(operation.key, { resume, original: operation });
    return makeOperation(operation.kind, { ...operation, variables: resume.variables });
  };
  const end = (operation: Operation): Operation => {
    open.get(operation.key)?.resume.end();
    open.delete(operation.key);
    failed.delete(operation.key);
    asked.delete(operation.key);
    return operation;
  };
  const sendAgain = (query: Operation) =>
    client.reexecuteOperation(makeOperation(query.kind, query, { ...query.context, requestPolicy: 'network-only' }));
  const retry = ({ operation, data, error }: OperationResult) => {
    if (operation.kind === 'query') {
      const isOvertaken = asked.get(operation.key)?.isOvertaken;
      asked.delete(operation.key);
      if (error?.networkError) failed.set(operation.key, operation);
      else failed.delete(operation.key);
      if (isOvertaken && !error?.networkError) sendAgain(operation);
    } else if (operation.kind === 'subscription' && data?.events) {
      if (changesShown(changes(data.events))) for (const query of asked.values()) query.isOvertaken = true;
      if (data.events.__typename === 'StreamReady') failed.forEach(sendAgain);
    }
  };
  return pipe(
    operations,
    map((operation) => (operation.kind === 'subscription' ? begin(operation) : operation.kind === 'teardown' ? end(operation) : operation)),
    tap(({ kind, key }) => {
      if (kind === 'query') asked.set(key, { isOvertaken: false });
    }),
    forward,
    // urql lays an error that ends a stream over the last event: the error is told, and the event is not told twice.
    map((result) => (open.get(result.operation.key)?.resume.accept(result) === false ? { ...result, data: undefined } : result)),
    filter(({ data, error }) => data !== undefined || error !== undefined),
    // The cache knows the operation by the variables that it had.
    map((result) => ({ ...result, operation: open.get(result.operation.key)?.original ?? result.operation })),
    tap(retry),
  );
};

/** Has a list fetched again by those who show it, with whatever arguments. */
function refresh(cache: Cache, entity: Entity, field: string): void {
  for (const { fieldName, arguments: args } of cache.inspectFields(entity)) {
    if (fieldName === field) cache.invalidate(entity, field, args);
  }
}

/**
 * For `cacheExchange({ ...cacheConfig, updates })`: keeps lists right by the subscription `events`. What is shown of a list that
 * has changed is fetched again, and what is gone disappears. Objects themselves need none of this.
 */
export const updates = {
  Subscription: {
    events(result, _args, cache) {
      const { lists, notesOf, gone, isReset } = changes(result.events as object);
      if (isReset) cache.invalidate({ __typename: 'Query' });
      const viewer = cache.resolve('Query', 'viewer') as string | null | undefined;
      if (viewer) for (const list of lists) refresh(cache, viewer, list);
      if (notesOf !== undefined) refresh(cache, { __typename: 'Conversation', id: notesOf }, 'notes');
      if (gone === undefined) return;
      // The likes and comments that it told of are less now, and no event says so.
      const subject = cache.resolve(gone, 'subject') as string | null | undefined;
      if (subject) for (const count of counts) cache.invalidate(subject, count);
      cache.invalidate(gone);
    },
  },
} satisfies CacheExchangeOpts['updates'];
