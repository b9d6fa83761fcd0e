import { connectionOptions, type ConnectionState } from '@notewire/client';
import { createClient, type Client as Socket } from 'graphql-ws';
import { tracedWebSocket } from './traffic';

/** By this code the server says that the token is worth nothing any more. */
const SESSION_ENDED = 4403;

const ended = (event: unknown) => event instanceof CloseEvent && event.code === SESSION_ENDED;

function socketURL(): string {
  const url = new URL('/graphql', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** The one socket of a pane: it comes back by itself whatever happens, but for the end of its session. */
export function openSocket(pane: string, token: string | undefined, state: ConnectionState, onSessionEnd: () => void): Socket {
  const options = connectionOptions({
    url: socketURL(),
    token: () => token,
    state,
    giveUp: () => socket.terminate(),
    webSocketImpl: tracedWebSocket(pane),
  });
  const socket = createClient({
    ...options,
    shouldRetry: (event) => !ended(event),
    on: {
      ...options.on,
      closed: (event) => {
        options.on?.closed?.(event);
        if (ended(event)) onSessionEnd();
      },
    },
  });
  return socket;
}
