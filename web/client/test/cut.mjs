// Apollo Client and urql with the package, each with two subscriptions, on one socket over a line that is cut again and again.
// Each event is a line on standard output; the number of a connection stands in its address.
import { ApolloClient, ApolloLink, InMemoryCache, gql } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { Client, subscriptionExchange } from '@urql/core'
import WebSocket from 'ws'

import { resumeLink } from '../dist/apollo.js'
import { connect } from '../dist/index.js'
import { resumeExchange } from '../dist/urql.js'

const [, , url, token, after] = process.argv
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
let connection = 0

const { client: socket } = connect({ url: () => `${url}?connection=${++connection}`, token: () => token, webSocketImpl: WebSocket })

const apollo = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([resumeLink(), new GraphQLWsLink(socket)]) })
const urql = new Client({ url, preferGetMethod: false, exchanges: [resumeExchange(), subscriptionExchange({
  forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }) }),
})] })

const queries = {
  events: 'subscription events($after: Cursor) { events(after: $after) { __typename cursor } }',
  noteReceived: 'subscription noteReceived($after: Cursor) { noteReceived(after: $after) { cursor } }',
}

for (const [name, query] of Object.entries(queries)) {
  const next = (client) => ({ data, error }) => {
    if (error) return say({ connection, name, failed: String(error) })
    const { __typename, cursor } = data[name]
    if (__typename !== 'StreamReady') say({ connection, name: `${client} ${name}`, cursor })
  }
  apollo.subscribe({ query: gql(query), variables: { after }, fetchPolicy: 'no-cache' }).subscribe(next('Apollo'))
  urql.subscription(query, { after }).subscribe(next('urql'))
}
