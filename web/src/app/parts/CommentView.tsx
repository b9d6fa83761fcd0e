import { useState } from 'react';
import { useMutation } from 'urql';
import type { Comment } from '../data/types';
import { DeleteCommentDocument, EditCommentDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive } from '../live';
import { Avatar } from '../ui/Avatar';
import { Confirm } from '../ui/Confirm';
import { Menu } from '../ui/Menu';
import { Text } from '../ui/Text';
import { Ago } from '../ui/Time';
import { WritingField } from '../ui/WritingField';
import { CommentForm } from './CommentForm';
import { LikeButton } from './LikeButton';

export function CommentView({ comment, postId, isFocused }: { comment: Comment; postId: string; isFocused: boolean }) {
  const t = useTexts();
  const { me } = useLive();
  const [doing, setDoing] = useState<'answering' | 'editing'>();
  const done = () => setDoing(undefined);
  if (comment.deletedAt !== null) {
    return (
      <article className="comment" data-comment={comment.id}>
        <p className="soft gone">{t.commentGone}</p>
      </article>
    );
  }
  const isMine = !!me && comment.author?.id === me.id;
  return (
    <article className={`comment${isFocused ? ' focused' : ''}`} data-comment={comment.id}>
      <p className="byline">
        <Avatar user={comment.author} little />
        <strong className="clip">{comment.author?.displayName ?? t.somebodyGone}</strong>
        <Ago at={comment.createdAt} />
        {comment.editedAt && <span className="soft">{t.edited}</span>}
      </p>
      {doing === 'editing' ? (
        <Editing comment={comment} onDone={done} />
      ) : (
        <div className="comment-body text">
          <Text>{comment.body}</Text>
        </div>
      )}
      <div className="comment-foot">
        <LikeButton subject={comment} size={16} />
        {me && (
          <button type="button" className="button quiet little" aria-expanded={doing === 'answering'} onClick={() => setDoing(doing === 'answering' ? undefined : 'answering')}>
            {t.reply}
          </button>
        )}
        {isMine && <OwnMenu comment={comment} onEdit={() => setDoing('editing')} />}
      </div>
      {doing === 'answering' && <CommentForm postId={postId} parentId={comment.id} place={`comment:${comment.id}`} autoFocus onDone={done} />}
    </article>
  );
}

function OwnMenu({ comment, onEdit }: { comment: Comment; onEdit: () => void }) {
  const t = useTexts();
  const { tell } = useLive();
  const [isAsking, setAsking] = useState(false);
  const [, remove] = useMutation(DeleteCommentDocument);
  const removed = async () => {
    const { data } = await remove({ input: { commentId: comment.id } });
    if (!data?.deleteComment.deletedCommentId) tell(data?.deleteComment.userErrors[0]?.message ?? t.failed);
  };
  return (
    <>
      <Menu
        label={t.commentActions}
        className="icon-button little"
        entries={[
          { icon: 'edit', label: t.edit, onChoose: onEdit },
          { icon: 'trash', label: t.delete, danger: true, onChoose: () => setAsking(true) },
        ]}
      />
      {isAsking && <Confirm question={t.deleteCommentSure} action={t.delete} onClose={() => setAsking(false)} onConfirm={() => void removed()} />}
    </>
  );
}

function Editing({ comment, onDone }: { comment: Comment; onDone: () => void }) {
  const t = useTexts();
  const { tell } = useLive();
  const [text, setText] = useState(comment.body);
  const [{ fetching }, edit] = useMutation(EditCommentDocument);
  const save = async () => {
    if (text.trim() === '' || text === comment.body) return onDone();
    const { data } = await edit({ input: { commentId: comment.id, body: text } });
    if (data?.editComment.comment) onDone();
    else tell(data?.editComment.userErrors[0]?.message ?? t.failed);
  };
  return (
    <div className="form comment-body">
      <WritingField value={text} label={t.edit} maxLength={10_000} autoFocus onChange={setText} onSend={() => void save()} onEscape={onDone} />
      <div className="actions end">
        <button type="button" className="button little" onClick={onDone}>
          {t.cancel}
        </button>
        <button type="button" className="button little primary" onClick={() => void save()} disabled={fetching}>
          {t.save}
        </button>
      </div>
    </div>
  );
}
