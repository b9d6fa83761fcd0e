import { useEffect, useSyncExternalStore } from 'react';
import type { Page } from './App';
import type { Session } from './data/session';
import { useTexts } from './i18n';
import { LivePane, useLive } from './live';
import { Bell } from './parts/Bell';
import { Bar, BottomTabs } from './parts/Bar';
import { Mailbox } from './parts/Mailbox';
import { MainColumn } from './parts/MainColumn';
import { Welcome } from './parts/Welcome';
import { useRoute, type Go, type Route } from './route';
import { Boundary } from './ui/Boundary';
import { Waiting } from './ui/List';

interface Props {
  readonly page: Page;
  readonly session: Session;
  readonly isFront: boolean;
  readonly onBadge: (count: number) => void;
}

/** The whole app of one user. */
export function Pane({ page, session, isFront, onBadge }: Props) {
  const t = useTexts();
  const state = useSyncExternalStore(session.subscribe, session.snapshot);
  const isFirst = session.pane === 'a';
  // Where one is outlives the session: who signs in again is there again.
  const [route, go] = useRoute(isFirst);
  // The one in front is the page itself, and what it holds are the page's landmarks; the other is a landmark as a whole.
  const landmark = isFront ? {} : { role: 'region', 'aria-label': isFirst ? t.firstUser : t.secondUser };
  return (
    <div className={`pane${isFront ? ' front' : ''}`} {...landmark}>
      <Boundary message={t.broken} action={t.reload}>
        <LivePane key={state.generation} session={session} state={state}>
          <Places page={page} isFirst={isFirst} isFront={isFront} isSigned={state.token !== undefined} route={route} go={go} onBadge={onBadge} />
        </LivePane>
      </Boundary>
    </div>
  );
}

interface PlacesProps {
  readonly page: Page;
  readonly isFirst: boolean;
  readonly isFront: boolean;
  readonly isSigned: boolean;
  readonly route: Route;
  readonly go: Go;
  readonly onBadge: (count: number) => void;
}

function Places({ page, isFirst, isFront, isSigned, route, go, onBadge }: PlacesProps) {
  const { unread, me } = useLive();
  // The title carries the bell's badge, or else the unread notes: a note raises both.
  const badge = unread ? unread.unseenNotifications || unread.notes : 0;
  useEffect(() => onBadge(badge), [badge, onBadge]);
  return (
    <div className="pane-grid" data-view={route.view} data-main={route.main.at}>
      <Bar page={page} isFirst={isFirst} isFront={isFront} isSigned={isSigned} route={route} go={go} />
      <div className={isSigned ? 'columns' : 'columns two'} role={isFront ? 'main' : undefined}>
        {isSigned ? me ? <Mailbox route={route} go={go} /> : <div className="column notes" /> : <Welcome />}
        {isSigned && !me ? (
          <div className="column main">
            <Waiting />
          </div>
        ) : (
          <MainColumn route={route} go={go} isFirst={isFirst} />
        )}
        {isSigned && (me ? <Bell go={go} /> : <div className="column alerts" />)}
      </div>
      <BottomTabs isSigned={isSigned} route={route} go={go} />
    </div>
  );
}
