import { useState } from 'react';
import { draftOf } from '../data/drafts';
import type { Conversation } from '../data/types';
import { MailboxDocument } from '../generated/documents';
import { useTexts, type Texts } from '../i18n';
import { useLive, useMe } from '../live';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { List, useList } from '../ui/List';
import { Ago } from '../ui/Time';

/** The others of a conversation, as far as they were asked for: four at most. */
export function others(conversation: Conversation, me: string | undefined) {
  return conversation.participants.nodes.map(({ user }) => user).filter((user) => user?.id !== me);
}

/** What a conversation is called: its title, or those who take part. */
export function titleOf(conversation: Conversation, me: string | undefined, t: Texts): string {
  if (conversation.title) return conversation.title;
  if (conversation.kind === 'ROOM') return `#${conversation.name}`;
  const names = others(conversation, me).map((user) => user?.displayName ?? t.somebodyGone);
  return names.join(', ') || t.group;
}

interface Props {
  readonly box: 'inbox' | 'requests' | 'archive';
  readonly chosen: string | undefined;
  readonly onOpen: (id: string) => void;
}

export function Conversations({ box, chosen, onOpen }: Props) {
  const t = useTexts();
  const [after, setAfter] = useState<string>();
  const variables = { archived: box === 'archive', requests: box === 'requests', after };
  const list = useList({ query: MailboxDocument, variables }, (data) => data.viewer?.conversations);
  // The newest first, whichever way they came into the cache.
  const nodes = list.nodes.toSorted((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
  const empty = { inbox: t.noConversations, requests: t.noRequests, archive: t.noArchive }[box];
  return (
    <List {...list} onMore={setAfter} empty={empty}>
      {nodes.map((conversation) => (
        <Row key={conversation.id} conversation={conversation} isChosen={conversation.id === chosen} onOpen={onOpen} />
      ))}
    </List>
  );
}

interface RowProps {
  readonly conversation: Conversation;
  readonly isChosen: boolean;
  readonly onOpen: (id: string) => void;
}

export function Row({ conversation, isChosen, onOpen }: RowProps) {
  const t = useTexts();
  const me = useMe();
  const { lastNote, unreadCount, kind } = conversation;
  const draft = isChosen ? '' : draftOf(me.id, conversation.id);
  const text = lastNote?.unsentAt ? t.noteGone : (lastNote?.body ?? '');
  const isUnread = unreadCount > 0 && !isChosen;
  return (
    <li>
      <button
        type="button"
        className={`row${isUnread ? ' unread' : ''}`}
        aria-current={isChosen ? 'true' : undefined}
        data-conversation={conversation.id}
        onClick={() => onOpen(conversation.id)}
      >
        <Face conversation={conversation} />
        <span className="row-text">
          <span className="row-line">
            <span className="row-title clip">{titleOf(conversation, me.id, t)}</span>
            {conversation.isMuted && <Icon name="mute" size={14} />}
            {lastNote && <Ago at={lastNote.createdAt} />}
          </span>
          <span className="row-line">
            <span className="row-body clip">
              {draft ? (
                <>
                  <span className="draft">{t.draft}</span> {draft}
                </>
              ) : lastNote?.isMine && !lastNote.unsentAt ? (
                t.youWrote(text)
              ) : kind === 'DIRECT' || !lastNote?.sender ? (
                text
              ) : (
                `${lastNote.sender.displayName}: ${text}`
              )}
            </span>
            {isUnread && (
              <span className="badge">
                <span aria-hidden="true">{unreadCount > 99 ? '99+' : unreadCount}</span>
                <span className="hidden-text">{t.unread(unreadCount)}</span>
              </span>
            )}
          </span>
        </span>
      </button>
    </li>
  );
}

/** The other's picture, or the sign of a group or a room. */
export function Face({ conversation, little = false }: { conversation: Conversation; little?: boolean }) {
  const { me } = useLive();
  if (conversation.kind === 'DIRECT') return <Avatar user={others(conversation, me?.id)[0]} little={little} />;
  return (
    <span className={`avatar plain${little ? ' little' : ''}`} aria-hidden="true">
      <Icon name={conversation.kind === 'ROOM' ? 'room' : 'group'} size={little ? 16 : 20} />
    </span>
  );
}
