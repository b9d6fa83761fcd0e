import { useState } from 'react';
import { useMutation } from 'urql';
import type { Conversation } from '../data/types';
import { ArchiveConversationDocument, BlockUserDocument, LeaveConversationDocument, MuteConversationDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLine, useLive } from '../live';
import type { Go } from '../route';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { Face, others, titleOf } from './Conversations';
import { Details } from './Details';
import type { Activity } from './activity';

interface Props {
  readonly conversation: Conversation | undefined;
  readonly activity: Activity;
  readonly go: Go;
}

/** Who this is with, whether they are here, and what can be done with the whole of it. */
export function ConversationHead({ conversation, activity, go }: Props) {
  const t = useTexts();
  const { me } = useLive();
  const [showsDetails, setDetails] = useState(false);
  const line = useLine();
  const present = line === 'offline' ? 0 : [...activity.values()].filter(({ isPresent }) => isPresent).length;
  const isDirect = conversation?.kind === 'DIRECT';
  const presence = isDirect ? (present > 0 ? t.present : '') : present > 0 ? t.presentMany(present) : '';
  const size = conversation && !isDirect ? t.people(conversation.participantCount) : '';
  return (
    <div className="head">
      <button type="button" className="icon-button" aria-label={t.back} title={t.back} onClick={() => go(conversation && me ? 'notes' : { at: 'board' })} data-back="narrow">
        <Icon name="back" />
      </button>
      <button type="button" className="icon-button" aria-label={t.board} title={t.board} onClick={() => go({ at: 'board' })} data-back="wide">
        <Icon name="back" />
      </button>
      {conversation && (
        <>
          <Face conversation={conversation} little />
          <div className="head-text">
            <h2 className="clip">{titleOf(conversation, me?.id, t)}</h2>
            {(size || presence) && (
              <p className="small soft clip" aria-live="polite">
                {size}
                {size && presence && ' · '}
                {presence && (
                  <span className="presence">
                    <span className="dot" aria-hidden="true" />
                    {presence}
                  </span>
                )}
              </p>
            )}
          </div>
          {conversation.viewerParticipant && <Actions conversation={conversation} go={go} onDetails={() => setDetails(true)} />}
          {showsDetails && <Details conversation={conversation} onClose={() => setDetails(false)} />}
        </>
      )}
    </div>
  );
}

function Actions({ conversation, go, onDetails }: { conversation: Conversation; go: Go; onDetails: () => void }) {
  const t = useTexts();
  const { me, tell } = useLive();
  const [, mute] = useMutation(MuteConversationDocument);
  const [, archive] = useMutation(ArchiveConversationDocument);
  const [, leave] = useMutation(LeaveConversationDocument);
  const [, block] = useMutation(BlockUserDocument);
  const { id, kind, isMuted, isArchived } = conversation;
  const other = kind === 'DIRECT' ? others(conversation, me?.id)[0] : undefined;

  /** Does it, and says so when it could not be done. */
  const done = async (answer: Promise<{ data?: object; error?: unknown }>) => {
    const { data } = await answer;
    const payload = data && (Object.values(data)[0] as { userErrors: { message: string }[] });
    if (payload && payload.userErrors.length === 0) return true;
    tell(payload?.userErrors[0]?.message ?? t.failed);
    return false;
  };
  return (
    <Menu
      label={t.more}
      entries={[
        kind !== 'DIRECT' && { icon: 'info', label: t.details, onChoose: onDetails },
        { icon: isMuted ? 'alerts' : 'mute', label: isMuted ? t.unmuteConversation : t.muteConversation, onChoose: () => void done(mute({ input: { conversationId: id, muted: !isMuted } })) },
        { icon: 'archive', label: isArchived ? t.takeOut : t.putAway, onChoose: () => void done(archive({ input: { conversationId: id, archived: !isArchived } })) },
        kind !== 'DIRECT' && {
          icon: 'leave',
          label: t.leave,
          danger: true,
          onChoose: () => void done(leave({ input: { conversationId: id } })).then((ok) => ok && go({ at: 'board' })),
        },
        !!other && {
          icon: 'block',
          label: t.blockName(other.displayName),
          danger: true,
          onChoose: () =>
            void done(block({ input: { userId: other.id } })).then((ok) => {
              if (!ok) return;
              tell(t.blocked(other.displayName));
              go({ at: 'board' });
            }),
        },
      ]}
    />
  );
}
