import { useState, type FormEvent } from 'react';
import { useMutation } from 'urql';
import type { Conversation } from '../data/types';
import { AddParticipantsDocument, ParticipantsDocument, RemoveParticipantDocument, RenameConversationDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive } from '../live';
import { Avatar } from '../ui/Avatar';
import { Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { List, useList } from '../ui/List';
import { PeopleField } from './PeopleField';

/** A group or a room: what it is called and who takes part, and for its owner, to change that. */
export function Details({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const t = useTexts();
  const { me, tell } = useLive();
  const { id, kind, viewerParticipant } = conversation;
  const isOwner = viewerParticipant?.role === 'OWNER';
  const [after, setAfter] = useState<string>();
  const [, rename] = useMutation(RenameConversationDocument);
  const [, add] = useMutation(AddParticipantsDocument);
  const [, remove] = useMutation(RemoveParticipantDocument);
  const [title, setTitle] = useState(conversation.title ?? '');
  const list = useList({ query: ParticipantsDocument, variables: { id, after } }, ({ node }) => (node?.__typename === 'Conversation' ? node.members : undefined));

  const renamed = async (event: FormEvent) => {
    event.preventDefault();
    const { data } = await rename({ input: { conversationId: id, title } });
    if (!data?.renameConversation.conversation) tell(data?.renameConversation.userErrors[0]?.message ?? t.failed);
  };
  const added = async (userId: string) => {
    const { data } = await add({ input: { conversationId: id, userIds: [userId] } });
    if (data?.addParticipants.conversation) list.retry();
    else tell(data?.addParticipants.userErrors[0]?.message ?? t.failed);
  };
  const removed = async (userId: string) => {
    const { data } = await remove({ input: { conversationId: id, userId } });
    if (data?.removeParticipant.conversation) list.retry();
    else tell(data?.removeParticipant.userErrors[0]?.message ?? t.failed);
  };
  return (
    <Dialog title={t.details} onClose={onClose}>
      <div className="form">
        {isOwner && (
          <form className="inline-form" onSubmit={(event) => void renamed(event)}>
            <Field label={t.roomTitle}>
              <input className="input" value={title} maxLength={100} onChange={(event) => setTitle(event.target.value)} required />
            </Field>
            <button type="submit" className="button" disabled={title.trim() === '' || title === conversation.title}>
              {t.rename}
            </button>
          </form>
        )}
        {kind === 'GROUP' && <PeopleField label={t.addPeople} chosen={[]} onAdd={(user) => void added(user.id)} />}
        <h3>{t.people(conversation.participantCount)}</h3>
        <List {...list} onMore={setAfter} empty="" className="people">
          {list.nodes.map(({ id: participantId, user, role }) => (
            <li key={participantId} className="person">
              <Avatar user={user} little />
              <span className="clip">{user?.displayName ?? t.somebodyGone}</span>
              {user && <span className="soft small clip">@{user.username}</span>}
              <span className="spacer" />
              {role === 'OWNER' && <span className="soft small">{t.owner}</span>}
              {isOwner && user && user.id !== me?.id && (
                <button type="button" className="button quiet little danger" onClick={() => void removed(user.id)}>
                  {t.remove}
                </button>
              )}
            </li>
          ))}
        </List>
      </div>
    </Dialog>
  );
}
