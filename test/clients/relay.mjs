// Relay, with what relay-compiler makes of documents.js, by fetch and a graphql-ws subscription.
import assert from 'node:assert/strict'

import relay from 'relay-runtime'

import { ask, log, run } from './control.mjs'
import { counting, socketClient } from './recipe.mjs'
import { enter, expiring, live, requests } from './scenarios.mjs'

const { Environment, Network, Observable, RecordSource, Store, commitMutation, createOperationDescriptor, fetchQuery, getRequest, getSelector, requestSubscription } = relay
const compiled = async (name) => (await import(`./relay/__generated__/${name}.graphql.js`)).default

const sockets = new WeakMap()

function environment(session) {
  const socket = socketClient(session)
  const ask = async ({ text }, variables) => {
    const response = await counting(session)(session.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json', authorization: `Bearer ${session.token}` },
      body: JSON.stringify({ query: text, variables }),
    })
    const result = await response.json()
    if (result.errors) throw Object.assign(new Error(result.errors[0].message), { code: result.errors[0].extensions.code })
    return result
  }
  // Relay freezes variables, so the cursor goes into a copy, which is what the socket sends again.
  const subscribe = ({ text }, given) => Observable.create((sink) => {
    const variables = { ...given }
    return socket.subscribe({ query: text, variables }, {
      complete: () => sink.complete(),
      error: (error) => sink.error(error),
      next: (result) => {
        const cursor = result.data?.noteReceived?.cursor
        if (cursor && 'after' in variables) variables.after = cursor
        sink.next(result)
      },
    })
  })
  const made = new Environment({ network: Network.create(ask, subscribe), store: new Store(new RecordSource()) })
  sockets.set(made, socket)
  return made
}

const client = {
  socket: true,
  async request(session, document, variables) {
    const name = document.match(/(query|mutation) (\w+)/)[2]
    if (name === 'Nothing') { // the compiler refuses it, so it is sent as it stands
      return environment(session).getNetwork().execute({ text: document, operationKind: 'query' }, variables, {}).toPromise()
    }
    const node = await compiled(name)
    if (document.startsWith('query')) return fetchQuery(environment(session), node, variables).toPromise()
    return new Promise((resolve, reject) => {
      commitMutation(environment(session), { mutation: node, variables, onCompleted: resolve, onError: reject })
    })
  },
  subscribe(session, variables, next) {
    const at = environment(session)
    let disposed = false
    let request
    compiled('NoteSubscription').then((subscription) => {
      if (!disposed) request = requestSubscription(at, { subscription, variables, onNext: next, onError: (error) => log(`error ${error}`) })
    })
    return () => { disposed = true; request?.dispose(); sockets.get(at).dispose() }
  },
}

// The badge in the store follows from what an event selects, without code.
async function badge() {
  const session = await enter()
  const at = environment(session)
  const query = await compiled('ViewerQuery')
  const { viewer } = await fetchQuery(at, query, {}).toPromise()
  assert.equal(viewer.unread.notes, 0)
  const operation = createOperationDescriptor(getRequest(query), {})
  at.retain(operation)
  const badges = []
  const changed = new Promise((resolve) => {
    at.subscribe(at.lookup(operation.fragment), ({ data }) => {
      badges.push(data.viewer.unread.notes)
      if (badges.length === 2) resolve()
    })
  })
  const request = requestSubscription(at, { subscription: await compiled('NoteSubscription'), variables: { after: viewer.cursor } })
  await ask('send', { to: session.id, bodies: ['one'] })
  await ask('send', { to: session.id, bodies: ['two'] })
  await changed
  assert.deepEqual(badges, [1, 2])
  request.dispose()
  sockets.get(at).dispose()
}

// A connection is paged by the fragment's own query, and Relay joins the pages.
async function pages() {
  const session = await enter()
  await ask('send', { to: session.id, bodies: ['one', 'two', 'three', 'four', 'five'] })
  const at = environment(session)
  const mailbox = createOperationDescriptor(getRequest(await compiled('MailboxQuery')), { count: 2 })
  const fragment = await compiled('Inbox_viewer')
  const execute = (descriptor) => at.execute({ operation: descriptor }).toPromise()
  at.retain(mailbox)
  await execute(mailbox)
  const inbox = () => at.lookup(getSelector(fragment, at.lookup(mailbox.fragment).data.viewer)).data.notes
  const bodies = () => inbox().edges.map(({ node }) => node.body)
  assert.deepEqual(bodies(), ['five', 'four'])
  const next = await compiled('InboxPageQuery')
  for (const want of [4, 5]) {
    assert.equal(inbox().pageInfo.hasNextPage, true)
    await execute(createOperationDescriptor(getRequest(next), { count: 2, cursor: inbox().pageInfo.endCursor }))
    assert.equal(inbox().edges.length, want)
  }
  assert.deepEqual(bodies(), ['five', 'four', 'three', 'two', 'one'])
  assert.equal(inbox().pageInfo.hasNextPage, false)
}

await run([
  ...requests('Relay', client),
  ['Relay: badge', badge],
  ['Relay: pages', pages],
  ...live('Relay', client),
  ...expiring('Relay', client),
])
