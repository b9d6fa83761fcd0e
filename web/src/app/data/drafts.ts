import { useState } from 'react';

/** What was begun and not sent, kept per user and place in localStorage, so that a reload or a logout loses nothing. */
const keyOf = (userId: string, place: string) => `notewire.draft.${userId}.${place}`;

export function draftOf(userId: string, place: string): string {
  return localStorage.getItem(keyOf(userId, place)) ?? '';
}

function keep(key: string, text: string) {
  if (text.trim() === '') localStorage.removeItem(key);
  else localStorage.setItem(key, text);
}

/** The text of a field that survives: the component is to be keyed by its place. */
export function useDraft(userId: string, place: string): [string, (text: string) => void] {
  const key = keyOf(userId, place);
  const [text, setText] = useState(() => localStorage.getItem(key) ?? '');
  return [
    text,
    (next) => {
      setText(next);
      keep(key, next);
    },
  ];
}
