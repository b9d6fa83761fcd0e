import { useDeferredValue, useId, useState, type KeyboardEvent } from 'react';
import { useQuery } from 'urql';
import type { Person } from '../data/types';
import { FindUsersDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useMe } from '../live';
import { Avatar } from '../ui/Avatar';

interface Props {
  readonly label: string;
  readonly chosen: readonly Person[];
  readonly onAdd: (user: Person) => void;
  readonly autoFocus?: boolean;
}

/** A field that finds users by the beginning of their username: a combobox, by the keyboard alone if one likes. */
export function PeopleField({ label, chosen, onAdd, autoFocus }: Props) {
  const t = useTexts();
  const me = useMe();
  const id = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const search = useDeferredValue(text.trim().replace(/^@/, ''));
  const [{ data, fetching }] = useQuery({ query: FindUsersDocument, variables: { search }, pause: search === '' });
  const isOpen = text.trim() !== '';
  const users = isOpen ? (data?.users.nodes ?? []).filter((user) => user.id !== me.id && !chosen.some((other) => other.id === user.id)) : [];
  const marked = Math.min(at, users.length - 1);

  const add = (user: Person | undefined) => {
    if (!user) return;
    onAdd(user);
    setText('');
    setAt(0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown') setAt(Math.min(marked + 1, users.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(marked - 1, 0));
    else if (event.key === 'Enter') add(users[marked]);
    else if (event.key === 'Escape' && text !== '') {
      setText('');
      event.stopPropagation();
    } else return;
    event.preventDefault();
  };
  return (
    <div className="field people-field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="input"
        role="combobox"
        aria-expanded={users.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={users[marked] ? `${id}-${marked}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus={autoFocus}
        value={text}
        placeholder={t.toHint}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      {isOpen && (
        <ul className="options" id={`${id}-list`} role="listbox" aria-label={label}>
          {users.map((user, index) => (
            <li
              key={user.id}
              id={`${id}-${index}`}
              className="option"
              role="option"
              aria-selected={index === marked}
              onPointerDown={(event) => {
                event.preventDefault();
                add(user);
              }}
            >
              <Avatar user={user} little />
              <span className="clip">{user.displayName}</span>
              <span className="soft small clip">@{user.username}</span>
            </li>
          ))}
          {users.length === 0 && (
            <li className="option soft" role="option" aria-selected="false" aria-disabled="true">
              {fetching ? t.loading : t.noUsers}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
