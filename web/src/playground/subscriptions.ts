import { createClient, type Client, type Sink, type SubscribePayload, type FormattedExecutionResult } from 'graphql-ws';

/** How often an idle socket is pinged, in milliseconds. Half-open lines show within this and PONG_WAIT. */
const KEEP_ALIVE = 12_000;
/** How long a pong may take, in milliseconds, before the socket is given up and opened again. */
const PONG_WAIT = 5_000;
/** The longest pause between two attempts to connect, in milliseconds. */
const LONGEST_RETRY_WAIT = 5_000;

/** The same path as the page's own origin, by websocket. */
function socketURL(): string {
  const url = new URL('/graphql', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/**
 * Opens a graphql-transport-ws client that connects with its first subscription, closes with its last, and comes back by
 * itself whatever happens in between.
 */
function connect(authorization: string | undefined): Client {
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: socketURL(),
    lazy: true,
    connectionParams: () => (authorization === undefined ? undefined : { authorization }),
    retryAttempts: Infinity,
    shouldRetry: () => true,
    // Doubling from 250 ms; the random half keeps many tabs from coming back in the same moment.
    retryWait: (retries) => {
      const wait = Math.min(LONGEST_RETRY_WAIT, 250 * 2 ** retries);
      return new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
    },
    keepAlive: KEEP_ALIVE,
    on: {
      ping: (received) => {
        if (!received) watchdog = setTimeout(() => client.terminate(), PONG_WAIT);
      },
      pong: (received) => {
        if (received) clearTimeout(watchdog);
      },
      closed: () => clearTimeout(watchdog),
    },
  });
  return client;
}

/** What the socket reports when it will not come back, as a list of GraphQL errors or of something that reads like them. */
function readable(error: unknown): readonly unknown[] {
  if (Array.isArray(error)) return error;
  if (error instanceof CloseEvent) {
    const reason = error.reason === '' ? '' : `: ${error.reason}`;
    return [{ message: `The server closed the subscription's socket (${error.code}${reason}).` }];
  }
  return [{ message: error instanceof Error ? error.message : String(error) }];
}

/**
 * Runs subscriptions for one page. The authorization is sent when a socket opens, so another one needs another socket: the
 * client is kept as long as the authorization stays the same, and replaced when it changes. GraphiQL runs one subscription
 * at a time, so the one that is replaced has none left.
 */
export class Subscriptions {
  #authorization: string | undefined;
  #client: Client | undefined;

  subscribe(payload: SubscribePayload, authorization: string | undefined, sink: Sink<FormattedExecutionResult>): () => void {
    if (this.#client === undefined || this.#authorization !== authorization) {
      void this.#client?.dispose();
      this.#client = connect(authorization);
      this.#authorization = authorization;
    }
    return this.#client.subscribe(payload, { ...sink, error: (error) => sink.error(readable(error)) });
  }
}
