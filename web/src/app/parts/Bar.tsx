import { useMutation } from 'urql';
import type { Page } from '../App';
import { LogoutDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLandmark, useLine, useLive } from '../live';
import type { Go, Route } from '../route';
import { Avatar } from '../ui/Avatar';
import { Icon, type IconName } from '../ui/Icon';
import { Menu, type MenuEntry } from '../ui/Menu';

interface Props {
  readonly page: Page;
  readonly isFirst: boolean;
  readonly isFront: boolean;
  readonly isSigned: boolean;
  readonly route: Route;
  readonly go: Go;
}

/** The head of a pane: where one can go, how the line stands, who is signed in. */
export function Bar({ page, isFirst, isFront, isSigned, route, go }: Props) {
  const t = useTexts();
  const named = useLandmark();
  const { me } = useLive();
  return (
    <div className="bar" role={isFront ? 'banner' : undefined}>
      {isFirst ? (
        <a className="brand" href="#/board">
          <img src={new URL('../../icon.svg', import.meta.url).href} alt="" width="26" height="26" />
          <h1 className="brand-name">Notewire</h1>
        </a>
      ) : (
        <span className="brand">
          <h1 className="clip">{me?.displayName ?? t.secondUser}</h1>
        </span>
      )}
      <nav className="nav" aria-label={named(t.places)}>
        {isSigned && <Places route={route} go={go} className="tab" />}
      </nav>
      <span className="spacer" />
      <LineDot />
      {isFirst && <PageActions page={page} />}
      {!isFirst && (
        <button type="button" className="icon-button" aria-label={t.closeSecond} title={t.closeSecond} onClick={() => page.setSplit(false)}>
          <Icon name="close" />
        </button>
      )}
      {me && <AccountMenu go={go} />}
    </div>
  );
}

/** Colour and word together say how the line stands; the word is read aloud when it changes. */
function LineDot() {
  const t = useTexts();
  const line = useLine();
  const { me } = useLive();
  if (!me) return null;
  return (
    <span className="line-state" role="status" title={t[line]}>
      <span className={`dot ${line}`} aria-hidden="true" />
      <span className={line === 'offline' ? '' : 'hidden-text'}>{t[line]}</span>
    </span>
  );
}

function PageActions({ page }: { page: Page }) {
  const t = useTexts();
  const theme = (name: 'auto' | 'light' | 'dark', label: string): MenuEntry => ({
    label,
    checked: page.theme === name,
    onChoose: () => page.setTheme(name),
  });
  const split = { icon: 'split', label: page.split ? t.closeSecond : t.openSecond, onChoose: () => page.setSplit(!page.split) } as const;
  const traffic = { icon: 'traffic', label: t.traffic, onChoose: () => page.setTraffic(!page.showsTraffic) } as const;
  return (
    <>
      <button type="button" className="icon-button roomy" aria-label={split.label} title={split.label} aria-pressed={page.split} onClick={split.onChoose}>
        <Icon name="split" />
      </button>
      <button type="button" className="icon-button roomy" aria-label={traffic.label} title={traffic.label} aria-pressed={page.showsTraffic} onClick={traffic.onChoose}>
        <Icon name="traffic" />
      </button>
      <Menu
        label={t.settings}
        button={<Icon name="settings" />}
        entries={[
          split,
          traffic,
          { icon: 'board', label: t.language, onChoose: () => page.setLanguage(page.language === 'ko' ? 'en' : 'ko') },
          theme('auto', t.themeAuto),
          theme('light', t.themeLight),
          theme('dark', t.themeDark),
          { icon: 'info', label: t.about, onChoose: () => page.setAbout(true) },
        ]}
      />
    </>
  );
}

function AccountMenu({ go }: { go: Go }) {
  const t = useTexts();
  const { me, session } = useLive();
  const [, logout] = useMutation(LogoutDocument);
  const leave = async () => {
    // Without an answer the token is forgotten here all the same.
    await logout({}).catch(() => undefined);
    go({ at: 'board' });
    session.signOut();
  };
  return (
    <Menu
      label={`${t.account}: ${t.signedInAs(me!.displayName)}`}
      className="who"
      button={
        <>
          <Avatar user={me} little />
          <span className="name clip">{me!.displayName}</span>
        </>
      }
      entries={[{ icon: 'leave', label: `${t.signOut} (@${me!.username})`, onChoose: () => void leave() }]}
    />
  );
}

interface PlacesProps {
  readonly route: Route;
  readonly go: Go;
  readonly className: string;
}

/** The three places, with their badges: a row in the bar, or tabs at the bottom. */
function Places({ route, go, className }: PlacesProps) {
  const t = useTexts();
  const { unread } = useLive();
  const place = (name: 'notes' | 'board' | 'alerts', icon: IconName, isHere: boolean, count: number, open: () => void) => (
    <button type="button" className={className} aria-current={isHere ? 'page' : undefined} data-place={name} onClick={open}>
      {className === 'bottom-tab' && <Icon name={icon} />}
      {t[name]}
      {count > 0 && (
        <span className="badge">
          <span aria-hidden="true">{count > 99 ? '99+' : count}</span>
          <span className="hidden-text">{t.unread(count)}</span>
        </span>
      )}
    </button>
  );
  return (
    <>
      {place('notes', 'notes', route.view === 'notes', unread?.notes ?? 0, () => go('notes'))}
      {place('board', 'board', route.view === 'main' && ['board', 'post', 'write'].includes(route.main.at), 0, () => go({ at: 'board' }))}
      {place('alerts', 'alerts', route.view === 'alerts', unread?.unseenNotifications ?? 0, () => go('alerts'))}
    </>
  );
}

export function BottomTabs({ isSigned, route, go }: { isSigned: boolean; route: Route; go: Go }) {
  const t = useTexts();
  const named = useLandmark();
  return (
    <nav className="bottom" aria-label={named(t.places)}>
      {isSigned ? (
        <Places route={route} go={go} className="bottom-tab" />
      ) : (
        <>
          <button type="button" className="bottom-tab" aria-current={route.view === 'main' ? 'page' : undefined} onClick={() => go({ at: 'board' })}>
            <Icon name="board" />
            {t.board}
          </button>
          <button type="button" className="bottom-tab" aria-current={route.view === 'notes' ? 'page' : undefined} onClick={() => go('notes')}>
            <Icon name="user" />
            {t.signIn}
          </button>
        </>
      )}
    </nav>
  );
}
