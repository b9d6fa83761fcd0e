// What every client must see. A client is described by
//   request(session, document, variables)  resolves to data, or rejects with an error that has a code
//   subscribe(session, variables, next)    calls next with each event's data, comes back by itself
//                                          whenever it can, and returns a function that ends it
//   socket                                 whether it subscribes over a websocket
import assert from 'node:assert/strict'

import { ask, counted, direct, log, within } from './control.mjs'

export const viewerQuery = 'query ViewerQuery { viewer { id cursor user { username } unread { id notes } } }'
export const sendMutation = `mutation SendMutation($input: SendNoteInput!) {
  sendNote(input: $input) { note { id body isMine } cursor userErrors { code message field } }
}`
export const noteSubscription = `subscription NoteSubscription($after: Cursor) {
  noteReceived(after: $after) { cursor unread { id notes } note { id body } }
}`

// enter makes a user. The session's token is what every new connection uses.
export async function enter(url = direct) {
  const user = await ask('user')
  return { ...user, url: `${url}/graphql`, attempts: 0, answers: [], closed: [] }
}

// inbox collects what a subscription receives.
export function inbox() {
  const bodies = []
  const cursors = new Set()
  let wake = () => {}
  return {
    bodies,
    next(data) {
      const { cursor, note } = data.noteReceived
      assert.ok(!cursors.has(cursor), `the cursor of ${note.body} came twice`)
      cursors.add(cursor)
      bodies.push(note.body)
      wake()
    },
    // holds waits until there are so many notes.
    holds(count) {
      const full = new Promise((resolve) => { wake = () => bodies.length >= count && resolve(); wake() })
      return within(full, () => `${count} notes, there are ${JSON.stringify(bodies)}`)
    },
  }
}

async function cursorOf(client, session) {
  return (await client.request(session, viewerQuery, {})).viewer.cursor
}

const send = (session, ...bodies) => ask('send', { to: session.id, bodies })

// come sends until one arrives, which says that a subscription without a cursor is open, or open again.
async function come(session, got) {
  const before = got.bodies.length
  for (let i = 0; got.bodies.length === before; i++) {
    assert.ok(i < 100, 'nothing arrives')
    await send(session, `knock ${i}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

// silence stops the server without ending it: connections stay open, and nothing comes over them. The client
// notices by itself, and is back as soon as the server is.
export const silence = (name, client) => [
  [`${name}: silent server`, async () => {
    const session = await enter()
    const got = inbox()
    const stop = client.subscribe(session, { after: await cursorOf(client, session) }, got.next)
    await send(session, 'one')
    await got.holds(1)
    session.closed = []
    await ask('stop')
    try {
      await within((async () => { while (!session.closed.length) await new Promise((resolve) => setTimeout(resolve, 50)) })(), () => 'the client notices')
    } finally {
      await ask('go on')
    }
    assert.equal(session.closed[0], 4499)
    await send(session, 'two')
    await got.holds(2)
    assert.deepEqual(got.bodies, ['one', 'two'])
    stop()
  }],
]

// refusal counts attempts in the first 3 s after a session ended, then gives the client a new token and
// expects it to come back and to miss nothing.
async function refusal(client, end, what) {
  const session = await enter(counted)
  const got = inbox()
  const stop = client.subscribe(session, { after: await cursorOf(client, session) }, got.next)
  await send(session, 'one', 'two')
  await got.holds(2)
  Object.assign(session, { attempts: 0, closed: [] })
  await end(session)
  const { connections } = await ask('attempts') // waits until 3 s have passed
  const attempts = Math.max(connections, session.attempts)
  log(`${what}: ${attempts} attempts in the first 3 s${session.closed.length ? `, closed with ${session.closed.slice(0, 5)}` : ''}`)
  assert.ok(attempts >= 1, 'it did not come back')
  assert.ok(attempts <= 5, `${attempts} attempts to connect in 3 s`)
  if (client.socket) assert.deepEqual([...new Set(session.closed)], [4403])
  await send(session, 'three')
  session.token = (await ask('login', { username: session.username })).token
  await send(session, 'four')
  await got.holds(4)
  assert.deepEqual(got.bodies, ['one', 'two', 'three', 'four'])
  stop()
}

export const requests = (name, client) => [
  [`${name}: query`, async () => {
    const session = await enter()
    const { viewer } = await client.request(session, viewerQuery, {})
    assert.equal(viewer.user.username, session.username)
    assert.equal(viewer.unread.notes, 0)
  }],
  [`${name}: mutation`, async () => {
    const [session, other] = [await enter(), await enter()]
    const { sendNote } = await client.request(session, sendMutation, { input: { toUserIds: [other.id], body: '쪽지 😀' } })
    assert.equal(sendNote.note.body, '쪽지 😀')
    assert.equal(sendNote.note.isMine, true)
    assert.equal((await client.request(other, viewerQuery, {})).viewer.unread.notes, 1)
    const refused = await client.request(session, sendMutation, { input: { toUserIds: [session.id], body: '' } })
    assert.equal(refused.sendNote.note, null)
    assert.deepEqual(refused.sendNote.userErrors.map((e) => e.code).sort(), ['INVALID', 'REQUIRED'])
  }],
  [`${name}: errors`, async () => {
    const session = await enter()
    await assert.rejects(client.request(session, 'query Nothing { nothing }', {}), { code: 'GRAPHQL_VALIDATION_FAILED' })
    session.token = 'nobody'
    await assert.rejects(client.request(session, viewerQuery, {}), { code: 'UNAUTHENTICATED' })
  }],
]

export const live = (name, client) => [
  [`${name}: subscription`, async () => {
    const session = await enter()
    const got = inbox()
    const stop = client.subscribe(session, { after: await cursorOf(client, session) }, got.next)
    await send(session, 'one', 'two', 'three')
    await got.holds(3)
    assert.deepEqual(got.bodies, ['one', 'two', 'three'])
    stop()
  }],
  [`${name}: restart`, async () => {
    const session = await enter()
    const got = inbox()
    const stop = client.subscribe(session, { after: await cursorOf(client, session) }, got.next)
    await send(session, 'one', 'two')
    await got.holds(2)
    // First kill -9, then SIGTERM, which takes leave of its clients.
    for (const [way, third, fourth] of [['kill', 'three', 'four'], ['terminate', 'five', 'six']]) {
      session.closed = []
      await ask(way)
      await ask('start')
      await send(session, third)
      await send(session, fourth)
      await got.holds(way === 'kill' ? 4 : 6)
      if (client.socket) assert.equal(session.closed[0], way === 'kill' ? 1006 : 1012)
    }
    await send(session, 'seven')
    await got.holds(7)
    assert.deepEqual(got.bodies, ['one', 'two', 'three', 'four', 'five', 'six', 'seven'])
    stop()
  }],
  [`${name}: restart, variables unchanged`, async () => {
    const session = await enter()
    const got = inbox()
    const stop = client.subscribe(session, {}, got.next)
    await come(session, got)
    await ask('kill')
    await ask('start')
    await come(session, got)
    const before = got.bodies.length
    await send(session, 'one', 'two')
    await got.holds(before + 2)
    assert.deepEqual(got.bodies.slice(-2), ['one', 'two'])
    stop()
  }],
  [`${name}: revoked token`, () => refusal(client, async (session) => {
    await ask('watch')
    await ask('logout', { token: session.token })
  }, 'revoked')],
]

// expiring is for sockets and streams that are open when their session runs out.
export const expiring = (name, client) => [
  [`${name}: expired token`, async () => {
    const session = await enter()
    await ask('expire', { username: session.username, milliseconds: 1500 })
    const got = inbox()
    const stop = client.subscribe(session, { after: await cursorOf(client, session) }, got.next)
    await send(session, 'one')
    await got.holds(1)
    await ask('expired', { token: session.token }) // waits until it has run out
    const before = session.attempts
    await send(session, 'two')
    await within((async () => { while (session.attempts === before) await new Promise((resolve) => setTimeout(resolve, 20)) })(), () => 'a second attempt')
    assert.deepEqual(got.bodies, ['one'])
    session.token = (await ask('login', { username: session.username })).token
    await got.holds(2)
    assert.deepEqual(got.bodies, ['one', 'two'])
    stop()
  }],
]
