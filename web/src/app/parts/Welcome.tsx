import { useState, type FormEvent } from 'react';
import { useMutation, useQuery } from 'urql';
import { DemoUsersDocument, LoginDocument, RegisterDocument } from '../generated/documents';
import type { Mistake } from '../data/types';
import { useLanguage, useTexts } from '../i18n';
import { useLandmark, useLive } from '../live';
import { Avatar } from '../ui/Avatar';
import { Field } from '../ui/Field';
import { demoPassword, demoUsers, madeUpName, madeUpUsername } from './demo';

/** Where nobody is signed in: what this is, and the ways in. */
export function Welcome() {
  const t = useTexts();
  const named = useLandmark();
  const { session } = useLive();
  const [isNew, setNew] = useState(false);
  return (
    <section className="column notes" aria-label={named(t.signIn)}>
      <div className="head">
        <h2>{isNew ? t.signUp : t.signIn}</h2>
        <button type="button" className="button quiet little welcome-other" onClick={() => setNew(!isNew)}>
          {isNew ? t.signIn : t.signUpShort}
        </button>
      </div>
      <div className="scroll">
        <div className="welcome">
          {session.snapshot().notice === 'expired' && (
            <p className="notice" role="alert">
              {t.expired}
            </p>
          )}
          <SignForm key={String(isNew)} isNew={isNew} />
          <DemoUsers />
          <p className="soft small">{t.welcomeText}</p>
        </div>
      </div>
    </section>
  );
}

function mistakesOf(mistakes: readonly Mistake[] | undefined, field: string): string | undefined {
  return mistakes?.find((mistake) => mistake.field?.at(-1) === field)?.message;
}

function SignForm({ isNew }: { isNew: boolean }) {
  const t = useTexts();
  const { session, tell } = useLive();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [mistakes, setMistakes] = useState<readonly Mistake[]>();
  const [{ fetching: logging }, login] = useMutation(LoginDocument);
  const [{ fetching: registering }, register] = useMutation(RegisterDocument);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = isNew
      ? await register({ input: { username, password, displayName: displayName.trim() || undefined } }).then(({ data, error }) => ({ ...data?.register, error }))
      : await login({ input: { username, password } }).then(({ data, error }) => ({ ...data?.login, error }));
    if (answer.token) return session.signIn(answer.token);
    setMistakes(answer.userErrors);
    if (!answer.userErrors) tell(answer.error?.graphQLErrors[0]?.message ?? t.failed);
  };
  const general = mistakes?.find(({ field }) => !field)?.message;
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <Field label={t.username} hint={isNew ? t.usernameHint : undefined} error={mistakesOf(mistakes, 'username')}>
        <input className="input" name="username" value={username} onChange={(event) => setUsername(event.target.value)} autoComplete="username" autoCapitalize="none" spellCheck={false} required />
      </Field>
      <Field label={t.password} hint={isNew ? t.passwordHint : undefined} error={mistakesOf(mistakes, 'password')}>
        <input className="input" name="password" type="password" value={password} onChange={(event) => setPassword(event.target.value)} autoComplete={isNew ? 'new-password' : 'current-password'} required />
      </Field>
      {isNew && (
        <Field label={`${t.displayName} (${t.optional})`} error={mistakesOf(mistakes, 'displayName')}>
          <input className="input" name="displayName" value={displayName} onChange={(event) => setDisplayName(event.target.value)} autoComplete="nickname" />
        </Field>
      )}
      {general && (
        <p className="error" role="alert">
          {general}
        </p>
      )}
      <button type="submit" className="button primary wide" disabled={logging || registering}>
        {isNew ? t.signUp : t.signIn}
      </button>
    </form>
  );
}

/** The ways in without a form: a new account with a made-up name, and the users of a site that was seeded. */
function DemoUsers() {
  const t = useTexts();
  const language = useLanguage();
  const { session, tell } = useLive();
  const [one, two] = demoUsers;
  const [{ data }] = useQuery({ query: DemoUsersDocument, variables: { one, two } });
  const [gone, setGone] = useState(false);
  const [{ fetching }, register] = useMutation(RegisterDocument);
  const [{ fetching: logging }, login] = useMutation(LoginDocument);

  const tryNew = async () => {
    const displayName = madeUpName(language);
    const { data, error } = await register({ input: { username: madeUpUsername(), password: crypto.randomUUID(), displayName } });
    if (data?.register.token) session.signIn(data.register.token);
    else tell(data?.register.userErrors[0]?.message ?? error?.graphQLErrors[0]?.message ?? t.failed);
  };
  const signInAs = async (username: string) => {
    const { data } = await login({ input: { username, password: demoPassword } });
    if (data?.login.token) return session.signIn(data.login.token);
    setGone(true);
    tell(t.demoGone);
  };
  const seeded = !gone && data?.one && data.two ? [data.one, data.two] : [];
  return (
    <div className="form">
      <button type="button" className="button wide" onClick={() => void tryNew()} disabled={fetching} data-demo="new">
        {t.tryDemo}
      </button>
      {seeded.length > 0 && (
        <>
          <p className="soft small">{t.orDemo}</p>
          <div className="demo-users">
            {seeded.map((user) => (
              <button type="button" key={user.id} className="button" onClick={() => void signInAs(user.username)} disabled={logging}>
                <Avatar user={user} little />
                <span className="clip">{user.displayName}</span>
              </button>
            ))}
          </div>
        </>
      )}
    </div>
  );
}
