// graphql-ws, as it comes.
import { log, run, ask, within } from './control.mjs'
import { following, socketClient } from './recipe.mjs'
import { enter, expiring, live, noteSubscription, requests, silence, viewerQuery } from './scenarios.mjs'

const clients = new WeakMap()
const clientOf = (session) => {
  if (!clients.has(session)) clients.set(session, socketClient(session))
  return clients.get(session)
}

// Queries and mutations over the same socket. A bad token ends in no answer at all there, for the client
// waits for a better one, so what is refused is not asked for.
const client = {
  socket: true,
  async request(session, query, variables) {
    for await (const { data, errors } of clientOf(session).iterate({ query, variables })) {
      if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions)
      return data
    }
  },
  subscribe(session, variables, next) {
    const stop = clientOf(session).subscribe({ query: noteSubscription, variables },
      { next: following(variables, ({ data }) => next(data)), error: (error) => log(`error ${error}`), complete() {} })
    return () => { stop(); clientOf(session).dispose() }
  },
}

// How long a note of curl takes to its subscriber: from before curl is started, and of that from when
// curl begins to connect.
async function timed() {
  const session = await enter()
  const { viewer } = await client.request(session, viewerQuery, {})
  let arrived
  const stop = client.subscribe(session, { after: viewer.cursor }, () => arrived(performance.timeOrigin + performance.now()))
  const whole = []
  const beforeAnswer = []
  for (let i = 0; i < 50; i++) {
    const arrival = new Promise((resolve) => { arrived = resolve })
    const [{ began, connecting, answered }, at] = await Promise.all([ask('curl', { to: session.id, body: `note ${i}` }), within(arrival, () => `note ${i}`)])
    whole.push(at - began)
    beforeAnswer.push(answered - connecting)
  }
  stop()
  const median = (list) => [...list].sort((a, b) => a - b)[list.length / 2].toFixed(1)
  log(`50 notes by curl: with the subscriber ${median(whole)} ms (median; slowest ${Math.max(...whole).toFixed(1)}) after curl was started; curl itself had its answer ${median(beforeAnswer)} ms after it began to connect`)
}

await run([
  ...requests('graphql-ws', client).slice(0, 2),
  ...live('graphql-ws', client),
  ...expiring('graphql-ws', client),
  ['graphql-ws: a note of curl', timed],
  ...silence('graphql-ws', client),
])
