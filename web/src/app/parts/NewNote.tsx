import { useEffect, useState } from 'react';
import { useMutation, useQuery } from 'urql';
import type { Person } from '../data/types';
import { CreateGroupDocument, DirectWithDocument, UserByIdDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive, useOutgoing } from '../live';
import type { Go } from '../route';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { Composer } from './Composer';
import { PeopleField } from './PeopleField';
import { PendingNote } from './PendingNote';

/** A note to somebody, or to several: a group. With one person the conversation that is there already is opened instead. */
export function NewNote({ to, go }: { to: string | undefined; go: Go }) {
  const t = useTexts();
  const { outbox, tell } = useLive();
  const [people, setPeople] = useState<readonly Person[]>([]);
  const [title, setTitle] = useState('');
  const [, createGroup] = useMutation(CreateGroupDocument);
  const [{ data: given }] = useQuery({ query: UserByIdDocument, variables: { id: to ?? '' }, pause: !to });
  const first = given?.node?.__typename === 'User' ? given.node : undefined;
  const chosen = people.length === 0 && first ? [first] : people;
  const only = chosen.length === 1 ? chosen[0] : undefined;
  const [{ data }] = useQuery({ query: DirectWithDocument, variables: { userId: only?.id ?? '' }, pause: !only, requestPolicy: 'network-only' });
  const there = only ? data?.viewer?.conversation?.id : undefined;
  const place = `new:${chosen.map(({ id }) => id).sort().join(',')}`;
  const pending = useOutgoing(place);

  useEffect(() => {
    if (there) go({ at: 'conversation', id: there });
  }, [there, go]);

  useEffect(() => {
    if (!outbox) return;
    outbox.onFirst = (sentTo, conversationId) => sentTo === place && go({ at: 'conversation', id: conversationId });
    return () => {
      outbox.onFirst = () => {};
    };
  }, [outbox, place, go]);

  const makeGroup = async () => {
    const { data } = await createGroup({ input: { title: title.trim() || undefined, userIds: chosen.map(({ id }) => id), idempotencyKey: crypto.randomUUID() } });
    const made = data?.createGroup.conversation;
    if (made) go({ at: 'conversation', id: made.id });
    else tell(data?.createGroup.userErrors[0]?.message ?? t.failed);
  };
  return (
    <>
      <div className="head">
        <button type="button" className="icon-button" aria-label={t.back} onClick={() => go('notes')}>
          <Icon name="back" />
        </button>
        <h2>{t.newNote}</h2>
      </div>
      <div className="conversation">
        <div className="scroll">
          <div className="page-width form">
            <PeopleField label={t.to} chosen={chosen} onAdd={(user) => setPeople([...chosen, user])} autoFocus={!to} />
            {chosen.length > 0 && (
              <ul className="chips">
                {chosen.map((user) => (
                  <li key={user.id} className="chip">
                    <Avatar user={user} little />
                    <span className="clip">{user.displayName}</span>
                    <button type="button" className="icon-button little" aria-label={t.removeName(user.displayName)} onClick={() => setPeople(chosen.filter(({ id }) => id !== user.id))}>
                      <Icon name="close" size={16} />
                    </button>
                  </li>
                ))}
              </ul>
            )}
            {chosen.length > 1 && (
              <div className="inline-form">
                <label className="field">
                  <span>{`${t.groupTitle} (${t.optional})`}</span>
                  <input className="input" value={title} maxLength={100} onChange={(event) => setTitle(event.target.value)} />
                </label>
                <button type="button" className="button" onClick={() => void makeGroup()}>
                  {t.group}
                </button>
              </div>
            )}
            {only && !there && pending.length === 0 && <p className="soft">{t.firstNote}</p>}
            {pending.map((note) => (
              <PendingNote key={note.key} note={note} />
            ))}
          </div>
        </div>
        {chosen.length > 0 && <Composer key={place} place={place} toUserIds={chosen.map(({ id }) => id)} />}
      </div>
    </>
  );
}
