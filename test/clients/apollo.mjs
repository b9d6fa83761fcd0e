// Apollo Client, by HttpLink and by GraphQLWsLink.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors'
import { RetryLink } from '@apollo/client/link/retry'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { tap } from 'rxjs'

import { log, run } from './control.mjs'
import { backOff, counting, following, socketClient } from './recipe.mjs'
import { expiring, live, noteSubscription, requests } from './scenarios.mjs'

const fresh = { fetchPolicy: 'no-cache' }

const apollo = (link) => new ApolloClient({ cache: new InMemoryCache(), link, defaultOptions: { query: fresh, mutate: fresh } })

const httpLink = (session) => new HttpLink({
  uri: session.url,
  fetch: (input, init) => counting(session)(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${session.token}` } }),
})

// codeOf finds the code in what Apollo throws: of GraphQL errors, or in the body of an answer that is not 200.
function coded(error) {
  const errors = CombinedGraphQLErrors.is(error) ? error.errors : ServerError.is(error) ? JSON.parse(error.bodyText).errors : []
  return Object.assign(error, { code: errors[0]?.extensions?.code })
}

function requestBy(linkOf) {
  return async (session, document, variables) => {
    const client = apollo(linkOf(session))
    const options = gql(document)
    try {
      const { data } = await (document.startsWith('mutation') ? client.mutate({ mutation: options, variables }) : client.query({ query: options, variables }))
      return data
    } catch (error) {
      throw coded(error)
    }
  }
}

// Links bring a subscription back when the connection is gone. When the server has refused it, which over
// HTTP a bad token is, the application subscribes again.
function subscribeBy(linkOf) {
  return (session, variables, next) => {
    const client = apollo(linkOf(session))
    let subscription
    let stopped = false
    const again = (retries) => {
      subscription = client.subscribe({ query: gql(noteSubscription), variables, ...fresh }).subscribe({
        next: ({ data, error }) => { if (!error) { retries = 0; following(variables, ({ data }) => next(data))({ data }) } },
        error: (error) => log(`error ${error}`),
        complete: async () => {
          await backOff(retries)
          if (!stopped) again(retries + 1)
        },
      })
    }
    again(0)
    return () => { stopped = true; subscription.unsubscribe() }
  }
}

// resume stands between whatever reconnects and the server: each time it asks for what came after the last event.
const resume = () => new ApolloLink((operation, forward) => {
  const note = following(operation.variables, () => {})
  return forward(operation).pipe(tap(note))
})

const retry = () => new RetryLink({ delay: { initial: 1000, max: 5000, jitter: true }, attempts: { max: Infinity, retryIf: () => true } })

const byHttp = {
  request: requestBy(httpLink),
  subscribe: subscribeBy((session) => ApolloLink.from([retry(), resume(), httpLink(session)])),
}
const bySocket = {
  socket: true,
  request: requestBy(httpLink),
  subscribe: subscribeBy((session) => ApolloLink.from([resume(), new GraphQLWsLink(socketClient(session))])),
}

await run([
  ...requests('HttpLink', byHttp),
  ...live('HttpLink', byHttp),
  ...expiring('HttpLink', byHttp),
  ...live('GraphQLWsLink', bySocket),
  ...expiring('GraphQLWsLink', bySocket),
])
