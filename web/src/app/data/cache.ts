import { cacheConfig } from '@notewire/client/urql';
import { cacheExchange, type Cache, type UpdateResolver, type Variables } from '@urql/exchange-graphcache';
import { append, prepend, raise, remove, type Key } from './lists';
import { lists } from './pages';

interface Placed {
  readonly id: string;
  readonly isArchived?: boolean;
  readonly isRequest?: boolean;
}

function viewerKey(cache: Cache): Key | undefined {
  const key = cache.resolve('Query', 'viewer');
  return typeof key === 'string' ? key : undefined;
}

const boxes: readonly { readonly archived: boolean; readonly requests: boolean }[] = [
  { archived: false, requests: false },
  { archived: true, requests: false },
  { archived: false, requests: true },
];

/** Moves a conversation to the one list of the mailbox where it belongs. */
function placeConversation(cache: Cache, conversation: Placed, gone = false): void {
  const viewer = viewerKey(cache);
  const key = `Conversation:${conversation.id}`;
  if (!viewer) return;
  for (const box of boxes) {
    const fits = (args: Variables) => !!args.archived === box.archived && !!args.requests === box.requests;
    const here = !gone && box.requests === !!conversation.isRequest && box.archived === (!conversation.isRequest && !!conversation.isArchived);
    if (here) prepend(cache, viewer, 'conversations', key, fits);
    else remove(cache, viewer, 'conversations', key, fits);
  }
}

function placeNotification(cache: Cache, { id, isArchived }: Placed, gone = false): void {
  const viewer = viewerKey(cache);
  if (!viewer) return;
  if (gone || isArchived) remove(cache, viewer, 'notifications', `Notification:${id}`);
  else prepend(cache, viewer, 'notifications', `Notification:${id}`);
}

/** The last like was taken back: how many there are now is asked where it is shown. */
function forgetLikes(cache: Cache, id: string): void {
  const subject = cache.resolve(`Notification:${id}`, 'subject');
  if (typeof subject === 'string' && cache.resolve(subject, 'likeCount')) cache.invalidate(subject, 'likeCount');
}

interface NoteOf {
  readonly id: string;
  readonly conversation: Placed;
}

/** A note that is told of by the answer to a mutation, which may overtake older ones. */
function addNote(cache: Cache, note: NoteOf): void {
  prepend(cache, `Conversation:${note.conversation.id}`, 'notes', `Note:${note.id}`);
}

/** A note that is told of by the log of its conversation: the logs have the order in which notes are to stand. */
function placeNote(cache: Cache, note: NoteOf): void {
  raise(cache, `Conversation:${note.conversation.id}`, 'notes', `Note:${note.id}`);
}

function removeNote(cache: Cache, id: string): void {
  const conversation = cache.resolve(`Note:${id}`, 'conversation');
  if (typeof conversation === 'string') remove(cache, conversation, 'notes', `Note:${id}`);
}

interface StreamEvent {
  readonly __typename: string;
  readonly note?: NoteOf;
  readonly noteId?: string;
  readonly conversation?: Placed;
  readonly conversationId?: string;
  readonly notification?: Placed;
  readonly notificationId?: string;
}

/** What an event changes beyond the objects that it brings, which are taken in by their identifiers: the lists. */
function applyEvent(event: StreamEvent, cache: Cache): void {
  switch (event.__typename) {
    case 'NoteReceived':
    case 'NoteSent':
      // A room has a log of its own.
      if (cache.resolve(`Conversation:${event.note!.conversation.id}`, 'kind') === 'ROOM') addNote(cache, event.note!);
      else placeNote(cache, event.note!);
      placeConversation(cache, event.note!.conversation);
      break;
    case 'NoteDeleted':
      removeNote(cache, event.noteId!);
      break;
    case 'ConversationChanged':
      placeConversation(cache, event.conversation!);
      break;
    case 'ConversationRemoved':
      placeConversation(cache, { id: event.conversationId! }, true);
      break;
    case 'NotificationReceived':
    case 'NotificationChanged':
      placeNotification(cache, event.notification!);
      break;
    case 'NotificationRetracted':
      forgetLikes(cache, event.notificationId!);
      placeNotification(cache, { id: event.notificationId! }, true);
      break;
  }
}

/** An update of the cache by the payload of a field, whose shape the document gives. */
function update<T>(apply: (payload: T, cache: Cache) => void, field: string): UpdateResolver {
  return (result, _args, cache) => {
    const payload = (result as Record<string, T | null>)[field];
    if (payload) apply(payload, cache);
  };
}

function updates<T extends Record<string, (payload: never, cache: Cache) => void>>(all: T) {
  return Object.fromEntries(Object.entries(all).map(([field, apply]) => [field, update(apply, field)]));
}

type Conversed = { conversation: Placed | null };
const place = ({ conversation }: Conversed, cache: Cache) => conversation && placeConversation(cache, conversation);

const mutations = updates({
  sendNote: ({ note, conversation }: Conversed & { note: NoteOf | null }, cache) => {
    if (note) addNote(cache, note);
    if (conversation) placeConversation(cache, conversation);
  },
  deleteNote: ({ deletedNoteId }: { deletedNoteId: string | null }, cache) => {
    if (deletedNoteId) removeNote(cache, deletedNoteId);
  },
  archiveConversation: place,
  acceptRequest: place,
  joinRoom: place,
  createGroup: place,
  createRoom: (payload: Conversed, cache) => {
    place(payload, cache);
    if (payload.conversation) prepend(cache, 'Query', 'rooms', `Conversation:${payload.conversation.id}`, (args) => !args.search);
  },
  declineRequest: ({ conversation }: Conversed, cache) => {
    if (conversation) placeConversation(cache, conversation, true);
  },
  leaveConversation: ({ leftConversationId: id }: { leftConversationId: string | null }, cache) => {
    if (id) placeConversation(cache, { id }, true);
  },
  archiveNotification: ({ notification }: { notification: Placed | null }, cache) => {
    if (notification) placeNotification(cache, notification);
  },
  createPost: ({ post }: { post: { id: string } | null }, cache) => {
    if (post) prepend(cache, 'Query', 'posts', `Post:${post.id}`, (args) => !args.search);
  },
  deletePost: ({ deletedPostId }: { deletedPostId: string | null }, cache) => {
    if (deletedPostId) remove(cache, 'Query', 'posts', `Post:${deletedPostId}`);
  },
  deleteComment: ({ deletedCommentId, comment, post }: Deleted, cache) => {
    if (deletedCommentId && post && !comment) remove(cache, `Post:${post.id}`, 'comments', `Comment:${deletedCommentId}`);
  },
  addComment: ({ comment }: { comment: CommentOf | null }, cache) => {
    if (comment) addComment(cache, comment);
  },
});

interface CommentOf {
  readonly id: string;
  readonly deletedAt: string | null;
  readonly replyCount: number;
  readonly post: { readonly id: string } | null;
}

interface Deleted {
  readonly deletedCommentId: string | null;
  readonly comment: object | null;
  readonly post: { readonly id: string } | null;
}

/** Puts a comment where it belongs; one that was deleted and has no answers belongs nowhere. */
function addComment(cache: Cache, { id, deletedAt, replyCount, post }: CommentOf): void {
  if (!post) return;
  const change = deletedAt !== null && replyCount === 0 ? remove : append;
  change(cache, `Post:${post.id}`, 'comments', `Comment:${id}`);
}

const subscriptions = updates({
  events: applyEvent,
  roomNoteAdded: ({ note }: { note: NoteOf }, cache) => placeNote(cache, note),
  commentAdded: ({ comment }: { comment: CommentOf }, cache) => addComment(cache, comment),
});

/** The normalised cache of one pane: each object once, whichever way it came. */
export function cache() {
  return cacheExchange({
    ...cacheConfig,
    // Participants are shown page by page only in one place, which asks for them by another number.
    resolvers: { ...lists, Conversation: { notes: lists.Conversation!.notes! } },
    updates: { Mutation: mutations, Subscription: subscriptions },
  });
}
