/** What an event changes beyond the objects that it carries: a cache finds those by their `id` and needs no help. */
export interface Changes {
  /** Fields of Viewer whose lists have another order or content now. */
  readonly lists: readonly ('conversations' | 'notes' | 'notifications')[];
  /** The conversation whose notes are more now. */
  readonly notesOf?: string | undefined;
  /** The object that is no more. */
  readonly gone?: { readonly __typename: 'Note' | 'Conversation' | 'Notification'; readonly id: string } | undefined;
  /** Events are missing between what is shown and what comes: all of it is to be fetched again. */
  readonly isReset?: boolean;
}

/** What the subject of a notification that is gone has less of. */
export const counts = ['likeCount', 'commentCount', 'replyCount'] as const;

interface AnyEvent {
  readonly __typename?: string;
  readonly resumed?: boolean;
  readonly note?: { readonly conversation?: { readonly id: string } };
  readonly noteId?: string;
  readonly conversationId?: string;
  readonly notificationId?: string;
}

const gone = (__typename: 'Note' | 'Conversation' | 'Notification', id: string | undefined) => (id === undefined ? undefined : { __typename, id });

/** Says whether what is shown changes by more than the objects that an event carries. */
export const changesShown = ({ lists, notesOf, gone, isReset }: Changes) => lists.length > 0 || notesOf !== undefined || gone !== undefined || isReset === true;

/** Says what an event of the subscription `events` changes. */
export function changes(event: AnyEvent): Changes {
  switch (event.__typename) {
    case 'StreamReady':
      return { lists: [], isReset: event.resumed === false };
    case 'NoteReceived':
    case 'NoteSent':
      return { lists: ['conversations', 'notes'], notesOf: event.note?.conversation?.id };
    case 'ConversationChanged':
      return { lists: ['conversations'] };
    case 'NotificationReceived':
    case 'NotificationChanged':
      return { lists: ['notifications'] };
    case 'NoteDeleted':
      return { lists: [], gone: gone('Note', event.noteId) };
    case 'ConversationRemoved':
      return { lists: [], gone: gone('Conversation', event.conversationId) };
    case 'NotificationRetracted':
      return { lists: [], gone: gone('Notification', event.notificationId) };
    default:
      return { lists: [] };
  }
}
