import type { ConnectionState } from '@notewire/client';
import type { Client } from 'urql';
import { SendNoteDocument } from '../generated/documents';

export interface Outgoing {
  /** The idempotencyKey: however often it is sent, there is one note. */
  readonly key: string;
  /** A conversation, or the users of one that does not exist yet, by which the page knows it. */
  readonly place: string;
  readonly conversationId?: string;
  readonly toUserIds?: readonly string[];
  readonly replyToId?: string;
  readonly body: string;
  readonly createdAt: string;
  readonly state: 'sending' | 'failed';
  /** Why it failed, in the words of the server. */
  readonly reason?: string;
}

/** The most notes that wait at once: what a person writes while a line is down, and far below what localStorage holds. */
const MOST = 100;

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_WAIT = 10_000;

/**
 * The notes of one user that are on their way, in the order in which they were written. They are kept in localStorage until
 * the server has answered, and are sent one after the other with the key that each was given at first, so that a lost
 * answer or a reload costs a repetition and never a second note. What the server refuses stays, to be tried again or
 * thrown away by hand, and does not hold up the others.
 */
export class Outbox {
  readonly #key: string;
  readonly #listeners = new Set<() => void>();
  #all: readonly Outgoing[];
  #running = false;
  #closed = false;
  #wake: (() => void) | undefined;
  /** Called with the conversation of a first note to users. */
  onFirst: (place: string, conversationId: string) => void = () => {};

  constructor(
    userId: string,
    readonly client: Client,
    readonly line: ConnectionState,
  ) {
    this.#key = `notewire.outbox.${userId}`;
    this.#all = read(this.#key);
    const wake = () => this.#wake?.();
    const unsubscribe = line.subscribe(() => line.get() === 'connected' && wake());
    addEventListener('online', wake);
    this.#stopWatching = () => {
      unsubscribe();
      removeEventListener('online', wake);
    };
    void this.#run();
  }

  readonly #stopWatching: () => void;

  /** Takes a note. False, and nothing is taken, when 100 wait already. */
  send(note: Omit<Outgoing, 'key' | 'createdAt' | 'state'>): boolean {
    if (this.#all.length >= MOST) return false;
    this.#set([...this.#all, { ...note, key: crypto.randomUUID(), createdAt: new Date().toISOString(), state: 'sending' }]);
    void this.#run();
    return true;
  }

  retry(key: string): void {
    this.#set(this.#all.map((note) => (note.key === key ? { ...note, state: 'sending', reason: undefined } : note)));
    void this.#run();
  }

  discard(key: string): void {
    this.#set(this.#all.filter((note) => note.key !== key));
  }

  close(): void {
    this.#closed = true;
    this.#stopWatching();
    this.#wake?.();
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = () => this.#all;

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let attempt = 0; !this.#closed; ) {
      const note = this.#all.find(({ state }) => state === 'sending');
      if (!note) break;
      const wait = await this.#try(note, attempt);
      attempt = wait === undefined ? 0 : attempt + 1;
      if (wait !== undefined) await this.#pause(wait);
    }
    this.#running = false;
  }

  /** Sends one note. Returns how long to wait before it is sent again, in milliseconds, or undefined when it is dealt with. */
  async #try(note: Outgoing, attempt: number): Promise<number | undefined> {
    const { conversationId, toUserIds, replyToId, body, key } = note;
    const input = { conversationId, toUserIds: toUserIds && [...toUserIds], replyToId, body, idempotencyKey: key };
    const { data, error } = await this.client.mutation(SendNoteDocument, { input }).toPromise();
    if (this.#closed) return undefined;
    const answer = data?.sendNote;
    if (answer?.note) {
      this.discard(key);
      if (!conversationId) this.onFirst(note.place, answer.conversation?.id ?? answer.note.conversation.id);
      return undefined;
    }
    const soft = error && (error.networkError || error.graphQLErrors.some(({ extensions }) => passing.has(String(extensions.code))));
    if (soft) {
      const asked = Number(error.graphQLErrors[0]?.extensions.retryAfterMs);
      return Number.isFinite(asked) ? asked : Math.min(LONGEST_WAIT, 500 * 2 ** attempt);
    }
    const reason = answer?.userErrors[0]?.message ?? error?.graphQLErrors[0]?.message;
    this.#set(this.#all.map((other) => (other.key === key ? { ...other, state: 'failed', reason } : other)));
    return undefined;
  }

  /** Waits so long, or until the line is there again. */
  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#wake = done;
    });
  }

  #set(all: readonly Outgoing[]) {
    this.#all = all;
    if (all.length) localStorage.setItem(this.#key, JSON.stringify(all));
    else localStorage.removeItem(this.#key);
    for (const listener of this.#listeners) listener();
  }
}

/** Errors after which the same note, with the same key, is sent again. */
const passing = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'UNAUTHENTICATED']);

function read(key: string): readonly Outgoing[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(stored) ? (stored as Outgoing[]) : [];
  } catch {
    return [];
  }
}
