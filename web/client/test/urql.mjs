// The package in urql.
import assert from 'node:assert/strict'

import { Client, fetchExchange, subscriptionExchange } from '@urql/core'
import { cacheExchange } from '@urql/exchange-graphcache'

import { ask, run } from '../../../test/clients/control.mjs'
import { enter, expiring, live, noteSubscription } from '../../../test/clients/scenarios.mjs'
import { CommentAddedDocument, EventsDocument, MeDocument } from '../dist/generated/documents.js'
import { cacheConfig, resumeExchange, updates } from '../dist/urql.js'
import { withUpdater, withoutUpdater } from './bell.mjs'
import { api, connection, cursorOf, seen } from './line.mjs'

// graphcache warns of what it cannot key: the package must have told it.
console.warn = (text) => { throw new Error(text) }

function urql(session, exchanges, fetch) {
  const { client: socket, state } = connection(session)
  const client = new Client({
    url: session.url,
    preferGetMethod: false,
    fetch,
    fetchOptions: { headers: { authorization: `Bearer ${session.token}` } },
    exchanges: [...exchanges, resumeExchange(state), fetchExchange, subscriptionExchange({
      forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }) }),
    })],
  })
  return { client, state }
}

const bySocket = {
  socket: true,
  request: api,
  subscribe(session, variables, next) {
    const given = Object.freeze({ ...variables })
    const { unsubscribe } = urql(session, []).client.subscription(noteSubscription, given).subscribe(({ data }) => data && next(data))
    return unsubscribe
  },
}

function make(session, { lists = false, fetch } = {}) {
  const { client, state } = urql(session, [cacheExchange({ ...cacheConfig, updates: lists ? updates : undefined })], fetch)
  const subscriptions = []
  return {
    state,
    watch: (query, variables, next) => subscriptions.push(client.query(query, variables).subscribe(({ data }) => data && next(data))),
    follow: (variables) => subscriptions.push(client.subscription(EventsDocument, variables).subscribe(() => {})),
    stop: () => subscriptions.forEach(({ unsubscribe }) => unsubscribe()),
  }
}

// What failed with the line is asked for again when that is back.
async function queryAgain() {
  const session = await enter()
  const client = make(session)
  const state = seen()
  client.state.subscribe(() => state.next(client.state.get()))
  client.follow({ after: await cursorOf(session) })
  await state.shows('connected')
  await ask('kill')
  const badge = seen()
  client.watch(MeDocument, {}, ({ viewer }) => badge.next(viewer.unread.notes))
  await new Promise((resolve) => setTimeout(resolve, 200)) // refused long before
  assert.deepEqual(badge.values, [])
  await ask('start')
  await badge.shows(0)
  client.stop()
}

// urql lays the error that ends a stream over the last event: it is told all the same, and the event not again.
async function endAfterEvent() {
  const session = await enter()
  const { createPost: { post } } = await api(session, 'mutation { createPost(input: { title: "t", body: "b" }) { post { id } } }')
  const comments = []
  const end = seen()
  const { client } = urql(session, [])
  const { unsubscribe } = client.subscription(CommentAddedDocument, { postId: post.id }).subscribe(({ data, error }) => {
    if (data) comments.push(data.commentAdded.cursor)
    if (error) end.next(error.graphQLErrors[0]?.extensions.code)
  })
  // Nothing says that the stream has begun but its first event.
  while (comments.length === 0) {
    await api(session, 'mutation($id: ID!) { addComment(input: { postId: $id, body: "c" }) { comment { id } } }', { id: post.id })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await api(session, 'mutation($id: ID!) { deletePost(input: { postId: $id }) { deletedPostId } }', { id: post.id })
  await end.shows('NOT_FOUND')
  assert.equal(new Set(comments).size, comments.length)
  unsubscribe()
}

await run([
  ...live('resumeExchange', bySocket),
  ...expiring('resumeExchange', bySocket),
  ...withoutUpdater('graphcache', make),
  ...withUpdater('graphcache, updates', make),
  ['resumeExchange: the end of a stream', endAfterEvent],
  ['graphcache: query that failed with the line', queryAgain],
])
