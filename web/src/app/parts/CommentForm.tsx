import { useRef } from 'react';
import { useMutation } from 'urql';
import { useDraft } from '../data/drafts';
import { AddCommentDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive, useMe } from '../live';
import { Icon } from '../ui/Icon';
import { WritingField } from '../ui/WritingField';

interface Props {
  readonly postId: string;
  readonly parentId?: string;
  readonly place: string;
  readonly autoFocus?: boolean;
  readonly onDone?: () => void;
}

export function CommentForm({ postId, parentId, place, autoFocus, onDone }: Props) {
  const t = useTexts();
  const { tell } = useLive();
  const me = useMe();
  const [body, setBody] = useDraft(me.id, place);
  const [{ fetching }, add] = useMutation(AddCommentDocument);
  // The same until the server has taken it: a repetition after a lost answer makes no second comment.
  const key = useRef({ body: '', key: '' });

  const send = async () => {
    if (body.trim() === '' || fetching) return;
    if (key.current.body !== body) key.current = { body, key: crypto.randomUUID() };
    const { data } = await add({ input: { postId, parentId, body, idempotencyKey: key.current.key } });
    if (!data?.addComment.comment) return tell(data?.addComment.userErrors[0]?.message ?? t.failed);
    setBody('');
    onDone?.();
  };
  return (
    <form
      className="composer card-like"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <WritingField value={body} label={parentId ? t.reply : t.writeComment} maxLength={10_000} autoFocus={autoFocus} onChange={setBody} onSend={() => void send()} onEscape={onDone} />
      <button type="submit" className="icon-button send" aria-label={t.comment} title={t.comment} disabled={body.trim() === '' || fetching}>
        <Icon name="send" />
      </button>
    </form>
  );
}
