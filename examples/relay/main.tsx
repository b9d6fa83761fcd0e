// A bell that is live: Relay, its store, and no updater written by hand.
import { Suspense, useMemo, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { connect, subscribe, unwrap } from '@notewire/client';
import { commitMutation, RelayEnvironmentProvider, useLazyLoadQuery, useSubscription } from 'react-relay';
import { Environment, Network, Observable } from 'relay-runtime';
import bellQuery, { type documentsBellQuery } from './__generated__/documentsBellQuery.graphql.ts';
import subscription, { type documentsEventsSubscription } from './__generated__/documentsEventsSubscription.graphql.ts';
import mutation, { type documentsLoginMutation } from './__generated__/documentsLoginMutation.graphql.ts';
import { Bell, SignIn, type Credentials } from '../page.tsx';

let token: string | undefined; // of this page only

const socket = connect({ url: `${location.origin.replace('http', 'ws')}/graphql`, token: () => token });

const network = Network.create(
  async ({ text: query }, variables) => {
    const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
    return (await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) })).json();
  },
  ({ text }, variables) => Observable.create((sink) => subscribe(socket, text!, variables, sink)),
);
const environment = new Environment({ network });

async function login(input: Credentials) {
  const answer = await new Promise<documentsLoginMutation['response']>((onCompleted, onError) => {
    commitMutation<documentsLoginMutation>(environment, { mutation, variables: { input }, onCompleted, onError });
  });
  token = unwrap(answer.login).token;
}

function LiveBell() {
  const status = useSyncExternalStore(socket.state.subscribe, socket.state.get);
  const { cursor, unread, notifications } = useLazyLoadQuery<documentsBellQuery>(bellQuery, {}).viewer!;
  const bell = notifications.__id;
  // From the position of the query on: nothing lies between the two.
  const variables = useMemo(() => ({ after: cursor, bell: [bell] }), [cursor, bell]);
  useSubscription<documentsEventsSubscription>(useMemo(() => ({ subscription, variables }), [variables]));
  return <Bell unread={unread.notifications} status={status} lines={notifications.edges.map(({ node }) => node)} />;
}

createRoot(document.getElementById('root')!).render(
  <RelayEnvironmentProvider environment={environment}>
    <Suspense fallback="One moment.">
      <SignIn login={login}>
        <LiveBell />
      </SignIn>
    </Suspense>
  </RelayEnvironmentProvider>,
);
