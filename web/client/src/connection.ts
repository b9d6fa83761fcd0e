import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import { ConnectionState } from './state.ts';

/** How often an idle socket is pinged, in milliseconds. Half-open lines show within this and PONG_WAIT. */
const KEEP_ALIVE = 12_000;
/** How long a pong, or the answer to connection_init, may take, in milliseconds, before the socket is given up. */
const PONG_WAIT = 5_000;
/** The pause before the first attempt to come back, in milliseconds; it doubles with each, up to the longest. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;

export interface ConnectionOptions {
  /** The address of `/graphql` or `/stream`, with `ws:` or `wss:`. A function is asked at each attempt to connect. */
  readonly url: ClientOptions['url'];
  /** The token of the session, asked for at each attempt to connect; undefined for nobody, who sees what is public. */
  readonly token: () => string | undefined | Promise<string | undefined>;
  /** Is told how the line is. */
  readonly state?: ConnectionState | undefined;
  /** Gives up a socket that answers no more. `connect` passes the client's `terminate`: `close` waits for the silent server. */
  readonly giveUp?: ((socket: WebSocket) => void) | undefined;
  /** Where there is no global WebSocket: that of the package `ws`, in Node 20. */
  readonly webSocketImpl?: unknown;
}

/** A graphql-ws client and how its line is. */
export interface Connection {
  readonly client: Client;
  readonly state: ConnectionState;
}

/** Makes a client that connects with its first subscription, closes with its last, and comes back whatever happens. */
export function connect(options: Omit<ConnectionOptions, 'giveUp'>): Connection {
  const state = options.state ?? new ConnectionState();
  const client = createClient(connectionOptions({ ...options, state, giveUp: () => client.terminate() }));
  return { client, state };
}

/**
 * The options of a graphql-ws client that never gives up. A session that has ended is a lost connection like others: the
 * server closes with 4403, and the client comes back with the token of that time, by and by less often.
 */
export function connectionOptions({ url, token, state, giveUp, webSocketImpl }: ConnectionOptions): ClientOptions {
  const silent = giveUp ?? ((socket) => socket.close(4408, 'Nothing was heard of the server'));
  let socket: WebSocket;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const heard = () => clearTimeout(watchdog);
  const expect = () => {
    heard();
    watchdog = setTimeout(() => silent(socket), PONG_WAIT);
  };
  return {
    url,
    webSocketImpl,
    connectionParams: async () => {
      const now = await token();
      return now === undefined ? undefined : { authorization: `Bearer ${now}` };
    },
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: (retries) => {
      const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** retries);
      // The random half keeps many clients from coming back in the same moment.
      return new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
    },
    keepAlive: KEEP_ALIVE,
    on: {
      connecting: () => state?.socket('connecting'),
      opened: (opened) => {
        socket = opened as WebSocket;
        expect();
      },
      connected: () => {
        heard();
        state?.socket('connected');
      },
      ping: (received) => {
        if (!received) expect();
      },
      // Whatever comes shows that the server is there.
      message: heard,
      closed: () => {
        heard();
        state?.socket('offline');
      },
    },
  };
}
