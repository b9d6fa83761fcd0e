import { useState } from 'react';
import { useMutation } from 'urql';
import { BellDocument, MarkAllReadDocument, MarkSeenDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLandmark, useLive } from '../live';
import type { Go } from '../route';
import { List, useList } from '../ui/List';
import { Alert } from './Alert';

/** The bell: what happened, grouped. It counts as seen when the reader comes to it: with the pointer, the focus, or its tab. */
export function Bell({ go }: { go: Go }) {
  const t = useTexts();
  const named = useLandmark();
  const { unread, tell } = useLive();
  const [after, setAfter] = useState<string>();
  const [onlyUnread, setOnlyUnread] = useState(false);
  const [{ fetching: seeing }, markSeen] = useMutation(MarkSeenDocument);
  const [, markAllRead] = useMutation(MarkAllReadDocument);
  const list = useList({ query: BellDocument, variables: { after } }, (data) => data.viewer?.notifications);
  const nodes = list.nodes.toSorted((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)).filter(({ isRead }) => !onlyUnread || !isRead);
  const unseen = unread?.unseenNotifications ?? 0;

  const seen = () => {
    if (unseen > 0 && !seeing) void markSeen({});
  };
  const allRead = async () => {
    const { data } = await markAllRead({});
    if (!data || data.markAllNotificationsRead.userErrors.length > 0) tell(t.failed);
  };
  return (
    <section className="column alerts" aria-label={named(t.alerts)} onPointerEnter={seen} onPointerDown={seen} onFocus={seen}>
      <div className="head">
        <h2>
          {t.alerts}
          {unseen > 0 && (
            <span className="badge head-badge" data-unseen={unseen}>
              <span aria-hidden="true">{unseen > 99 ? '99+' : unseen}</span>
              <span className="hidden-text">{t.unread(unseen)}</span>
            </span>
          )}
        </h2>
        <button type="button" className="button quiet little" onClick={() => void allRead()} disabled={!unread?.notifications}>
          {t.allRead}
        </button>
      </div>
      <div className="scroll">
        <div className="mailbox-tools">
          <button type="button" className="tab" aria-pressed={onlyUnread} onClick={() => setOnlyUnread(!onlyUnread)}>
            {t.onlyUnread}
          </button>
        </div>
        <List {...list} isEmpty={!list.isLoading && !list.isFailed && nodes.length === 0 && !list.next} onMore={setAfter} empty={t.noAlerts}>
          {nodes.map((notification) => (
            <Alert key={notification.id} notification={notification} go={go} />
          ))}
        </List>
      </div>
    </section>
  );
}
