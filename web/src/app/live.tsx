import type { ConnectionStatus } from '@notewire/client';
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { Provider, useQuery, useSubscription, type CombinedError } from 'urql';
import { connect, type Connection } from './data/client';
import { Outbox, type Outgoing } from './data/outbox';
import type { Session, SessionState } from './data/session';
import type { Counts, Person } from './data/types';
import { EventsDocument, MeDocument, type EventsSubscription } from './generated/documents';
import { useTexts } from './i18n';

/** What all parts of a pane share. */
export interface Live {
  readonly session: Session;
  readonly connection: Connection;
  /** Who is signed in; undefined for nobody, and until the server has said who. */
  readonly me: Person | undefined;
  readonly unread: Counts | undefined;
  readonly outbox: Outbox | undefined;
  /** Shows a word for a moment; screen readers say it. */
  readonly tell: (text: string) => void;
}

const Context = createContext<Live | null>(null);

export function useLive(): Live {
  return use(Context)!;
}

/** The user, in parts that only a signed-in user sees. */
export function useMe(): Person {
  return useLive().me!;
}

/** Names a landmark of a pane: on a page with two users, those of the second say so. */
export function useLandmark(): (name: string) => string {
  const t = useTexts();
  const { session } = useLive();
  return (name) => (session.pane === 'a' ? name : `${name} (${t.secondUser})`);
}

export function useLine(): ConnectionStatus {
  const { state } = useLive().connection;
  const status = useSyncExternalStore(state.subscribe, state.get);
  // The browser often knows before the socket does.
  const isOnline = useSyncExternalStore(watchBrowser, () => navigator.onLine);
  return isOnline ? status : 'offline';
}

function watchBrowser(listener: () => void) {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}

const nothing: readonly Outgoing[] = [];

/** The notes that are on their way to a place. */
export function useOutgoing(place: string): readonly Outgoing[] {
  const { outbox } = useLive();
  const all = useSyncExternalStore(outbox?.subscribe ?? (() => () => {}), outbox?.snapshot ?? (() => nothing));
  return useMemo(() => all.filter((note) => note.place === place), [all, place]);
}

/** How long a word is shown, in milliseconds: long enough to read it twice. */
const TOLD = 4_000;

function useTelling() {
  const [text, setText] = useState('');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const tell = useCallback((next: string) => {
    clearTimeout(timer.current);
    setText(next);
    timer.current = setTimeout(() => setText(''), TOLD);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  return [text, tell] as const;
}

/** The connection of one login: made with it, closed with it. It is to be keyed by the session's generation. */
export function LivePane({ session, state, children }: { session: Session; state: SessionState; children: ReactNode }) {
  const { token } = state;
  const [connection] = useState(() => connect(session.pane, token, () => token && session.expire(token)));
  useEffect(() => connection.dispose, [connection]);
  return (
    <Provider value={connection.client}>
      <Signed session={session} connection={connection} token={token}>
        {children}
      </Signed>
    </Provider>
  );
}

function Signed({ session, connection, token, children }: { session: Session; connection: Connection; token?: string; children: ReactNode }) {
  const [{ data, error }, again] = useQuery({ query: MeDocument, pause: !token });
  const [told, tell] = useTelling();
  const viewer = token ? data?.viewer : undefined;
  const me = viewer?.user;
  const [outbox, setOutbox] = useState<Outbox>();

  useEffect(() => {
    if (!me?.id) return;
    const made = new Outbox(me.id, connection.client, connection.state);
    setOutbox(made);
    return () => made.close();
  }, [me?.id, connection]);

  // Who one is is asked again until there is an answer: without it nothing can be shown.
  useEffect(() => {
    if (!error?.networkError || me) return;
    const timer = setTimeout(() => again({ requestPolicy: 'network-only' }), 2_000);
    return () => clearTimeout(timer);
  }, [error, me, again]);

  const live = useMemo<Live>(
    () => ({ session, connection, me, unread: viewer?.unread, outbox, tell }),
    [session, connection, me, viewer?.unread, outbox, tell],
  );
  return (
    <Context value={live}>
      {me && <Events />}
      {children}
      <div role="status" className={told ? 'toast' : 'hidden-text'}>
        {told}
      </div>
    </Context>
  );
}

/**
 * What to do when a public stream has ended: look again, as its subject may be gone; or begin anew with an empty cache, where
 * the server has forgotten how far this one had got.
 */
export function useEnded(error: CombinedError | undefined, look: () => void): void {
  const { session } = useLive();
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    if (error?.graphQLErrors.some(({ extensions }) => extensions.code === 'CURSOR_EXPIRED')) session.restart();
    else if (error) latest.current();
  }, [error, session]);
}

/** The stream of everything that happens to the user. The cache takes it in; here is only what is to be said of it. */
function Events() {
  const t = useTexts();
  const { session } = useLive();
  const [said, setSaid] = useState('');
  const [device] = useState(() => crypto.randomUUID());
  const wasReady = useRef(false);
  const heard = useRef(''); // when the newest note was written that was said: the cache may be told of it again
  useSubscription({ query: EventsDocument, variables: { device } }, (_: unknown, { events }: EventsSubscription) => {
    if (events.__typename === 'StreamReady') {
      // What was missed is lost to this cache: a new one is filled from the server.
      if (!events.resumed && wasReady.current) session.restart();
      wasReady.current = true;
    } else if (events.__typename === 'NoteReceived' && events.note.createdAt > heard.current) {
      heard.current = events.note.createdAt;
      setSaid(t.noteFrom(events.note.sender?.displayName ?? t.somebodyGone, events.note.body.slice(0, 200)));
    }
    return undefined;
  });
  return (
    <div aria-live="polite" className="hidden-text">
      {said}
    </div>
  );
}
