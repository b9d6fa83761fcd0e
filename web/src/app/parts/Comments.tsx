import type { Comment } from '../data/types';
import { useTexts } from '../i18n';
import { CommentView } from './CommentView';

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
