import type { Person } from './types';

export type Notice = 'expired' | undefined;

export interface SessionState {
  /** Raised by each login and logout: what was made for one of them is not used for the next. */
  readonly generation: number;
  readonly token: string | undefined;
  /** Why nobody is signed in any more, when it was not asked for. */
  readonly notice: Notice;
}

/**
 * Who is signed in in one pane. The token is kept in localStorage under the pane's name, so that a reload finds it; the
 * page's policy lets no foreign script near it.
 */
export class Session {
  readonly #key: string;
  readonly #listeners = new Set<() => void>();
  #state: SessionState;

  constructor(readonly pane: string) {
    this.#key = `notewire.token.${pane}`;
    this.#state = { generation: 0, token: localStorage.getItem(this.#key) ?? undefined, notice: undefined };
    // Another tab has signed out or in.
    addEventListener('storage', ({ key, newValue }) => {
      if (key === this.#key && (newValue ?? undefined) !== this.#state.token) this.#set(newValue ?? undefined, undefined);
    });
  }

  signIn(token: string): void {
    localStorage.setItem(this.#key, token);
    this.#set(token, undefined);
  }

  signOut(): void {
    localStorage.removeItem(this.#key);
    this.#set(undefined, undefined);
  }

  /** The server does not know this token any more. A later one is left alone. */
  expire(token: string): void {
    if (token !== this.#state.token) return;
    localStorage.removeItem(this.#key);
    this.#set(undefined, 'expired');
  }

  /** Begins anew with an empty cache, as the same user. */
  restart(): void {
    this.#set(this.#state.token, undefined);
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = () => this.#state;

  #set(token: string | undefined, notice: Notice) {
    this.#state = { generation: this.#state.generation + 1, token, notice };
    for (const listener of this.#listeners) listener();
  }
}

/** The name to show of somebody who may be gone. */
export function nameOf(user: Person | null | undefined, gone: string): string {
  return user?.displayName ?? gone;
}
