import type { UnreadPartsFragment, UserPartsFragment } from '@notewire/client/documents';
import type * as documents from '../generated/documents';

export type Person = UserPartsFragment;
export type Counts = UnreadPartsFragment;
export type Conversation = documents.ConversationItemFragment;
export type Note = documents.NoteItemFragment;
export type Post = documents.PostItemFragment;
export type Comment = documents.CommentItemFragment;
export type Notification = documents.NotificationItemFragment;
export type Mistake = documents.MistakeFragment;
