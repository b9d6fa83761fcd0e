// The reference server of graphql-transport-ws with the fields of ../../internal/testserver, as far as
// the checks that are sentences of a specification need them. It prints its URL and ends with its input.
import { buildSchema, GraphQLError } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { readFileSync } from 'node:fs'
import { WebSocketServer } from 'ws'

const [initTimeout, maxPayload, schemaFile] = process.argv.slice(2)
const schema = buildSchema(readFileSync(schemaFile, 'utf8'))

const gates = new Map()
function gate(key) {
  if (!gates.has(key)) {
    const g = {}
    g.released = new Promise((release) => (g.release = release))
    gates.set(key, g)
  }
  return gates.get(key)
}

const topics = new Map()
function topic(name) {
  if (!topics.has(name)) topics.set(name, { bodies: [], wakes: new Set() })
  return topics.get(name)
}

function events(name, after) {
  const t = topic(name)
  let at = after == null ? t.bodies.length : Number(after)
  let done = false
  let wake = () => {}
  const woken = () => wake()
  t.wakes.add(woken)
  const iterator = (async function* () {
    while (!done) {
      if (at < t.bodies.length) {
        const body = t.bodies[at++]
        yield { events: { cursor: String(at), body } }
      } else {
        await new Promise((resolve) => (wake = resolve))
      }
    }
  })()
  const end = iterator.return.bind(iterator)
  iterator.return = (value) => {
    done = true
    t.wakes.delete(woken)
    wake()
    return end(value)
  }
  return iterator
}

const query = {
  hello: () => 'world',
  echo: ({ text }) => text,
  wait: async ({ key }) => {
    await gate(key).released
    return key
  },
  fail: () => {
    throw new Error('it failed')
  },
  panics: () => {
    throw new Error('internal error')
  },
  tag: (_, context) => context.tag ?? null,
}
const mutation = {
  publish: ({ topic: name, body, times }) => {
    const t = topic(name)
    for (let i = 0; i < times; i++) t.bodies.push(body)
    for (const wake of t.wakes) wake()
    return t.bodies.length
  },
  release: ({ key }) => {
    gate(key).release()
    return true
  },
}
const subscription = {
  events: ({ topic: name, after }) => events(name, after),
  refused: () => {
    throw new GraphQLError('not for you')
  },
  detonates: () => {
    throw new GraphQLError('internal error')
  },
  fails: async function* () {
    yield { fails: { cursor: '1', body: 'one' } }
    throw new Error('the log is gone')
  },
}

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  maxPayload: Number(maxPayload),
  // Without the accepted sub-protocol graphql-ws closes with 4406 by itself.
  handleProtocols: (offered) => (offered.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
})
useServer(
  {
    schema,
    roots: { query, mutation, subscription },
    context: (_ctx, _id, payload) => payload.extensions ?? {},
    connectionInitWaitTimeout: Number(initTimeout),
    onConnect: async ({ connectionParams }) => {
      if (connectionParams?.wait) await gate(connectionParams.wait).released
      return connectionParams?.reject !== true
    },
  },
  server,
)
server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}/`))
process.stdin.on('end', () => process.exit(0)).resume()
