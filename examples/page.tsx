// What the three examples have in common: plain React, and nothing of Notewire.
import { useState, type ReactNode, type SubmitEvent } from 'react';

export interface Credentials {
  username: string;
  password: string;
}

/** Asks for a login until one succeeds, and then shows what it is for. */
export function SignIn({ login, children }: { login: (input: Credentials) => Promise<void>; children: ReactNode }) {
  const [isSignedIn, setSignedIn] = useState(false);
  const [problem, setProblem] = useState('');
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const input = { username: String(form.get('username')), password: String(form.get('password')) };
    login(input).then(() => setSignedIn(true), (error) => setProblem(String(error)));
  };
  if (isSignedIn) return children;
  return (
    <form onSubmit={submit}>
      <input name="username" placeholder="Username" autoComplete="username" />
      <input name="password" placeholder="Password" type="password" autoComplete="current-password" />
      <button>Sign in</button> <output>{problem}</output>
    </form>
  );
}

export interface Line {
  readonly id: string;
  readonly kind: string;
  readonly actorCount: number;
  readonly actors: readonly { readonly displayName: string }[];
  readonly subject?: { readonly __typename: string; readonly title?: string | null; readonly likeCount?: number } | null;
}

/** The bell: how many are unread, how the line is, and what happened. */
export function Bell({ unread, status, lines }: { unread: number; status: string; lines: readonly Line[] }) {
  return (
    <>
      <h1>
        <b id="unread">{unread}</b> unread, <i id="status">{status}</i>
      </h1>
      <ul>
        {lines.map(({ id, kind, actors, actorCount, subject }) => (
          <li key={id}>
            {actors[0]?.displayName ?? 'Somebody'}
            {actorCount > 1 && ` and ${actorCount - 1} more`}: {kind.toLowerCase()}
            {subject?.__typename === 'Post' && ` on “${subject.title}”, liked by ${subject.likeCount}`}
          </li>
        ))}
      </ul>
    </>
  );
}
