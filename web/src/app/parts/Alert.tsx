import { useMutation } from 'urql';
import type { Notification } from '../data/types';
import { ArchiveNotificationDocument, MarkReadDocument, MarkUnreadDocument, MuteSubjectDocument } from '../generated/documents';
import { useTexts, type Texts } from '../i18n';
import { useLive, useMe } from '../live';
import type { Go, Main } from '../route';
import { Avatar } from '../ui/Avatar';
import { Icon, type IconName } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { Ago } from '../ui/Time';

const icons: Record<Notification['kind'], IconName> = { NOTE: 'notes', COMMENT: 'comment', REPLY: 'reply', MENTION: 'room', LIKE: 'heart' };

/** "A", "A and B", "A and 12 others". */
function who({ actors, actorCount }: Notification, t: Texts): string {
  const [first, second] = actors;
  if (!first) return t.one(t.somebodyGone);
  if (actorCount === 2 && second) return t.and(first.displayName, second.displayName);
  return actorCount > 1 ? t.andOthers(first.displayName, actorCount - 1) : t.one(first.displayName);
}

/** What was done, in a sentence. */
function sentence(notification: Notification, me: string, t: Texts): string {
  const { kind, subject, count } = notification;
  const name = who(notification, t);
  switch (kind) {
    case 'NOTE':
      return t.didNote(name, count);
    case 'LIKE':
      return subject?.__typename === 'Comment' ? t.didLikeComment(name) : t.didLikePost(name);
    case 'COMMENT':
      return subject?.__typename === 'Post' && subject.author?.id !== me ? t.didCommentToo(name) : t.didComment(name);
    case 'REPLY':
      return t.didReply(name);
    default:
      return t.didMention(name);
  }
}

/** What it is about, in its own words. */
function about({ subject }: Notification): string {
  switch (subject?.__typename) {
    case 'Post':
      return subject.title;
    case 'Comment':
    case 'Note':
      return subject.body;
    case 'Conversation':
      return subject.conversationTitle ?? (subject.name ? `#${subject.name}` : '');
    default:
      return '';
  }
}

function placeOf({ subject }: Notification): Main | undefined {
  switch (subject?.__typename) {
    case 'Post':
      return { at: 'post', id: subject.id };
    case 'Comment':
      return subject.post ? { at: 'post', id: subject.post.id, focus: subject.id } : undefined;
    case 'Note':
      return { at: 'conversation', id: subject.conversation.id };
    case 'Conversation':
      return { at: 'conversation', id: subject.id };
    default:
      return undefined;
  }
}

/** What "mute" would make quiet: the post or the conversation behind it. */
function mutable({ subject }: Notification): string | undefined {
  switch (subject?.__typename) {
    case 'Comment':
      return subject.post?.id;
    case 'Note':
      return subject.conversation.id;
    default:
      return subject?.id;
  }
}

export function Alert({ notification, go }: { notification: Notification; go: Go }) {
  const t = useTexts();
  const me = useMe();
  const { tell } = useLive();
  const [, markRead] = useMutation(MarkReadDocument);
  const [, markUnread] = useMutation(MarkUnreadDocument);
  const [, archive] = useMutation(ArchiveNotificationDocument);
  const [, mute] = useMutation(MuteSubjectDocument);
  const { id, isRead, kind } = notification;
  const place = placeOf(notification);
  const thread = mutable(notification);
  const text = about(notification);

  const open = () => {
    if (!isRead) void markRead({ input: { id } });
    if (place) go(place);
  };
  const mutedThread = async (subjectId: string) => {
    const { data, error } = await mute({ input: { subjectId } });
    tell(error ? t.failed : (data?.muteSubject.userErrors[0]?.message ?? t.muted));
  };
  return (
    <li className={`alert${isRead ? '' : ' unread'}`} data-alert={id}>
      <button type="button" className="row" onClick={open}>
        <span className="alert-face">
          <Avatar user={notification.actors[0]} />
          <span className="alert-kind">
            <Icon name={icons[kind]} size={12} filled={kind === 'LIKE'} />
          </span>
        </span>
        <span className="row-text">
          <span className="alert-text">{sentence(notification, me.id, t)}</span>
          {text && <span className="row-body clip">{text}</span>}
          <Ago at={notification.updatedAt} />
        </span>
      </button>
      <Menu
        label={t.alertActions}
        className="icon-button little"
        entries={[
          isRead
            ? { icon: 'alerts', label: t.markUnread, onChoose: () => void markUnread({ input: { id } }) }
            : { icon: 'check', label: t.markRead, onChoose: () => void markRead({ input: { id } }) },
          { icon: 'archive', label: t.archiveAlert, onChoose: () => void archive({ input: { id, archived: true } }) },
          !!thread && { icon: 'mute', label: t.muteThread, onChoose: () => void mutedThread(thread) },
        ]}
      />
    </li>
  );
}
