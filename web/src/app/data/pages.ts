import { connections } from '@notewire/client';
import type { Resolver, ResolverConfig, Variables } from '@urql/exchange-graphcache';
import { keysIn, type Key } from './lists';

/** What tells two pages of one list apart, and not two lists. */
const paging = new Set(['first', 'after']);

const listOf = (args: Variables | null) =>
  JSON.stringify(Object.entries(args ?? {}).filter(([name, value]) => !paging.has(name) && value != null).sort());

/**
 * A list that grows page by page: its first page, and the pages behind it as long as each begins where the one before ends.
 * When the first page is read again it may end elsewhere than before; what was read behind its old end is asked for again then,
 * rather than shown with a gap before it.
 */
const paged: Resolver = (_parent, args, cache, { parentKey, fieldName }) => {
  if (typeof cache.resolve(parentKey, fieldName, args) !== 'string') return undefined; // this page is to be asked for
  const pages = new Map<unknown, Key>();
  for (const found of cache.inspectFields(parentKey)) {
    if (found.fieldName !== fieldName || listOf(found.arguments) !== listOf(args)) continue;
    const page = cache.resolve(parentKey, found.fieldKey);
    if (typeof page === 'string') pages.set(found.arguments?.after ?? undefined, page);
  }
  const nodes = new Set<Key>();
  let pageInfo: Record<string, unknown> | undefined;
  let next: unknown;
  do {
    const page = pages.get(next);
    if (page === undefined) break;
    pages.delete(next);
    for (const key of keysIn(cache, page)) nodes.add(key);
    const info = cache.resolve(page, 'pageInfo') as Key;
    pageInfo = {
      __typename: 'PageInfo',
      endCursor: cache.resolve(info, 'endCursor'),
      hasNextPage: cache.resolve(info, 'hasNextPage'),
    };
    next = pageInfo.endCursor;
  } while (pageInfo.hasNextPage === true && typeof next === 'string');
  if (!pageInfo) return undefined;
  return { __typename: cache.resolve(cache.resolve(parentKey, fieldName, args) as Key, '__typename'), nodes: [...nodes], pageInfo };
};

/** The lists of the schema, page by page. */
export const lists: ResolverConfig = Object.fromEntries(
  Object.entries(connections).map(([type, fields]) => [type, Object.fromEntries(Object.keys(fields).map((name) => [name, paged]))]),
);
