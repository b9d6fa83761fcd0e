import { ConnectionState } from '@notewire/client';
import { resumeExchange } from '@notewire/client/urql';
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql';
import { cache } from './cache';
import { replayExchange } from './replay';
import { openSocket } from './socket';
import { tracedFetch } from './traffic';

export interface Connection {
  readonly client: Client;
  /** How the line to the server is. */
  readonly state: ConnectionState;
  /** Closes the socket for good. */
  dispose(): void;
}

/**
 * The way of one user to the server: queries and mutations by POST, subscriptions by one socket, all into one normalised
 * cache. It is made anew for each login.
 */
export function connect(pane: string, token: string | undefined, onSessionEnd: () => void): Connection {
  const state = new ConnectionState();
  const socket = openSocket(pane, token, state, onSessionEnd);
  const client = new Client({
    url: '/graphql',
    preferGetMethod: false,
    requestPolicy: 'cache-and-network',
    fetch: tracedFetch(pane),
    fetchOptions: token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } },
    exchanges: [
      mapExchange({
        onError(error) {
          const status = (error.response as Response | undefined)?.status;
          const refused = error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED');
          if (token !== undefined && (status === 401 || refused)) onSessionEnd();
        },
      }),
      cache(),
      replayExchange,
      resumeExchange(state),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables, operationName }) => ({
          // The variables stay the same object: resumeExchange moves the position in it.
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe({ query, operationName, variables }, sink as Parameters<typeof socket.subscribe>[1]),
          }),
        }),
      }),
    ],
  });
  return { client, state, dispose: () => void socket.dispose() };
}
