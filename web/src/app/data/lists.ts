import type { Cache, Variables } from '@urql/exchange-graphcache';

/** The key of an object in the cache: "Note:note_01…". */
export type Key = string;

/** The objects on a page. */
export function keysIn(cache: Cache, page: Key): Key[] {
  const nodes = cache.resolve(page, 'nodes');
  return Array.isArray(nodes) ? (nodes.filter((node) => typeof node === 'string') as Key[]) : [];
}

interface Page {
  readonly key: Key;
  readonly isFirst: boolean;
  readonly hasNext: boolean;
}

/** The pages of one list of an object that are in the cache: those whose arguments, but for the page's own, are these. */
function pages(cache: Cache, parent: Key, field: string, fits: (args: Variables) => boolean): Page[] {
  const found: Page[] = [];
  for (const { fieldName, fieldKey, arguments: args } of cache.inspectFields(parent)) {
    if (fieldName !== field || !fits(args ?? {})) continue;
    const key = cache.resolve(parent, fieldKey);
    if (typeof key !== 'string') continue;
    const info = cache.resolve(key, 'pageInfo');
    found.push({
      key,
      isFirst: !args?.after,
      hasNext: typeof info === 'string' && cache.resolve(info, 'hasNextPage') === true,
    });
  }
  return found;
}

const any = () => true;

/** Takes an object out of a list, on whatever page it is. */
export function remove(cache: Cache, parent: Key, field: string, item: Key, fits = any as (args: Variables) => boolean): void {
  for (const { key } of pages(cache, parent, field, fits)) {
    const keys = keysIn(cache, key);
    if (keys.includes(item)) cache.link(key, 'nodes', keys.filter((other) => other !== item));
  }
}

/** Puts an object at the head of a list, if the list is there and the object is not in it. */
export function prepend(cache: Cache, parent: Key, field: string, item: Key, fits = any as (args: Variables) => boolean): void {
  const all = pages(cache, parent, field, fits);
  if (all.some(({ key }) => keysIn(cache, key).includes(item))) return;
  for (const { key, isFirst } of all) if (isFirst) cache.link(key, 'nodes', [item, ...keysIn(cache, key)]);
}

/** Puts an object at the head of a list, if the list is there, wherever in it the object was. */
export function raise(cache: Cache, parent: Key, field: string, item: Key): void {
  for (const { key, isFirst } of pages(cache, parent, field, any)) {
    const others = keysIn(cache, key).filter((other) => other !== item);
    cache.link(key, 'nodes', isFirst ? [item, ...others] : others);
  }
}

/** Puts an object at the end of a list that was read to its end; of another it comes with its page. */
export function append(cache: Cache, parent: Key, field: string, item: Key): void {
  const all = pages(cache, parent, field, any);
  if (all.some(({ key }) => keysIn(cache, key).includes(item))) return;
  const last = all.find(({ hasNext }) => !hasNext);
  if (last) cache.link(last.key, 'nodes', [...keysIn(cache, last.key), item]);
}
