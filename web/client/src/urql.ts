import { makeOperation, type Exchange, type Operation } from '@urql/core';
import type { CacheExchangeOpts } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { filter, map, pipe } from 'wonka';
import { connections, keyless, possibleTypes } from './generated/schema.ts';
import { Resume } from './resume.ts';
import type { ConnectionState } from './state.ts';

const pages = (fields: Record<string, unknown>) => Object.fromEntries(Object.keys(fields).map((name) => [name, relayPagination()]));

/**
 * What graphcache must know of the schema, for `cacheExchange(cacheConfig)`: which types have no identifier, what stands
 * behind interfaces and unions, and which lists grow page by page.
 */
export const cacheConfig = {
  keys: Object.fromEntries(keyless.map((name) => [name, () => null])),
  possibleTypes,
  resolvers: Object.fromEntries(Object.entries(connections).map(([type, fields]) => [type, pages(fields)])),
} satisfies CacheExchangeOpts;

/**
 * Lets subscriptions continue, after a lost connection, behind the last event that was handled, and drops what comes twice.
 * It stands behind the cache and before `subscriptionExchange`; with a state, it tells it when events have been caught up with.
 */
export const resumeExchange = (state?: ConnectionState): Exchange => ({ forward }) => (operations) => {
  const open = new Map<number, { resume: Resume; original: Operation }>();
  const begin = (operation: Operation): Operation => {
    const resume = open.get(operation.key)?.resume ?? Resume.of(operation.query, operation.variables ?? undefined, state);
    if (!resume) return operation;
    open.set(operation.key, { resume, original: operation });
    return makeOperation(operation.kind, { ...operation, variables: resume.variables });
  };
  const end = (operation: Operation): Operation => {
    open.get(operation.key)?.resume.end();
    open.delete(operation.key);
    return operation;
  };
  return pipe(
    operations,
    map((operation) => (operation.kind === 'subscription' ? begin(operation) : operation.kind === 'teardown' ? end(operation) : operation)),
    forward,
    filter((result) => open.get(result.operation.key)?.resume.accept(result) ?? true),
    // The cache knows the operation by the variables that it had.
    map((result) => ({ ...result, operation: open.get(result.operation.key)?.original ?? result.operation })),
  );
};
