// graphql-sse, with distinct connections. It resumes by the header Last-Event-ID.
import assert from 'node:assert/strict'

import { createClient } from 'graphql-sse'

import { ask, run } from './control.mjs'
import { backOff, counting } from './recipe.mjs'
import { enter, expiring, inbox, live, noteSubscription, requests } from './scenarios.mjs'

function sse(session, headers = () => ({})) {
  return createClient({
    url: session.url,
    fetchFn: counting(session),
    headers: () => ({ authorization: `Bearer ${session.token}`, ...headers() }),
    retryAttempts: Infinity,
    retry: backOff,
  })
}

const client = {
  async request(session, query, variables) {
    const asking = createClient({ url: session.url, headers: { authorization: `Bearer ${session.token}` }, retryAttempts: 0 })
    try {
      for await (const { data, errors } of asking.iterate({ query, variables })) {
        if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions)
        return data
      }
    } catch (error) {
      if (error.response) throw Object.assign(error, (await error.response.json()).errors[0].extensions)
      throw error
    }
  },
  // The client itself returns from a broken connection; from an end that was told, and from a status of
  // 4xx, the application does.
  subscribe(session, variables, next) {
    let last
    let stopped = false
    const one = sse(session, () => (last && 'after' in variables ? { 'last-event-id': last } : {}))
    ;(async () => {
      for (let retries = 0; !stopped; retries++) {
        try {
          for await (const { data } of one.iterate({ query: noteSubscription, variables })) {
            if (!data) continue
            retries = 0
            last = data.noteReceived.cursor
            next(data)
          }
        } catch (error) {
          if (stopped) return
        }
        await backOff(retries)
      }
    })()
    return () => { stopped = true; one.dispose() }
  },
}

await run([
  ...requests('graphql-sse', client),
  ...live('graphql-sse', client),
  ...expiring('graphql-sse', client),
])
