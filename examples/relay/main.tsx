// A bell that is live: Relay, its store, and no updater written by hand.
import { Suspense, useMemo, useState, useSyncExternalStore, type SubmitEvent } from 'react';
import { createRoot } from 'react-dom/client';
import { connect, Resume, unwrap } from '@notewire/client';
import { parse } from 'graphql';
import { RelayEnvironmentProvider, useLazyLoadQuery, useMutation, useSubscription } from 'react-relay';
import { Environment, Network, Observable, type GraphQLResponse } from 'relay-runtime';
import bellQuery, { type documentsBellQuery } from './__generated__/documentsBellQuery.graphql.ts';
import eventsSubscription, { type documentsEventsSubscription } from './__generated__/documentsEventsSubscription.graphql.ts';
import loginMutation, { type documentsLoginMutation } from './__generated__/documentsLoginMutation.graphql.ts';

let token: string | undefined; // of this page only

const socket = connect({ url: `${location.origin.replace('http', 'ws')}/graphql`, token: () => token });

const network = Network.create(
  async ({ text: query }, variables) => {
    const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
    return (await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) })).json();
  },
  ({ text }, variables) =>
    Observable.create((sink) => {
      const resume = Resume.of(parse(text!), variables, socket.state);
      const next = (result: object) => void (resume?.accept(result) === false || sink.next(result as GraphQLResponse));
      const stop = socket.client.subscribe({ query: text!, variables: resume?.variables ?? variables }, { ...sink, next, error: (e) => sink.error(e as Error) });
      return () => (stop(), resume?.end());
    }),
);

function Login({ onDone }: { onDone: () => void }) {
  const [login] = useMutation<documentsLoginMutation>(loginMutation);
  const [problem, setProblem] = useState('');
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const input = { username: String(form.get('username')), password: String(form.get('password')) };
    const onCompleted = (data: documentsLoginMutation['response']) => {
      try {
        token = unwrap(data.login).token;
        onDone();
      } catch (error) {
        setProblem(String(error));
      }
    };
    login({ variables: { input }, onCompleted, onError: (error) => setProblem(String(error)) });
  };
  return (
    <form onSubmit={submit}>
      <input name="username" placeholder="Username" autoComplete="username" />
      <input name="password" placeholder="Password" type="password" autoComplete="current-password" />
      <button>Sign in</button> <output>{problem}</output>
    </form>
  );
}

function Bell() {
  const status = useSyncExternalStore(socket.state.subscribe, socket.state.get);
  const { cursor, unread, notifications } = useLazyLoadQuery<documentsBellQuery>(bellQuery, {}).viewer!;
  const bell = notifications.__id;
  // From the position of the query on: nothing lies between the two.
  const variables = useMemo(() => ({ after: cursor, bell: [bell] }), [cursor, bell]);
  useSubscription<documentsEventsSubscription>(useMemo(() => ({ subscription: eventsSubscription, variables }), [variables]));
  return (
    <>
      <h1>
        <b id="unread">{unread.notifications}</b> unread, <i id="status">{status}</i>
      </h1>
      <ul>
        {notifications.edges.map(({ node }) => (
          <li key={node.id}>
            {node.actors[0]?.displayName ?? 'Somebody'}
            {node.actorCount > 1 && ` and ${node.actorCount - 1} more`}: {node.kind.toLowerCase()}
            {node.subject?.__typename === 'Post' && ` on “${node.subject.title}”, liked by ${node.subject.likeCount}`}
          </li>
        ))}
      </ul>
    </>
  );
}

function App() {
  const [isSignedIn, setSignedIn] = useState(false);
  return isSignedIn ? <Bell /> : <Login onDone={() => setSignedIn(true)} />;
}

createRoot(document.getElementById('root')!).render(
  <RelayEnvironmentProvider environment={new Environment({ network })}>
    <Suspense fallback="One moment.">
      <App />
    </Suspense>
  </RelayEnvironmentProvider>,
);
