import { useMutation } from 'urql';
import type { Conversation } from '../data/types';
import { AcceptRequestDocument, BlockUserDocument, DeclineRequestDocument, JoinRoomDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive } from '../live';
import type { Go } from '../route';
import { others, titleOf } from './Conversations';

/** What to do with what a stranger has begun. */
export function RequestBanner({ conversation, go }: { conversation: Conversation; go: Go }) {
  const t = useTexts();
  const { me, tell } = useLive();
  const [, accept] = useMutation(AcceptRequestDocument);
  const [, decline] = useMutation(DeclineRequestDocument);
  const [, block] = useMutation(BlockUserDocument);
  const input = { conversationId: conversation.id };
  const other = conversation.kind === 'DIRECT' ? others(conversation, me?.id)[0] : undefined;
  const name = titleOf(conversation, me?.id, t);

  const accepted = async () => {
    const { data } = await accept({ input });
    if (!data?.acceptRequest.conversation) tell(data?.acceptRequest.userErrors[0]?.message ?? t.failed);
  };
  const declined = async () => {
    const { data } = await decline({ input });
    if (data && data.declineRequest.userErrors.length === 0) go({ at: 'board' });
    else tell(data?.declineRequest.userErrors[0]?.message ?? t.failed);
  };
  const blocked = async (userId: string) => {
    const { data } = await block({ input: { userId } });
    if (!data?.blockUser.user) return tell(data?.blockUser.userErrors[0]?.message ?? t.failed);
    tell(t.blocked(name));
    go({ at: 'board' });
  };
  return (
    <div className="banner" role="group" aria-label={t.requests}>
      <p>{t.requestText(name)}</p>
      <div className="actions">
        <button type="button" className="button primary" onClick={() => void accepted()}>
          {t.accept}
        </button>
        <button type="button" className="button" onClick={() => void declined()}>
          {t.decline}
        </button>
        {other && (
          <button type="button" className="button danger" onClick={() => void blocked(other.id)}>
            {t.block}
          </button>
        )}
      </div>
    </div>
  );
}

/** Where one may read and not yet write. */
export function JoinToWrite({ conversation }: { conversation: Conversation }) {
  const t = useTexts();
  const { me, tell } = useLive();
  const [{ fetching }, join] = useMutation(JoinRoomDocument);
  if (!me) return <p className="banner soft">{t.signInToWrite}</p>;
  if (conversation.kind !== 'ROOM') return null;
  const enter = async () => {
    const { data } = await join({ input: { roomId: conversation.id } });
    if (!data?.joinRoom.conversation) tell(data?.joinRoom.userErrors[0]?.message ?? t.failed);
  };
  return (
    <div className="banner spread">
      <p>{t.joinToWrite}</p>
      <button type="button" className="button primary" onClick={() => void enter()} disabled={fetching}>
        {t.join}
      </button>
    </div>
  );
}
