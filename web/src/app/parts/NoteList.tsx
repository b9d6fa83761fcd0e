import { Fragment, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Outgoing } from '../data/outbox';
import type { Conversation, Note } from '../data/types';
import { useLanguage, useTexts } from '../i18n';
import { day, dayOf } from '../i18n/time';
import { useLive, useOutgoing } from '../live';
import { NoteView } from './NoteView';
import { PendingNote } from './PendingNote';
import type { Activity } from './activity';

interface Props {
  readonly conversation: Conversation;
  /** Newest first, as they come. */
  readonly notes: readonly Note[];
  readonly activity: Activity;
  readonly isLoadingOlder: boolean;
  readonly onOlder: (() => void) | undefined;
  readonly onReply: (note: Note) => void;
}

/** Notes of one sender within this time, in milliseconds, stand close together under one name. */
const TOGETHER = 5 * 60_000;

/** How far from the end, in pixels, still counts as being there. */
const NEAR = 64;

/** How far from the top, in pixels, what is older is asked for. */
const OLDER = 400;

/** Where each conversation was left, in pixels from the top; nothing for those left at their end. */
const places = new Map<string, number>();

/** The notes of a conversation, oldest first, and those on their way behind them. */
export function NoteList({ conversation, notes, activity, isLoadingOlder, onOlder, onReply }: Props) {
  const t = useTexts();
  const language = useLanguage();
  const shown = notes.toReversed();
  const arrived = new Set(notes.map(({ idempotencyKey }) => idempotencyKey));
  const pending = useOutgoing(conversation.id).filter(({ key }) => !arrived.has(key));
  const { box, onScroll, hasNewer, toEnd } = useScrolling(conversation.id, shown, pending, onOlder);
  const marks = seenMarks(notes, activity, conversation.kind);
  return (
    <div className="notes-box">
      <div className="scroll" ref={box} onScroll={onScroll} tabIndex={0} role="log" aria-live="off" aria-label={t.conversation}>
        <div className="notes-list">
          <p className="small soft edge">{onOlder ? isLoadingOlder && t.olderNotes : t.beginning}</p>
          {shown.map((note, at) => {
            const before = shown[at - 1];
            const isNewDay = !before || dayOf(before.createdAt) !== dayOf(note.createdAt);
            const isClose = !isNewDay && areClose(before, note);
            const after = shown[at + 1];
            return (
              <Fragment key={note.id}>
                {isNewDay && (
                  <h3 className="day">
                    <time dateTime={note.createdAt}>{day(language, note.createdAt, Date.now())}</time>
                  </h3>
                )}
                <NoteView
                  note={note}
                  isClose={isClose}
                  isFollowed={!!after && dayOf(after.createdAt) === dayOf(note.createdAt) && areClose(note, after)}
                  showsSender={conversation.kind !== 'DIRECT'}
                  seenBy={marks.get(note.id)}
                  onReply={conversation.viewerParticipant ? onReply : undefined}
                />
              </Fragment>
            );
          })}
          {pending.map((note) => (
            <PendingNote key={note.key} note={note} />
          ))}
        </div>
      </div>
      {hasNewer && (
        <button type="button" className="pill" onClick={toEnd}>
          {t.newNotes}
        </button>
      )}
    </div>
  );
}

function areClose(a: Note, b: Note): boolean {
  return a.sender?.id === b.sender?.id && Date.parse(b.createdAt) - Date.parse(a.createdAt) < TOGETHER;
}

/** The note under which it is said how many have read that far: the newest own one, and between two the newest that was read. */
function seenMarks(notes: readonly Note[], activity: Activity, kind: Conversation['kind']): ReadonlyMap<string, number> {
  const marks = new Map<string, number>();
  if (kind === 'ROOM') return marks;
  for (const note of notes) {
    if (!note.isMine || note.unsentAt) continue;
    const readers = [...activity.values()].filter(({ readUpTo }) => readUpTo !== undefined && readUpTo >= note.createdAt).length;
    if (readers > 0) marks.set(note.id, readers);
    if (readers > 0 || kind === 'GROUP') break;
  }
  return marks;
}

function useScrolling(id: string, shown: readonly Note[], pending: readonly Outgoing[], onOlder: (() => void) | undefined) {
  const { me } = useLive();
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(!places.has(id));
  const height = useRef(0);
  const [hasNewer, setNewer] = useState(false);
  const oldest = shown[0]?.id;
  const newest = pending.at(-1)?.key ?? shown.at(-1)?.id;
  const last = useRef({ oldest, newest });

  useLayoutEffect(() => {
    box.current!.scrollTop = places.get(id) ?? box.current!.scrollHeight;
  }, [id]);

  useLayoutEffect(() => {
    const scroller = box.current!;
    const isNewer = newest !== last.current.newest;
    const isOwn = pending.length > 0 || shown.at(-1)?.sender?.id === me?.id;
    if (isAtEnd.current || (isNewer && isOwn)) {
      scroller.scrollTop = scroller.scrollHeight;
    } else {
      // What came above must not move what is being read.
      if (oldest !== last.current.oldest) scroller.scrollTop += scroller.scrollHeight - height.current;
      if (isNewer) setNewer(true);
    }
    height.current = scroller.scrollHeight;
    last.current = { oldest, newest };
  }, [oldest, newest, shown, pending.length, me?.id]);

  // Who is at the top already scrolls no further up: what is older is asked for at once.
  useEffect(() => {
    if (box.current!.scrollTop < OLDER) onOlder?.();
  }, [oldest, onOlder]);

  // The end stays the end when the field below grows or the window shrinks.
  useEffect(() => {
    const scroller = box.current!;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) scroller.scrollTop = scroller.scrollHeight;
    });
    observer.observe(scroller);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
    if (isAtEnd.current) {
      places.delete(id);
      setNewer(false);
    } else {
      places.set(id, scrollTop);
    }
    if (scrollTop < OLDER) onOlder?.();
  };
  const toEnd = () => {
    box.current!.scrollTop = box.current!.scrollHeight;
    setNewer(false);
  };
  return { box, onScroll, hasNewer, toEnd };
}
