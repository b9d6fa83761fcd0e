// A bell that is live: urql, its normalised cache, and no updater written by hand.
import { useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { connect, unwrap } from '@notewire/client';
import { BellDocument, EventsDocument, LoginDocument } from '@notewire/client/documents';
import { cacheConfig, resumeExchange, updates } from '@notewire/client/urql';
import { cacheExchange } from '@urql/exchange-graphcache';
import { Client, fetchExchange, Provider, subscriptionExchange, useQuery, useSubscription } from 'urql';
import { Bell, SignIn, type Credentials } from '../page.tsx';

let token: string | undefined; // of this page only

const socket = connect({ url: `${location.origin.replace('http', 'ws')}/graphql`, token: () => token });

const client = new Client({
  url: '/graphql',
  preferGetMethod: false,
  fetchOptions: () => (token ? { headers: { authorization: `Bearer ${token}` } } : {}),
  exchanges: [
    cacheExchange({ ...cacheConfig, updates }),
    resumeExchange(socket.state),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = '', ...request }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.client.subscribe({ query, ...request }, sink) }),
      }),
    }),
  ],
});

async function login(input: Credentials) {
  const { data, error } = await client.mutation(LoginDocument, { input });
  if (error) throw error;
  token = unwrap(data?.login).token;
}

function LiveBell() {
  const status = useSyncExternalStore(socket.state.subscribe, socket.state.get);
  const [{ data }] = useQuery({ query: BellDocument });
  useSubscription({ query: EventsDocument }); // all that happens, into the cache
  if (!data?.viewer) return <p>One moment.</p>;
  const { unread, notifications } = data.viewer;
  return <Bell unread={unread.notifications} status={status} lines={notifications.edges.map(({ node }) => node)} />;
}

createRoot(document.getElementById('root')!).render(
  <Provider value={client}>
    <SignIn login={login}>
      <LiveBell />
    </SignIn>
  </Provider>,
);
