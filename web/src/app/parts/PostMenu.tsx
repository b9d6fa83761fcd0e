import { useState } from 'react';
import { useMutation } from 'urql';
import type { Post } from '../data/types';
import { DeletePostDocument, MuteSubjectDocument, UnmuteSubjectDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive } from '../live';
import type { Go } from '../route';
import { Confirm } from '../ui/Confirm';
import { Menu } from '../ui/Menu';

export function PostMenu({ post, go, onEdit }: { post: Post; go: Go; onEdit: () => void }) {
  const t = useTexts();
  const { me, tell } = useLive();
  const [isAsking, setAsking] = useState(false);
  const [, mute] = useMutation(MuteSubjectDocument);
  const [, unmute] = useMutation(UnmuteSubjectDocument);
  const [, remove] = useMutation(DeletePostDocument);
  const { author, viewerIsWatching } = post;
  const isMine = !!author && author.id === me?.id;

  const toggle = async () => {
    const input = { subjectId: post.id };
    const { error } = viewerIsWatching ? await mute({ input }) : await unmute({ input });
    if (error) tell(t.failed);
  };
  const removed = async () => {
    const { data } = await remove({ input: { postId: post.id } });
    if (data?.deletePost.deletedPostId) go({ at: 'board' });
    else tell(data?.deletePost.userErrors[0]?.message ?? t.failed);
  };
  return (
    <>
      <Menu
        label={t.postActions}
        entries={[
          !!author && !isMine && { icon: 'notes', label: t.writeTo(author.displayName), onChoose: () => go({ at: 'new', to: author.id }) },
          { icon: viewerIsWatching ? 'mute' : 'alerts', label: viewerIsWatching ? t.unwatch : t.watch, onChoose: () => void toggle() },
          isMine && { icon: 'edit', label: t.edit, onChoose: onEdit },
          isMine && { icon: 'trash', label: t.delete, danger: true, onChoose: () => setAsking(true) },
        ]}
      />
      {isAsking && <Confirm question={t.deletePostSure} action={t.delete} onClose={() => setAsking(false)} onConfirm={() => void removed()} />}
    </>
  );
}
