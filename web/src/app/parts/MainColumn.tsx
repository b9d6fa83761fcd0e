import { useEffect, useRef } from 'react';
import { useLive } from '../live';
import type { Go, Route } from '../route';
import { hasKeyboard } from '../ui/WritingField';
import { Board } from './Board';
import { ConversationView } from './ConversationView';
import { NewNote } from './NewNote';
import { PostView } from './PostView';
import { WritePost } from './WritePost';

/** The middle: the board, a post, or a conversation. */
export function MainColumn({ route: { main }, go, isFirst }: { route: Route; go: Go; isFirst: boolean }) {
  const { me } = useLive();
  const column = useRef<HTMLDivElement>(null);
  const before = useRef(main);

  // Who goes somewhere is there: the next key belongs to what was opened.
  useEffect(() => {
    if (before.current === main) return;
    before.current = main;
    if (column.current?.contains(document.activeElement)) return;
    const field = hasKeyboard && main.at === 'conversation' ? column.current?.querySelector('textarea') : undefined;
    (field ?? column.current)?.focus({ preventScroll: true });
  }, [main]);
  return (
    <div ref={column} id={isFirst ? 'main' : undefined} className="column main" tabIndex={-1}>
      {main.at === 'conversation' ? (
        <ConversationView key={main.id} id={main.id} go={go} />
      ) : main.at === 'post' ? (
        <PostView key={main.id} id={main.id} focus={main.focus} go={go} />
      ) : main.at === 'new' && me ? (
        <NewNote key={main.to} to={main.to} go={go} />
      ) : main.at === 'write' && me ? (
        <WritePost go={go} />
      ) : (
        <Board go={go} />
      )}
    </div>
  );
}
