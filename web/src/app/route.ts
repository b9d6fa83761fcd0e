import { useCallback, useEffect, useState } from 'react';

/** What the main column shows. */
export type Main =
  | { readonly at: 'board' }
  | { readonly at: 'post'; readonly id: string; readonly focus?: string }
  | { readonly at: 'write' }
  | { readonly at: 'conversation'; readonly id: string }
  | { readonly at: 'new'; readonly to?: string };

/** Which column is in front where there is no room for all. */
export type View = 'notes' | 'main' | 'alerts';

export interface Route {
  readonly view: View;
  readonly main: Main;
}

export type Go = (to: Main | 'notes' | 'alerts') => void;

function parse(hash: string, before: Main): Route {
  const [, at, id, focus] = hash.split('/').map(decodeURIComponent);
  switch (at) {
    case 'notes':
    case 'alerts':
      return { view: at, main: before };
    case 'post':
      return { view: 'main', main: id ? { at, id, focus } : { at: 'board' } };
    case 'conversation':
      return { view: 'main', main: id ? { at, id } : { at: 'board' } };
    case 'new':
      return { view: 'main', main: { at, to: id } };
    case 'write':
      return { view: 'main', main: { at } };
    default:
      return { view: 'main', main: { at: 'board' } };
  }
}

function format(to: Main | 'notes' | 'alerts'): string {
  if (typeof to === 'string') return `#/${to}`;
  const parts = [to.at, 'id' in to ? to.id : 'to' in to ? to.to : undefined, 'focus' in to ? to.focus : undefined];
  return `#/${parts.filter((part) => part !== undefined).map((part) => encodeURIComponent(part!)).join('/')}`;
}

/** Where a pane is. The first pane's place is in the address, so that reload and the browser's way back work. */
export function useRoute(inAddress: boolean): readonly [Route, Go] {
  const [route, setRoute] = useState<Route>(() => parse(inAddress ? location.hash : '', { at: 'board' }));

  useEffect(() => {
    if (!inAddress) return;
    const follow = () => setRoute((before) => parse(location.hash, before.main));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [inAddress]);

  const go = useCallback<Go>(
    (to) => {
      if (inAddress) location.hash = format(to);
      else setRoute((before) => parse(format(to), before.main));
    },
    [inAddress],
  );
  return [route, go];
}
