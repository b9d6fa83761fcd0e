// How clients connect for good, as printed for users: they never give up, wait longer each time up to 5 s,
// ask for the token anew at each attempt, and notice a server that has fallen silent.
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

// backOff is 0.5 to 1 times 1, 2, 4, 5, 5... s.
export const backOff = (retries) => pause(Math.min(1000 * 2 ** retries, 5000) * (0.5 + Math.random() / 2))

// socketClient is a graphql-ws client. session.token may change between two connections.
export function socketClient(session) {
  let silence
  const client = createClient({
    url: session.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    lazy: true,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: backOff,
    keepAlive: 12_000,
    connectionParams: () => ({ authorization: `Bearer ${session.token}` }),
    on: {
      // A socket's own close would wait for the server that says nothing, 30 s in Node.
      ping: (received) => { if (!received) silence = setTimeout(() => client.terminate(), 5_000) },
      pong: (received) => { if (received) clearTimeout(silence) },
      connecting: () => { session.attempts += 1 },
      closed: (event) => { clearTimeout(silence); session.closed.push(event.code) },
    },
  })
  return client
}

// following passes a result on and makes its cursor the one that the next subscribe message carries: the
// client sends the same payload again whenever it has reconnected.
export const following = (variables, next) => (result) => {
  const cursor = result.data?.noteReceived?.cursor
  if (cursor && 'after' in variables) variables.after = cursor
  next(result)
}

// counting wraps fetch for a session: it counts attempts and notes what was answered.
export const counting = (session) => async (input, init) => {
  session.attempts += 1
  const response = await fetch(input, init)
  session.answers.push({ status: response.status, type: response.headers.get('content-type'), accept: new Headers(init.headers).get('accept') })
  return response
}
