import { useDeferredValue, useEffect, useRef, useState } from 'react';
import type { Post } from '../data/types';
import { PostsDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive } from '../live';
import type { Go } from '../route';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { List, useList } from '../ui/List';
import { Ago } from '../ui/Time';
import { useVisible } from '../ui/visible';
import { LikeButton } from './LikeButton';

/** The posts, newest first. */
export function Board({ go }: { go: Go }) {
  const t = useTexts();
  const { me } = useLive();
  const [after, setAfter] = useState<string>();
  const [search, setSearch] = useState('');
  // One letter finds nothing: the server searches from two on.
  const asked = [...search.trim()].length >= 2 ? search.trim() : undefined;
  const list = useList({ query: PostsDocument, variables: { search: useDeferredValue(asked), after } }, (data) => data.posts);
  const { retry } = list;

  // Nothing tells of new posts, so they are looked for when the reader comes back.
  const isVisible = useVisible();
  const wasHidden = useRef(false);
  useEffect(() => {
    if (isVisible && wasHidden.current) retry();
    wasHidden.current = !isVisible;
  });
  return (
    <>
      <div className="head">
        <h2>{t.board}</h2>
        <button type="button" className="icon-button" aria-label={t.refresh} title={t.refresh} onClick={retry}>
          <Icon name="refresh" size={18} />
        </button>
        {me && (
          <button type="button" className="button little primary" onClick={() => go({ at: 'write' })}>
            <Icon name="edit" size={16} />
            {t.newPost}
          </button>
        )}
      </div>
      <div className="scroll">
        <div className="page-width board">
          <div className="search">
            <Icon name="search" size={16} />
            <input
              type="search"
              className="input"
              value={search}
              maxLength={256}
              placeholder={t.searchPosts}
              aria-label={t.searchPosts}
              onChange={(event) => {
                setSearch(event.target.value);
                setAfter(undefined);
              }}
              onKeyDown={(event) => event.key === 'Escape' && setSearch('')}
            />
          </div>
          <List {...list} onMore={setAfter} empty={asked ? t.nothingFound : t.noPosts} className="posts">
            {list.nodes.map((post) => (
              <Card key={post.id} post={post} go={go} />
            ))}
          </List>
        </div>
      </div>
    </>
  );
}

function Card({ post, go }: { post: Post; go: Go }) {
  const t = useTexts();
  return (
    <li className="card" data-post={post.id}>
      <p className="byline">
        <Avatar user={post.author} little />
        <span className="clip">{post.author?.displayName ?? t.somebodyGone}</span>
        <Ago at={post.createdAt} />
      </p>
      <h3 className="card-title">
        <button type="button" onClick={() => go({ at: 'post', id: post.id })}>
          {post.title}
        </button>
      </h3>
      <p className="card-text">{post.body}</p>
      <div className="card-foot">
        <LikeButton subject={post} />
        <span className="counter">
          <Icon name="comment" size={18} />
          <span aria-hidden="true">{post.commentCount}</span>
          <span className="hidden-text">{t.comments(post.commentCount)}</span>
        </span>
      </div>
    </li>
  );
}
