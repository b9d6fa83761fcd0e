import { useState, useSyncExternalStore } from 'react';
import { traffic, type Entry } from '../data/traffic';
import { useLanguage, useTexts } from '../i18n';
import { Icon } from '../ui/Icon';

/** What passes between the page and the server, as it passes: the list, and the one that is chosen in full. */
export function Traffic({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const entries = useSyncExternalStore(traffic.subscribe, traffic.snapshot);
  const [filter, setFilter] = useState('');
  const [chosen, setChosen] = useState<number>();
  const [isPaused, setPaused] = useState(false);
  const wanted = filter.trim().toLowerCase();
  const shown = wanted ? entries.filter(({ kind, name, body }) => `${kind} ${name} ${body}`.toLowerCase().includes(wanted)) : entries;
  const entry = entries.find(({ id }) => id === chosen);
  const pause = (paused: boolean) => {
    traffic.pause(paused);
    setPaused(paused);
  };
  const close = () => {
    traffic.pause(false);
    onClose();
  };
  return (
    <aside className="traffic" aria-label={t.traffic} onKeyDown={(event) => event.key === 'Escape' && close()}>
      <div className="traffic-head">
        <h2>{t.traffic}</h2>
        <p className="small soft clip">{t.trafficHint}</p>
        <input type="search" className="input" value={filter} placeholder={t.filter} aria-label={t.filter} onChange={(event) => setFilter(event.target.value)} />
        <button type="button" className="button little" aria-pressed={isPaused} onClick={() => pause(!isPaused)}>
          {isPaused ? t.resume : t.pause}
        </button>
        <button type="button" className="button little" onClick={() => traffic.clear()}>
          {t.clear}
        </button>
        <button type="button" className="icon-button" aria-label={t.close} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div className="traffic-body">
        <ol className="traffic-list scroll" tabIndex={0} aria-label={t.traffic}>
          {shown.map((one) => (
            <Line key={one.id} entry={one} isChosen={one.id === chosen} onChoose={() => setChosen(one.id === chosen ? undefined : one.id)} />
          ))}
          {shown.length === 0 && <li className="state">{t.trafficEmpty}</li>}
        </ol>
        {entry && <Body entry={entry} />}
      </div>
    </aside>
  );
}

function Line({ entry, isChosen, onChoose }: { entry: Entry; isChosen: boolean; onChoose: () => void }) {
  const t = useTexts();
  const language = useLanguage();
  const at = new Date(entry.at).toLocaleTimeString(language, { hour12: false, fractionalSecondDigits: 3, hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return (
    <li>
      <button type="button" className={`traffic-line${entry.sent ? ' sent' : ''}`} aria-expanded={isChosen} onClick={onChoose}>
        <span className="traffic-time">{at}</span>
        <span className="traffic-pane">{entry.pane === 'a' ? '1' : '2'}</span>
        <span className="traffic-way">
          <span aria-hidden="true">{entry.sent ? '↑' : '↓'}</span>
          <span className="hidden-text">{entry.sent ? t.sent : t.received}</span>
        </span>
        <span className="traffic-door">{entry.door}</span>
        <span className="traffic-kind">{entry.kind}</span>
        <span className="traffic-name clip">{entry.name}</span>
      </button>
    </li>
  );
}

function Body({ entry }: { entry: Entry }) {
  const t = useTexts();
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    void navigator.clipboard.writeText(entry.body).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <div className="traffic-detail">
      <button type="button" className="button little" onClick={copy} onBlur={() => setCopied(false)}>
        <Icon name="copy" size={16} />
        {isCopied ? t.copied : t.copy}
      </button>
      <pre className="scroll" tabIndex={0}>
        {entry.body}
      </pre>
    </div>
  );
}
