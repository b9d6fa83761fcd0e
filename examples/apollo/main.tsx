// A bell that is live: Apollo Client, its normalised cache, and no updater written by hand.
import { useState, useSyncExternalStore, type SubmitEvent } from 'react';
import { createRoot } from 'react-dom/client';
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { ApolloProvider, useMutation, useQuery, useSubscription } from '@apollo/client/react';
import { connect, unwrap } from '@notewire/client';
import { possibleTypes, refreshLink, resumeLink, typePolicies } from '@notewire/client/apollo';
import { BellDocument, EventsDocument, LoginDocument } from '@notewire/client/documents';

let token: string | undefined; // of this page only

const socket = connect({ url: `${location.origin.replace('http', 'ws')}/graphql`, token: () => token });
const events = resumeLink(socket.state).concat(new GraphQLWsLink(socket.client));
const authorize = new SetContextLink(() => ({ headers: token ? { authorization: `Bearer ${token}` } : {} }));
const requests = authorize.concat(new HttpLink({ uri: '/graphql' }));

const client = new ApolloClient({
  cache: new InMemoryCache({ typePolicies, possibleTypes }),
  link: refreshLink().split(({ operationType }) => operationType === 'subscription', events, requests),
});

function Login({ onDone }: { onDone: () => void }) {
  const [login] = useMutation(LoginDocument);
  const [problem, setProblem] = useState('');
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const input = { username: String(form.get('username')), password: String(form.get('password')) };
    try {
      token = unwrap((await login({ variables: { input } })).data?.login).token;
      onDone();
    } catch (error) {
      setProblem(String(error));
    }
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
  const { data } = useQuery(BellDocument);
  useSubscription(EventsDocument); // all that happens, into the cache
  if (!data?.viewer) return <p>One moment.</p>;
  const { unread, notifications } = data.viewer;
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
  <ApolloProvider client={client}>
    <App />
  </ApolloProvider>,
);
