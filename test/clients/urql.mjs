// urql, by fetch and by graphql-ws.
import assert from 'node:assert/strict'

import { Client, fetchExchange, subscriptionExchange } from 'urql'
import { onEnd, pipe, subscribe } from 'wonka'

import { run } from './control.mjs'
import { backOff, counting, following, socketClient } from './recipe.mjs'
import { enter, expiring, live, noteSubscription, requests, viewerQuery } from './scenarios.mjs'

const urql = (session, options = {}) => new Client({
  url: session.url,
  exchanges: [fetchExchange],
  preferGetMethod: false,
  requestPolicy: 'network-only',
  fetch: counting(session),
  fetchOptions: () => ({ headers: { authorization: `Bearer ${session.token}` } }),
  ...options,
})

async function request(session, document, variables) {
  const client = urql(session)
  const { data, error } = await (document.startsWith('mutation') ? client.mutation(document, variables) : client.query(document, variables)).toPromise()
  if (error) throw Object.assign(error, { code: error.graphQLErrors[0]?.extensions?.code })
  return data
}

// By fetch, urql ends a subscription whose stream ended, and then gives its last result once more, with
// hasNext false: the application subscribes again.
const byFetch = {
  request,
  subscribe(session, variables, next) {
    const client = urql(session, { fetchSubscriptions: true })
    let stopped = false
    let retries = 0
    let current
    const again = () => {
      let ended = false
      const end = async () => {
        if (ended || stopped) return
        ended = true
        current?.unsubscribe() // an error need not be the end, and a second subscription would join the first
        await backOff(retries++)
        if (!stopped) again()
      }
      current = pipe(client.subscription(noteSubscription, { ...variables }), onEnd(end),
        subscribe(following(variables, ({ data, error, hasNext }) => {
          if (error || !hasNext) return end()
          retries = 0
          next(data)
        })))
    }
    again()
    return () => { stopped = true; current.unsubscribe() }
  },
}

const bySocket = {
  socket: true,
  request,
  subscribe(session, variables, next) {
    const socket = socketClient(session)
    const client = urql(session, {
      exchanges: [fetchExchange, subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, { ...sink, next: following(variables, sink.next) }) }),
        }),
      })],
    })
    client.subscription(noteSubscription, variables).subscribe(({ data }) => data && next(data))
    return () => socket.dispose()
  },
}

// An unsubscribe amid a read leaves urql with an abort that nobody catches.
process.on('unhandledRejection', (error) => { if (error.name !== 'AbortError') throw error })

await run([
  ['fetch: default Accept', async () => {
    const session = await enter()
    await request(session, viewerQuery, {})
    const [{ accept, type, status }] = session.answers
    assert.match(accept, /text\/event-stream/)
    assert.match(type, /^application\/graphql-response\+json/)
    assert.equal(status, 200)
  }],
  ...requests('fetch', byFetch),
  ...live('fetch', byFetch),
  ...expiring('fetch', byFetch),
  ...live('graphql-ws', bySocket),
  ...expiring('graphql-ws', bySocket),
])
