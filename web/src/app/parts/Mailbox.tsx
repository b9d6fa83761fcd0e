import { useState } from 'react';
import { useTexts } from '../i18n';
import { useLandmark } from '../live';
import type { Go, Route } from '../route';
import { Icon } from '../ui/Icon';
import { Conversations } from './Conversations';
import { NoteSearch } from './NoteSearch';
import { Rooms } from './Rooms';

const boxes = ['inbox', 'requests', 'archive', 'rooms'] as const;

/** The left column: conversations by box, the rooms, and the search over all notes. */
export function Mailbox({ route, go }: { route: Route; go: Go }) {
  const t = useTexts();
  const named = useLandmark();
  const [box, setBox] = useState<(typeof boxes)[number]>('inbox');
  const [search, setSearch] = useState('');
  const chosen = route.main.at === 'conversation' ? route.main.id : undefined;
  const open = (id: string) => go({ at: 'conversation', id });
  const searching = box !== 'rooms' && search.trim() !== '';
  return (
    <section className="column notes" aria-label={named(t.notes)}>
      <div className="head">
        <h2>{t.notes}</h2>
        <button type="button" className="button little" onClick={() => go({ at: 'new' })}>
          <Icon name="edit" size={16} />
          {t.newNote}
        </button>
      </div>
      <div className="scroll">
        <div className="mailbox-tools">
          <div className="search">
            <Icon name="search" size={16} />
            <input
              type="search"
              className="input"
              value={search}
              maxLength={256}
              onChange={(event) => setSearch(event.target.value)}
              onKeyDown={(event) => event.key === 'Escape' && setSearch('')}
              placeholder={box === 'rooms' ? t.searchRooms : t.searchNotes}
              aria-label={box === 'rooms' ? t.searchRooms : t.searchNotes}
            />
          </div>
          <div className="tabs" role="group" aria-label={t.boxes}>
            {boxes.map((name) => (
              <button type="button" key={name} className="tab" aria-pressed={box === name} onClick={() => setBox(name)}>
                {t[name]}
              </button>
            ))}
          </div>
        </div>
        {box === 'rooms' ? (
          <Rooms search={search.trim()} chosen={chosen} onOpen={open} />
        ) : searching ? (
          <NoteSearch search={search.trim()} onOpen={open} />
        ) : (
          <Conversations key={box} box={box} chosen={chosen} onOpen={open} />
        )}
      </div>
    </section>
  );
}
