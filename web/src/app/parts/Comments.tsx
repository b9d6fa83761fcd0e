import { useState } from 'react';
import type { Comment } from '../data/types';
import { useTexts } from '../i18n';
import { useLive } from '../live';
import { Avatar } from '../ui/Avatar';
import { Text } from '../ui/Text';
import { Ago } from '../ui/Time';
import { CommentForm } from './CommentForm';
import { LikeButton } from './LikeButton';

/** Deeper answers stand as far to the right as these, so that there is room for words. */
const DEEPEST = 4;

interface Props {
  readonly comments: readonly Comment[];
  readonly postId: string;
  readonly focus: string | undefined;
}

/** The comments, each with its answers below it. An answer whose comment is not there stands by itself. */
export function Comments({ comments, postId, focus }: Props) {
  const t = useTexts();
  const known = new Set(comments.map(({ id }) => id));
  const answers = Map.groupBy(comments, ({ parent }) => (parent && known.has(parent.id) ? parent.id : ''));
  const branch = (parent: string, depth: number) => {
    const here = answers.get(parent);
    if (!here) return null;
    return (
      <ul className={depth === 0 ? 'comments' : depth <= DEEPEST ? 'answers' : 'answers flat'}>
        {here.map((comment) => (
          <li key={comment.id}>
            <CommentView comment={comment} postId={postId} isFocused={comment.id === focus} />
            {branch(comment.id, depth + 1)}
          </li>
        ))}
      </ul>
    );
  };
  return comments.length === 0 ? <p className="soft no-comments">{t.noComments}</p> : branch('', 0);
}

function CommentView({ comment, postId, isFocused }: { comment: Comment; postId: string; isFocused: boolean }) {
  const t = useTexts();
  const { me } = useLive();
  const [isAnswering, setAnswering] = useState(false);
  return (
    <article className={`comment${isFocused ? ' focused' : ''}`} id={`comment-${comment.id}`}>
      <p className="byline">
        <Avatar user={comment.author} little />
        <strong className="clip">{comment.author?.displayName ?? t.somebodyGone}</strong>
        <Ago at={comment.createdAt} />
      </p>
      <div className="comment-body text">
        <Text>{comment.body}</Text>
      </div>
      <div className="comment-foot">
        <LikeButton subject={comment} size={16} />
        {me && (
          <button type="button" className="button quiet little" aria-expanded={isAnswering} onClick={() => setAnswering(!isAnswering)}>
            {t.reply}
          </button>
        )}
      </div>
      {isAnswering && <CommentForm postId={postId} parentId={comment.id} place={`comment:${comment.id}`} autoFocus onDone={() => setAnswering(false)} />}
    </article>
  );
}
