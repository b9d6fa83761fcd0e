// A bell that is live: Apollo Client, its normalised cache, and no updater written by hand.
import { useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { ApolloProvider, useQuery, useSubscription } from '@apollo/client/react';
import { connect, unwrap } from '@notewire/client';
import { possibleTypes, refreshLink, resumeLink, typePolicies } from '@notewire/client/apollo';
import { BellDocument, EventsDocument, LoginDocument } from '@notewire/client/documents';
import { Bell, SignIn, type Credentials } from '../page.tsx';

let token: string | undefined; // of this page only

const socket = connect({ url: `${location.origin.replace('http', 'ws')}/graphql`, token: () => token });
const events = resumeLink(socket.state).concat(new GraphQLWsLink(socket.client));
const authorize = new SetContextLink(() => ({ headers: token ? { authorization: `Bearer ${token}` } : {} }));
const requests = authorize.concat(new HttpLink({ uri: '/graphql' }));

const client = new ApolloClient({
  cache: new InMemoryCache({ typePolicies, possibleTypes }),
  link: refreshLink().split(({ operationType }) => operationType === 'subscription', events, requests),
});

async function login(input: Credentials) {
  const { data } = await client.mutate({ mutation: LoginDocument, variables: { input } });
  token = unwrap(data?.login).token;
}

function LiveBell() {
  const status = useSyncExternalStore(socket.state.subscribe, socket.state.get);
  const { data } = useQuery(BellDocument);
  useSubscription(EventsDocument); // all that happens, into the cache
  if (!data?.viewer) return <p>One moment.</p>;
  const { unread, notifications } = data.viewer;
  return <Bell unread={unread.notifications} status={status} lines={notifications.edges.map(({ node }) => node)} />;
}

createRoot(document.getElementById('root')!).render(
  <ApolloProvider client={client}>
    <SignIn login={login}>
      <LiveBell />
    </SignIn>
  </ApolloProvider>,
);
