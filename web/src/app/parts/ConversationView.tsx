import { useEffect, useRef, useState } from 'react';
import { useMutation, useQuery, useSubscription } from 'urql';
import type { Conversation, Note } from '../data/types';
import { ConversationDocument, MarkConversationReadDocument, RoomNotesDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useEnded, useLine, useLive } from '../live';
import type { Go } from '../route';
import { Waiting } from '../ui/List';
import { useVisible } from '../ui/visible';
import { Composer } from './Composer';
import { ConversationHead } from './ConversationHead';
import { NoteList } from './NoteList';
import { JoinToWrite, RequestBanner } from './RequestBanner';
import { typingNames, useActivity } from './activity';

/** One conversation: what was written in it, who is there, and the field to write. */
export function ConversationView({ id, go }: { id: string; go: Go }) {
  const t = useTexts();
  const { me } = useLive();
  const line = useLine();
  const [after, setAfter] = useState<string>();
  const [replyTo, setReplyTo] = useState<Note>();
  const [{ data, fetching, error }, again] = useQuery({ query: ConversationDocument, variables: { id, after } });
  const conversation = data?.node?.__typename === 'Conversation' ? data.node : undefined;
  const activity = useActivity(id, me?.id, !!conversation && (!!conversation.viewerParticipant || (conversation.kind === 'ROOM' && !!me)));
  useRoomNotes(conversation, () => again({ requestPolicy: 'network-only' }));

  // What could not be read while the line was down is asked for again when it is back.
  const isBack = line === 'connected';
  useEffect(() => {
    if (isBack && error?.networkError) again({ requestPolicy: 'network-only' });
  }, [isBack, error, again]);

  const notes = conversation?.notes.nodes;
  useReading(conversation, notes?.[0]);

  if (!conversation || !notes) {
    return (
      <>
        <ConversationHead conversation={undefined} activity={activity} go={go} />
        {fetching ? (
          <Waiting />
        ) : (
          <div className="state">
            <p>{error ? t.failed : me ? t.conversationGone : t.signInToRead}</p>
            <button type="button" className="button" onClick={() => (error ? again({ requestPolicy: 'network-only' }) : go({ at: 'board' }))}>
              {error ? t.retry : t.back}
            </button>
          </div>
        )}
      </>
    );
  }
  const { hasNextPage, endCursor } = conversation.notes.pageInfo;
  return (
    <>
      <ConversationHead conversation={conversation} activity={activity} go={go} />
      <div className="conversation">
        <NoteList
          conversation={conversation}
          notes={notes}
          activity={activity}
          isLoadingOlder={fetching && after !== undefined}
          onOlder={hasNextPage && endCursor ? () => setAfter(endCursor) : undefined}
          onReply={setReplyTo}
        />
        <p className="typing small soft" role="status">
          {line === 'offline' ? t.offlineHint : typingNames(activity, t)}
        </p>
        {conversation.isRequest && <RequestBanner conversation={conversation} go={go} />}
        {conversation.viewerParticipant ? (
          <Composer key={id} place={id} conversationId={id} replyTo={replyTo} onReplied={() => setReplyTo(undefined)} />
        ) : (
          <JoinToWrite conversation={conversation} />
        )}
      </div>
    </>
  );
}

/** A room's notes come by its own log. */
function useRoomNotes(conversation: Conversation | undefined, look: () => void) {
  const [{ error }] = useSubscription({
    query: RoomNotesDocument,
    variables: { roomId: conversation?.id ?? '' },
    pause: conversation?.kind !== 'ROOM',
  });
  useEnded(error, look);
}

/** Says that the newest note was read, while it is before somebody's eyes. */
function useReading(conversation: Conversation | undefined, newest: Note | undefined) {
  const isVisible = useVisible();
  const [, markRead] = useMutation(MarkConversationReadDocument);
  const id = conversation?.id;
  const upTo = newest?.id;
  const isMine = newest?.isMine;
  const { kind, unreadCount = 0, viewerParticipant } = conversation ?? {};
  const last = useRef<string>(undefined);
  const canRead = isVisible && !!viewerParticipant;
  useEffect(() => {
    if (!canRead || !id || !upTo) return;
    // The notes of a room come without its counter.
    const isNewInRoom = kind === 'ROOM' && !isMine && last.current !== undefined && last.current !== upTo;
    last.current = upTo;
    if (unreadCount > 0 || isNewInRoom) void markRead({ input: { conversationId: id, upToNoteId: upTo } });
  }, [canRead, id, upTo, isMine, kind, unreadCount, markRead]);
}
