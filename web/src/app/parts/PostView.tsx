import { useEffect, useRef, useState } from 'react';
import { useQuery, useSubscription } from 'urql';
import { CommentsDocument, PostDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useEnded, useLive } from '../live';
import type { Go } from '../route';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { Waiting } from '../ui/List';
import { Text } from '../ui/Text';
import { Ago } from '../ui/Time';
import { CommentForm } from './CommentForm';
import { Comments } from './Comments';
import { EditPost } from './EditPost';
import { LikeButton } from './LikeButton';
import { PostMenu } from './PostMenu';

/** A post with its comments. What others write meanwhile waits behind a pill, so that nothing moves under the reader. */
export function PostView({ id, focus, go }: { id: string; focus: string | undefined; go: Go }) {
  const t = useTexts();
  const { me } = useLive();
  const [after, setAfter] = useState<string>();
  const [held, setHeld] = useState<ReadonlySet<string>>(new Set());
  const scroller = useRef<HTMLDivElement>(null);
  const show = (comment: string | undefined) =>
    scroller.current?.querySelector(`[data-comment="${comment}"]`)?.scrollIntoView({ block: 'center' });
  const [isEditing, setEditing] = useState(false);
  const [{ error: ended }] = useSubscription({ query: CommentsDocument, variables: { postId: id } }, (_, data) => {
    const { comment } = data.commentAdded;
    const isNew = comment.editedAt === null && comment.deletedAt === null;
    if (isNew && (!me || comment.author?.id !== me.id)) setHeld((before) => new Set(before).add(comment.id));
    return data;
  });
  const [{ data, fetching, error }, again] = useQuery({ query: PostDocument, variables: { id, after } });
  const post = data?.post;
  const comments = post?.comments.nodes ?? [];
  const isThere = comments.some((comment) => comment.id === focus);
  const waiting = comments.filter((comment) => held.has(comment.id)).length;

  useEffect(() => {
    if (isThere) show(focus);
  }, [isThere, focus]);

  useEnded(ended, () => again({ requestPolicy: 'network-only' }));

  const reveal = () => {
    const first = comments.find((comment) => held.has(comment.id))?.id;
    setHeld(new Set());
    requestAnimationFrame(() => show(first));
  };
  return (
    <>
      <div className="head">
        <button type="button" className="icon-button" aria-label={t.board} title={t.board} onClick={() => go({ at: 'board' })}>
          <Icon name="back" />
        </button>
        <h2 className="clip">{t.board}</h2>
        {post && me && <PostMenu post={post} go={go} onEdit={() => setEditing(true)} />}
      </div>
      <div className="scroll" ref={scroller}>
        {!post ? (
          fetching ? (
            <Waiting />
          ) : (
            <div className="state">
              <p>{error ? t.failed : t.postGone}</p>
              <button type="button" className="button" onClick={() => again({ requestPolicy: 'network-only' })}>
                {t.retry}
              </button>
            </div>
          )
        ) : (
          <article className="page-width post">
            <p className="byline">
              <Avatar user={post.author} />
              <span className="byline-names">
                <strong className="clip">{post.author?.displayName ?? t.somebodyGone}</strong>
                <span className="soft small">
                  <Ago at={post.createdAt} />
                  {post.editedAt && ` · ${t.edited}`}
                </span>
              </span>
            </p>
            {isEditing ? (
              <EditPost post={post} onDone={() => setEditing(false)} />
            ) : (
              <>
                <h3 className="post-title">{post.title}</h3>
                <div className="post-body text">
                  <Text>{post.body}</Text>
                </div>
              </>
            )}
            <div className="card-foot">
              <LikeButton subject={post} />
              <span className="counter">
                <Icon name="comment" size={18} />
                {t.comments(post.commentCount)}
              </span>
            </div>
            <Comments comments={comments.filter((comment) => !held.has(comment.id))} postId={id} focus={focus} />
            {post.comments.pageInfo.hasNextPage && post.comments.pageInfo.endCursor && (
              <div className="more">
                <button type="button" className="button quiet" onClick={() => setAfter(post.comments.pageInfo.endCursor!)}>
                  {t.loadMore}
                </button>
              </div>
            )}
            {me ? <CommentForm key={id} postId={id} place={`post:${id}`} /> : <p className="banner soft">{t.signInToWrite}</p>}
          </article>
        )}
        <div className="pill-place" role="status">
          {waiting > 0 && (
            <button type="button" className="pill" onClick={reveal}>
              {t.newComments(waiting)}
            </button>
          )}
        </div>
      </div>
    </>
  );
}
