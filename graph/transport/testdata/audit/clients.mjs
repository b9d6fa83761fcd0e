// Uses the HTTP doors as stock clients do. Arguments: the URL of the service, then of one client's scenarios.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import http from 'node:http'

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { CombinedGraphQLErrors, CombinedProtocolErrors } from '@apollo/client/errors'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { Client, fetchExchange } from '@urql/core'
import { EventSource } from 'eventsource'
import { createClient } from 'graphql-sse'

const [, , url, which] = process.argv
const ticks = 'subscription ($after: String) { ticks(after: $after) { cursor text } }'
const append = 'mutation ($text: String!) { append(text: $text) }'

// head is the cursor to start from; other scenarios have filled the log before.
async function head() {
  const response = await post({ query: '{ length }' })
  return String((await response.json()).data.length)
}

function post(body, headers = {}) {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
}

async function appendAll(texts) {
  for (const text of texts) await post({ query: append, variables: { text } })
}

// recording wraps fetch and keeps what was sent and answered.
function recording(log) {
  return async (input, init) => {
    const response = await fetch(input, init)
    log.push({ method: init.method, body: init.body, status: response.status, type: response.headers.get('content-type') })
    return response
  }
}

// cuttable stands between client and service, and breaks connections on demand.
async function cuttable() {
  const open = new Set()
  const seen = []
  const server = http.createServer((request, response) => {
    seen.push(request.headers['last-event-id'])
    const onward = http.request(new URL(request.url, url), { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers)
      answer.on('error', () => response.destroy())
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
    open.add(response)
    response.on('close', () => { open.delete(response); onward.destroy() })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/graphql`,
    seen,
    cut() { for (const response of open) response.socket.destroy() },
    close() { server.close(); server.closeAllConnections() },
  }
}

// collector gathers values until there are enough.
function collector(want) {
  const values = []
  let done
  const full = new Promise((resolve) => { done = resolve })
  return { values, full, push(value) { values.push(value); if (values.length === want) done(values) } }
}

function apollo(options = {}, ...before) {
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([...before, new HttpLink({ uri: url, ...options })]),
    defaultOptions: { query: { fetchPolicy: 'no-cache' }, mutate: { fetchPolicy: 'no-cache' } },
  })
}

function observe(client, query, variables, sink) {
  return client.subscribe({ query: gql(query), variables }).subscribe(sink)
}

const scenarios = {
  apollo: {
    async 'query and mutation'() {
      const log = []
      const client = apollo({ fetch: recording(log) })
      const { data } = await client.query({ query: gql`query ($t: String!) { echo(text: $t) }`, variables: { t: '쪽지 😀' } })
      assert.equal(data.echo, '쪽지 😀')
      const before = Number(await head())
      const result = await client.mutate({ mutation: gql(append), variables: { text: 'a' } })
      assert.equal(result.data.append, before + 1)
      assert.ok(log.every((l) => l.type.startsWith('application/graphql-response+json') && l.status === 200))
    },
    async 'query by GET'() {
      const log = []
      const { data } = await apollo({ fetch: recording(log), useGETForQueries: true }).query({ query: gql`{ echo(text: "x") }` })
      assert.equal(data.echo, 'x')
      assert.equal(log[0].method, 'GET')
    },
    async 'errors of a query'() {
      const failed = (query, code) => assert.rejects(apollo().query({ query: gql(query) }), (error) =>
        CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code === code)
      await failed('{ fail }', 'NOT_FOUND')
      await failed('{ nothing }', 'GRAPHQL_VALIDATION_FAILED')
    },
    async 'persisted queries'() {
      const log = []
      const link = new PersistedQueryLink({ sha256: (text) => createHash('sha256').update(text).digest('hex') })
      const client = apollo({ fetch: recording(log) }, link)
      const query = gql`query Persisted { echo(text: "persisted") }`
      assert.equal((await client.query({ query })).data.echo, 'persisted')
      assert.equal((await client.query({ query })).data.echo, 'persisted')
      assert.deepEqual(log.map((l) => 'query' in JSON.parse(l.body)), [false, true, false])
    },
    async 'multipart subscription: all events arrive'() {
      const log = []
      const client = apollo({ fetch: recording(log) })
      const after = await head()
      await appendAll(['one', 'two'])
      const got = collector(4)
      const subscription = observe(client, ticks, { after }, { next: ({ data, error }) => got.push(error ?? data.ticks.text), error: got.push })
      await appendAll(['three', 'four'])
      assert.deepEqual(await got.full, ['one', 'two', 'three', 'four'])
      assert.match(log[0].type, /^multipart\/mixed/)
      subscription.unsubscribe()
    },
    async 'multipart subscription: a refused root'() {
      const got = collector(2)
      observe(apollo(), 'subscription { hidden { text } }', {}, { next: (r) => got.push(r.error), complete: () => got.push('complete') })
      const [error, end] = await got.full
      assert.ok(CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code === 'NOT_FOUND', String(error))
      assert.equal(end, 'complete')
    },
    async 'multipart subscription: a document that is not valid'() {
      const got = collector(1)
      observe(apollo(), 'subscription { nothing }', {}, { next: (r) => got.push(r.error), error: got.push })
      const [error] = await got.full
      assert.ok(CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code === 'GRAPHQL_VALIDATION_FAILED', String(error))
    },
    async 'multipart subscription: an end by the server'() {
      const after = await head()
      const got = collector(2)
      observe(apollo(), ticks, { after }, { next: (r) => got.push(r.error ?? r.data.ticks.text), error: got.push })
      await appendAll(['last'])
      while (got.values.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      await post({ query: 'mutation { expire }' })
      const [text, error] = await got.full
      assert.equal(text, 'last')
      assert.ok(CombinedProtocolErrors.is(error) && error.errors[0].extensions.code === 'CURSOR_EXPIRED', String(error))
    },
  },

  urql: {
    async 'query and mutation get JSON'() {
      const log = []
      const client = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false, fetch: recording(log) })
      assert.equal((await client.query('{ echo(text: "x") }', {})).data.echo, 'x')
      assert.equal(typeof (await client.mutation(append, { text: 'u' })).data.append, 'number')
      assert.equal((await client.query('{ nothing }', {})).error.graphQLErrors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED')
      assert.ok(log.every((l) => l.type.startsWith('application/graphql-response+json')))
    },
    async 'query by GET'() {
      const log = []
      const client = new Client({ url, exchanges: [fetchExchange], preferGetMethod: 'force', fetch: recording(log) })
      assert.equal((await client.query('query ($t: String!) { echo(text: $t) }', { t: 'g' })).data.echo, 'g')
      assert.equal(log[0].method, 'GET')
    },
    async 'subscription by fetch'() {
      const log = []
      const client = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false, fetchSubscriptions: true, fetch: recording(log) })
      const after = await head()
      await appendAll(['one', 'two'])
      const got = collector(4)
      const subscription = client.subscription(ticks, { after }).subscribe((r) => got.push(r.error ?? r.data.ticks.text))
      await appendAll(['three', 'four'])
      assert.deepEqual(await got.full, ['one', 'two', 'three', 'four'])
      assert.match(log[0].type, /^text\/event-stream/)
      subscription.unsubscribe()
    },
    async 'a refused subscription'() {
      const client = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false, fetchSubscriptions: true })
      for (const [query, code] of [['subscription { hidden { text } }', 'NOT_FOUND'], ['subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED']]) {
        const got = collector(1)
        client.subscription(query, {}).subscribe((r) => got.push(r))
        const [{ error }] = await got.full
        assert.equal(error.graphQLErrors[0]?.extensions.code, code, String(error))
      }
    },
  },

  'graphql-sse': {
    async 'query, mutation and subscription'() {
      const client = createClient({ url, retryAttempts: 0 })
      const one = async (query, variables) => {
        const results = []
        for await (const result of client.iterate({ query, variables })) results.push(result)
        assert.equal(results.length, 1)
        return results[0]
      }
      assert.deepEqual(await one('{ echo(text: "x") }'), { data: { echo: 'x' } })
      assert.equal(typeof (await one(append, { text: 's' })).data.append, 'number')
      assert.equal((await one('{ nothing }')).errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED')
      assert.equal((await one('subscription { hidden { text } }')).errors[0].extensions.code, 'NOT_FOUND')
      const after = await head()
      await appendAll(['one', 'two'])
      const texts = []
      for await (const { data } of client.iterate({ query: ticks, variables: { after } })) {
        texts.push(data.ticks.text)
        if (texts.length === 2) await appendAll(['three', 'four'])
        if (texts.length === 4) break
      }
      assert.deepEqual(texts, ['one', 'two', 'three', 'four'])
      client.dispose()
    },
    async 'resumes by Last-Event-ID after a cut'() {
      const between = await cuttable()
      const after = await head()
      let last
      const client = createClient({
        url: between.url,
        retry: async () => {},
        headers: () => (last ? { 'last-event-id': last } : {}),
      })
      const texts = []
      await appendAll(['one', 'two'])
      for await (const { data } of client.iterate({ query: ticks, variables: { after } })) {
        last = data.ticks.cursor
        texts.push(data.ticks.text)
        if (texts.length === 2) { between.cut(); await appendAll(['three', 'four']) }
        if (texts.length === 4) break
      }
      assert.deepEqual(texts, ['one', 'two', 'three', 'four'])
      assert.equal(between.seen.length, 2)
      client.dispose()
      between.close()
    },
  },

  eventsource: {
    async 'follows by GET, and resumes by itself after a cut'() {
      const between = await cuttable()
      const after = await head()
      await appendAll(['one', 'two'])
      const address = new URL(between.url)
      address.searchParams.set('query', ticks)
      address.searchParams.set('variables', JSON.stringify({ after }))
      const source = new EventSource(address)
      const got = collector(4)
      source.addEventListener('next', async (event) => {
        const { cursor, text } = JSON.parse(event.data).data.ticks
        assert.equal(event.lastEventId, cursor)
        got.push(text)
        if (got.values.length === 2) { between.cut(); await appendAll(['three', 'four']) }
      })
      assert.deepEqual(await got.full, ['one', 'two', 'three', 'four'])
      assert.deepEqual(between.seen, [undefined, String(Number(after) + 2)])
      source.close()
      between.close()
    },
    async 'sees an error and the end'() {
      const address = new URL(url)
      address.searchParams.set('query', 'subscription { hidden { text } }')
      const source = new EventSource(address)
      const got = collector(2)
      source.addEventListener('next', (event) => got.push(JSON.parse(event.data).errors[0].extensions.code))
      source.addEventListener('complete', () => { source.close(); got.push('complete') })
      assert.deepEqual(await got.full, ['NOT_FOUND', 'complete'])
    },
  },
}

const limit = setTimeout(() => { console.error('a scenario did not end'); process.exit(1) }, 20_000)
for (const [name, run] of Object.entries(scenarios[which])) {
  try {
    await run()
    console.log(`ok ${name}`)
  } catch (error) {
    console.log(`failed ${name}: ${error.stack}`)
    process.exitCode = 1
  }
}
clearTimeout(limit)
