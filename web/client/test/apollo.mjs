// The package in Apollo Client.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'

import { run } from '../../../test/clients/control.mjs'
import { expiring, live, noteSubscription, silence } from '../../../test/clients/scenarios.mjs'
import { possibleTypes, refreshLink, resumeLink, typePolicies } from '../dist/apollo.js'
import { EventsDocument } from '../dist/generated/documents.js'
import { withUpdater, withoutUpdater } from './bell.mjs'
import { api, connection } from './line.mjs'

const bySocket = {
  socket: true,
  request: api,
  subscribe(session, variables, next) {
    const { client: socket, state } = connection(session)
    const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([resumeLink(state), new GraphQLWsLink(socket)]) })
    const given = Object.freeze({ ...variables })
    const subscription = client.subscribe({ query: gql(noteSubscription), variables: given, fetchPolicy: 'no-cache' })
      .subscribe(({ data }) => data && next(data))
    return () => subscription.unsubscribe()
  },
}

function make(session, { lists = false, fetch } = {}) {
  const { client: socket, state } = connection(session)
  const http = new HttpLink({ uri: session.url, fetch, headers: { authorization: `Bearer ${session.token}` } })
  const events = resumeLink(state).concat(new GraphQLWsLink(socket))
  const split = ApolloLink.split(({ operationType }) => operationType === 'subscription', events, http)
  const client = new ApolloClient({
    cache: new InMemoryCache({ typePolicies, possibleTypes }),
    link: lists ? refreshLink().concat(split) : split,
  })
  const subscriptions = []
  return {
    state,
    watch: (query, variables, next) => subscriptions.push(client.watchQuery({ query, variables })
      .subscribe(({ data, dataState }) => dataState === 'complete' && next(data))),
    follow: (variables) => subscriptions.push(client.subscribe({ query: EventsDocument, variables }).subscribe(() => {})),
    stop: () => subscriptions.forEach((subscription) => subscription.unsubscribe()),
  }
}

await run([
  ...live('resumeLink', bySocket),
  ...expiring('resumeLink', bySocket),
  ...silence('resumeLink', bySocket),
  ...withoutUpdater('Apollo cache', make),
  ...withUpdater('Apollo cache, refreshLink', make),
])
