import { useEffect, useRef } from 'react';
import { useMutation } from 'urql';
import { useDraft } from '../data/drafts';
import type { Note } from '../data/types';
import { SetTypingDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive, useMe } from '../live';
import { Icon } from '../ui/Icon';
import { WritingField } from '../ui/WritingField';

/** While somebody types it is said again after so long, in milliseconds: the server forgets it after 5 s. */
const SAY_AGAIN = 3_000;

interface Props {
  readonly place: string;
  readonly conversationId?: string;
  readonly toUserIds?: readonly string[];
  readonly replyTo?: Note;
  readonly onReplied?: () => void;
  readonly onSent?: () => void;
}

/** The field in which a note is written. What is in it survives reloads; what is sent goes to the outbox. */
export function Composer({ place, conversationId, toUserIds, replyTo, onReplied, onSent }: Props) {
  const t = useTexts();
  const { outbox, tell } = useLive();
  const me = useMe();
  const [text, setText] = useDraft(me.id, place);
  const field = useRef<HTMLTextAreaElement>(null);
  const sayTyping = useTyping(conversationId);

  useEffect(() => {
    if (replyTo) field.current?.focus();
  }, [replyTo]);

  const send = () => {
    if (text.trim() === '' || !outbox) return;
    if (!outbox.send({ place, conversationId, toUserIds, replyToId: replyTo?.id, body: text })) return tell(t.failed);
    setText('');
    sayTyping(false);
    onReplied?.();
    onSent?.();
    field.current?.focus();
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {replyTo && (
        <div className="composer-reply">
          <Icon name="reply" size={16} />
          <span className="clip">
            <strong>{replyTo.sender?.displayName ?? t.somebodyGone}</strong> {replyTo.body}
          </span>
          <button type="button" className="icon-button little" aria-label={t.cancel} onClick={onReplied}>
            <Icon name="close" size={16} />
          </button>
        </div>
      )}
      <WritingField
        ref={field}
        value={text}
        maxLength={10_000}
        label={t.writeNote}
        onChange={(next) => {
          setText(next);
          sayTyping(next.trim() !== '');
        }}
        onSend={send}
        onEscape={onReplied}
        onBlur={() => sayTyping(false)}
      />
      <button type="submit" className="icon-button send" aria-label={t.send} title={t.send} disabled={text.trim() === ''}>
        <Icon name="send" />
      </button>
    </form>
  );
}

/** Tells the others that one is typing, at most every three seconds, and when one has stopped. */
function useTyping(conversationId: string | undefined): (isTyping: boolean) => void {
  const [, setTyping] = useMutation(SetTypingDocument);
  const said = useRef(0);
  return (isTyping) => {
    if (!conversationId) return;
    const now = Date.now();
    if (isTyping ? now - said.current < SAY_AGAIN : said.current === 0) return;
    said.current = isTyping ? now : 0;
    void setTyping({ input: { conversationId, isTyping } });
  };
}
