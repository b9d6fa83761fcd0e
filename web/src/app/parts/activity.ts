import { useEffect, useState } from 'react';
import { useQuery, useSubscription } from 'urql';
import type { Person } from '../data/types';
import { ActivityDocument, ReadMarksDocument } from '../generated/documents';
import type { Texts } from '../i18n';

export interface Doing {
  readonly user: Person | null;
  readonly isPresent: boolean;
  readonly isTyping: boolean;
  /** When the newest note that the user has read was written. */
  readonly readUpTo: string | undefined;
}

export type Activity = ReadonlyMap<string, Doing>;

/** Who else is there, who is typing, and how far each has read, by user. */
export function useActivity(conversationId: string, me: string | undefined, isOn: boolean): Activity {
  const [all, setAll] = useState<Activity>(new Map());
  const [{ data }] = useQuery({ query: ReadMarksDocument, variables: { id: conversationId }, pause: !isOn, requestPolicy: 'network-only' });

  useEffect(() => {
    const readers = data?.node?.__typename === 'Conversation' ? data.node.readers.nodes : [];
    setAll((before) => {
      const next = new Map(before);
      for (const { user, lastReadNote } of readers) {
        if (!user || user.id === me || !lastReadNote) continue;
        const known = next.get(user.id) ?? { user: null, isPresent: false, isTyping: false, readUpTo: undefined };
        next.set(user.id, { ...known, readUpTo: later(known.readUpTo, lastReadNote.createdAt) });
      }
      return next;
    });
  }, [data, me]);

  useSubscription({ query: ActivityDocument, variables: { conversationId }, pause: !isOn }, (_, data) => {
    const { user, isPresent, isTyping, lastReadNote } = data.conversationActivity;
    if (user) {
      setAll((before) => {
        const readUpTo = later(before.get(user.id)?.readUpTo, lastReadNote?.createdAt);
        return new Map(before).set(user.id, { user, isPresent, isTyping, readUpTo });
      });
    }
    return data;
  });
  return all;
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

export function typingNames(activity: Activity, t: Texts): string {
  const names = [...activity.values()].filter(({ isTyping }) => isTyping).map(({ user }) => user?.displayName ?? t.somebodyGone);
  return names.length > 0 ? t.typing(names.slice(0, 3).join(', '), names.length) : '';
}
