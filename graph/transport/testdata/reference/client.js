// The stock client of graphql-transport-ws, set up as its recipes say. It follows a topic, prints what
// happens, one line each, and ends with its input.
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'

const [url, user] = process.argv.slice(2)
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: () => ({ user }),
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
  keepAlive: 50,
  on: {
    connected: () => console.log('connected'),
    closed: (event) => console.log(`closed ${event.code}`),
    pong: (received) => received && pongs++ === 0 && console.log('pong'),
  },
})
let pongs = 0
client.subscribe(
  { query: 'subscription { events(topic: "stock", after: "0") { cursor } }' },
  {
    next: ({ data }) => console.log(`event ${data.events.cursor}`),
    error: (error) => console.log(`error ${JSON.stringify(error)}`),
    complete: () => console.log('complete'),
  },
)
process.stdin.on('end', () => process.exit(0)).resume()
