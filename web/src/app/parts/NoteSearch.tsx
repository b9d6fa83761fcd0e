import { useDeferredValue } from 'react';
import { useQuery } from 'urql';
import { SearchNotesDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useMe } from '../live';
import { Waiting } from '../ui/List';
import { Ago } from '../ui/Time';
import { Face, titleOf } from './Conversations';

/** The notes of all boxes that contain the words, the newest first. */
export function NoteSearch({ search, onOpen }: { search: string; onOpen: (id: string) => void }) {
  const t = useTexts();
  const me = useMe();
  const asked = useDeferredValue(search);
  const isLong = [...asked].length >= 2;
  const [{ data, fetching }] = useQuery({
    query: SearchNotesDocument,
    variables: { search: asked },
    pause: !isLong,
    requestPolicy: 'network-only',
  });
  if (!isLong) return <div className="state">{t.searchHint}</div>;
  const viewer = data?.viewer;
  if (!viewer) return fetching ? <Waiting /> : <div className="state">{t.nothingFound}</div>;
  const found = new Map([...viewer.received.nodes, ...viewer.sent.nodes, ...viewer.archived.nodes].map((note) => [note.id, note]));
  const notes = [...found.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  if (notes.length === 0) return <div className="state">{t.nothingFound}</div>;
  return (
    <ul className="rows">
      {notes.map((note) => (
        <li key={note.id}>
          <button type="button" className="row" onClick={() => onOpen(note.conversation.id)}>
            <Face conversation={note.conversation} />
            <span className="row-text">
              <span className="row-line">
                <span className="row-title clip">{titleOf(note.conversation, me.id, t)}</span>
                <Ago at={note.createdAt} />
              </span>
              <span className="row-found">{note.isMine ? t.youWrote(note.body) : note.body}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
