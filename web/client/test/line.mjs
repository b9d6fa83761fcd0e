// What the tests have in common: a connection that counts for the scenarios of test/clients, and requests without any client.
import WebSocket from 'ws'

import { within } from '../../../test/clients/control.mjs'
import { connect } from '../dist/index.js'

// connection is the package's own, and tells the session how often it connected and how it was closed.
export function connection(session) {
  const made = connect({ url: session.url.replace('http', 'ws'), token: () => session.token, webSocketImpl: WebSocket })
  made.client.on('connecting', () => { session.attempts += 1 })
  made.client.on('closed', ({ code }) => session.closed.push(code))
  return made
}

// api asks as somebody, by nothing but fetch.
export async function api(session, query, variables) {
  const response = await fetch(session.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${session.token}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = await response.json()
  if (errors) throw Object.assign(new Error(errors[0].message), { code: errors[0].extensions.code })
  return data
}

export const cursorOf = async (session) => (await api(session, '{ viewer { cursor } }')).viewer.cursor

// seen keeps what is shown, one value after the other.
export function seen() {
  const values = []
  let wake = () => {}
  return {
    values,
    next(value) {
      if (JSON.stringify(value) === JSON.stringify(values.at(-1))) return
      values.push(value)
      wake()
    },
    // shows waits until the value that is shown is this one.
    shows(value) {
      const wanted = JSON.stringify(value)
      const shown = new Promise((resolve) => {
        wake = () => JSON.stringify(values.at(-1)) === wanted && resolve()
        wake()
      })
      return within(shown, () => `${wanted} is shown, there were ${JSON.stringify(values)}`)
    },
  }
}

// A fetch whose answers can be held back: they are those of when they were asked for, and come when they are let go.
export function slowFetch() {
  let held = null
  const answered = seen()
  let answers = 0
  return {
    async fetch(...request) {
      const response = await fetch(...request)
      const text = await response.text()
      answered.next(++answers)
      await held?.promise
      return new Response(text, { status: response.status, headers: { 'content-type': response.headers.get('content-type') } })
    },
    hold() {
      answers = 0
      held = {}
      held.promise = new Promise((resolve) => { held.resolve = resolve })
    },
    answered: (count) => answered.shows(count),
    letGo() {
      held.resolve()
      held = null
    },
  }
}
