/** How many entries are kept; the oldest makes room for the newest. */
const MOST = 200;
/** The longest text of an entry that is kept, in characters; the rest is cut off, and said to be. */
const LONGEST = 6_000;

export interface Entry {
  readonly id: number;
  readonly at: number;
  /** Which user of the page it belongs to. */
  readonly pane: string;
  readonly sent: boolean;
  readonly door: 'HTTP' | 'WS';
  /** The type of the frame or the operation. */
  readonly kind: string;
  readonly name: string;
  readonly body: string;
}

const secret = new Set(['token', 'password', 'currentPassword', 'newPassword', 'authorization', 'Authorization']);

/** JSON as it is read best, with nothing in it that signs anybody in. */
function readable(value: unknown): string {
  const text = JSON.stringify(
    value,
    (name, inner: unknown) => (secret.has(name) && typeof inner === 'string' ? '•••' : inner),
    2,
  );
  if (text === undefined) return '';
  // A document is one long string in JSON; it reads better with its lines.
  const lines = text.replace(/\\n/g, '\n');
  return lines.length > LONGEST ? `${lines.slice(0, LONGEST)}\n… (${lines.length - LONGEST} more characters)` : lines;
}

/** What the page and the server say to each other, all panes together: the newest 200, in memory only. */
export class Traffic {
  #entries: readonly Entry[] = [];
  #last = 0;
  #paused = false;
  readonly #listeners = new Set<() => void>();

  add(entry: Omit<Entry, 'id' | 'at' | 'body'>, body: unknown): void {
    if (this.#paused) return;
    this.#last += 1;
    this.#set([{ ...entry, id: this.#last, at: Date.now(), body: readable(body) }, ...this.#entries.slice(0, MOST - 1)]);
  }

  clear(): void {
    this.#set([]);
  }

  pause(paused: boolean): void {
    this.#paused = paused;
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = () => this.#entries;

  #set(entries: readonly Entry[]) {
    this.#entries = entries;
    for (const listener of this.#listeners) listener();
  }
}

export const traffic = new Traffic();

/** The kind and the name of the first operation of a document: what it is called in the list. */
function titleOf(query: string): [kind: string, name: string] {
  const found = /\b(query|mutation|subscription)\s+(\w+)/.exec(query);
  return found ? [found[1]!, found[2]!] : ['query', ''];
}

/** fetch that leaves a trace. */
export function tracedFetch(pane: string): typeof fetch {
  return async (input, init) => {
    const request = JSON.parse(String(init?.body ?? '{}')) as { query?: string; variables?: unknown };
    const [kind, name] = titleOf(request.query ?? '');
    const answer = (kind: string, body: unknown) => traffic.add({ pane, sent: false, door: 'HTTP', kind, name }, body);
    const failed = (error: unknown) => {
      if (!init?.signal?.aborted) answer('error', String(error)); // what nobody wants any more is no error
    };
    traffic.add({ pane, sent: true, door: 'HTTP', kind, name }, request);
    try {
      const response = await fetch(input, init);
      response
        .clone()
        .json()
        .then((body: unknown) => answer(String(response.status), body), failed);
      return response;
    } catch (error) {
      failed(error);
      throw error;
    }
  };
}

/** WebSocket that leaves a trace of each frame, named by the operation that it belongs to. */
export function tracedWebSocket(pane: string): typeof WebSocket {
  return class extends WebSocket {
    readonly #names = new Map<string, string>();

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener('message', ({ data }) => this.#trace(false, data));
      this.addEventListener('close', ({ code, reason }) =>
        traffic.add({ pane, sent: false, door: 'WS', kind: 'close', name: String(code) }, { code, reason }),
      );
    }

    override send(data: string): void {
      this.#trace(true, data);
      super.send(data);
    }

    #trace(sent: boolean, data: unknown) {
      if (typeof data !== 'string') return;
      const frame = JSON.parse(data) as { type: string; id?: string; payload?: { query?: string } };
      if (frame.type === 'subscribe' && frame.id) this.#names.set(frame.id, titleOf(frame.payload?.query ?? '')[1]);
      const name = (frame.id && this.#names.get(frame.id)) ?? '';
      if (frame.type === 'complete' && frame.id) this.#names.delete(frame.id);
      traffic.add({ pane, sent, door: 'WS', kind: frame.type, name }, frame);
    }
  };
}
