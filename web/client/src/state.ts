/**
 * How the line to the server is:
 *
 * - `offline`: there is no socket, and none is being opened; between two attempts, too.
 * - `connecting`: a socket is being opened.
 * - `catching-up`: there is a socket, and what was missed is still coming.
 * - `connected`: what is shown is how things are.
 */
export type ConnectionStatus = 'offline' | 'connecting' | 'catching-up' | 'connected';

/** The status of a connection, to be watched: `useSyncExternalStore(state.subscribe, state.get)` shows it in React. */
export class ConnectionState {
  #socket: 'offline' | 'connecting' | 'connected' = 'offline';
  /** The streams that tell when they have caught up, and whether they have. */
  readonly #streams = new Map<object, boolean>();
  readonly #listeners = new Set<() => void>();
  #status: ConnectionStatus = 'offline';

  readonly get = (): ConnectionStatus => this.#status;

  /** Calls the listener after each change, until the function that it returns is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Told by the socket. Whatever is gone has everything to catch up with that came meanwhile. */
  socket(is: 'offline' | 'connecting' | 'connected'): void {
    if (is !== 'connected') for (const stream of this.#streams.keys()) this.#streams.set(stream, false);
    this.#socket = is;
    this.#change();
  }

  /** Told by a stream: whether it has caught up. */
  stream(stream: object, isLive: boolean): void {
    this.#streams.set(stream, isLive);
    this.#change();
  }

  /** Told by a stream when it has ended. */
  ended(stream: object): void {
    this.#streams.delete(stream);
    this.#change();
  }

  #change(): void {
    const behind = this.#socket === 'connected' && [...this.#streams.values()].includes(false);
    const status = behind ? 'catching-up' : this.#socket;
    if (status === this.#status) return;
    this.#status = status;
    for (const listener of [...this.#listeners]) listener();
  }
}
