import { useEffect, useState, type MouseEvent } from 'react';
import { Session } from './data/session';
import { Speaking, useTexts } from './i18n';
import { About } from './parts/About';
import { Traffic } from './parts/Traffic';
import { Pane } from './Pane';
import { usePrefs, type Prefs } from './prefs';

/** What the page as a whole can be asked for, from the bar of any pane. */
export interface Page extends Prefs {
  readonly split: boolean;
  readonly showsTraffic: boolean;
  setSplit(split: boolean): void;
  setTraffic(shown: boolean): void;
  setAbout(shown: boolean): void;
}

const sessions = { a: new Session('a'), b: new Session('b') };

/** One user, or two side by side that know nothing of each other, and what passes between them and the server. */
export function App() {
  const prefs = usePrefs();
  const [split, setSplit] = useState(() => sessionStorage.getItem('notewire.split') === 'yes');
  const [showsTraffic, setTraffic] = useState(false);
  const [about, setAbout] = useState(false);
  const [front, setFront] = useState<'a' | 'b'>('a');
  const [badges, setBadges] = useState<Record<string, number>>({});

  const total = (badges.a ?? 0) + (split ? (badges.b ?? 0) : 0);
  useEffect(() => {
    document.title = total > 0 ? `(${total}) Notewire` : 'Notewire';
  }, [total]);

  const page: Page = {
    ...prefs,
    split,
    showsTraffic,
    setTraffic,
    setAbout,
    setSplit(next) {
      sessionStorage.setItem('notewire.split', next ? 'yes' : 'no');
      setSplit(next);
      setFront(next ? 'b' : 'a');
    },
  };
  const panes = split ? (['a', 'b'] as const) : (['a'] as const);
  return (
    <Speaking language={prefs.language}>
      <Skip />
      <div className={split ? 'page split' : 'page'}>
        {split && <PaneTabs front={front} badges={badges} onChoose={setFront} />}
        <div className="panes">
          {panes.map((name) => (
            <Pane
              key={name}
              page={page}
              session={sessions[name]}
              isFront={name === front}
              onBadge={(count) => setBadges((all) => (all[name] === count ? all : { ...all, [name]: count }))}
            />
          ))}
        </div>
        {showsTraffic && <Traffic onClose={() => setTraffic(false)} />}
        {about && <About onClose={() => setAbout(false)} />}
      </div>
    </Speaking>
  );
}

function Skip() {
  const t = useTexts();
  // The address holds the place in the app, so the link moves the focus itself.
  const skip = (event: MouseEvent) => {
    event.preventDefault();
    document.getElementById('main')?.focus();
  };
  return (
    <a className="skip" href="#main" onClick={skip}>
      {t.skip}
    </a>
  );
}

interface TabsProps {
  readonly front: 'a' | 'b';
  readonly badges: Record<string, number>;
  readonly onChoose: (pane: 'a' | 'b') => void;
}

/** Where the window has no room for both. */
function PaneTabs({ front, badges, onChoose }: TabsProps) {
  const t = useTexts();
  return (
    <nav className="pane-tabs" aria-label={t.users}>
      {(['a', 'b'] as const).map((name) => (
        <button type="button" key={name} className="pane-tab" aria-pressed={name === front} onClick={() => onChoose(name)}>
          {name === 'a' ? t.firstUser : t.secondUser}
          {!!badges[name] && <span className="badge">{badges[name]}</span>}
        </button>
      ))}
    </nav>
  );
}
