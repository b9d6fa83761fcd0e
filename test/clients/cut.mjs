// graphql-ws as it comes, with the options that README prints: four subscriptions with unchanged variables on
// one socket, over a line that is cut again and again. Each event is a line on standard output, and each new
// connection, with its number, which also stands in its address.
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'

const [, , url, token, device] = process.argv
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
let connection = 0

const client = createClient({
  url: () => `${url}?connection=${++connection}`,
  webSocketImpl: WebSocket,
  connectionParams: () => ({ authorization: `Bearer ${token}` }),
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: (n) => new Promise((go) => setTimeout(go, Math.min(250 * 2 ** n, 5_000))),
  keepAlive: 12_000,
})

const subscriptions = {
  events: 'subscription events($device: ID) { events(device: $device) { __typename cursor } }',
  noteReceived: 'subscription noteReceived($device: ID) { noteReceived(device: $device) { cursor } }',
  notificationReceived: 'subscription notificationReceived($device: ID) { notificationReceived(device: $device) { cursor } }',
  unreadChanged: 'subscription unreadChanged($device: ID) { unreadChanged(device: $device) { cursor unread { notes } } }',
}

for (const [name, query] of Object.entries(subscriptions)) {
  client.subscribe({ operationName: name, query, variables: { device } }, {
    next: ({ data, errors }) => {
      if (errors) return say({ connection, name, failed: JSON.stringify(errors) })
      const { __typename, cursor, unread } = data[name]
      if (__typename !== 'StreamReady') say({ connection, name, cursor, notes: unread?.notes ?? 0 })
    },
    error: (error) => say({ connection, name, failed: String(error) }),
    complete: () => say({ connection, name, failed: 'complete' }),
  })
}
