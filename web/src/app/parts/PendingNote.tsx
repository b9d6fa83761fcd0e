import type { Outgoing } from '../data/outbox';
import { useTexts } from '../i18n';
import { useLine, useLive } from '../live';
import { Text } from '../ui/Text';

/** A note that the server has not answered yet, or has refused. */
export function PendingNote({ note }: { note: Outgoing }) {
  const t = useTexts();
  const { outbox } = useLive();
  const line = useLine();
  return (
    <article className="note mine" aria-label={t.you}>
      <div className="note-body">
        <div className="note-line">
          <div className={`bubble pending${note.state === 'failed' ? ' failed' : ''}`}>
            <span className="text">
              <Text>{note.body}</Text>
            </span>
          </div>
        </div>
        {note.state === 'sending' ? (
          <p className="note-meta">{line === 'offline' ? t.waiting : t.sending}</p>
        ) : (
          <div className="actions end">
            <span className="error" role="alert">
              {t.notSent}
              {note.reason && `: ${note.reason}`}
            </span>
            <button type="button" className="button quiet little" onClick={() => outbox?.retry(note.key)}>
              {t.retry}
            </button>
            <button type="button" className="button quiet little danger" onClick={() => outbox?.discard(note.key)}>
              {t.discard}
            </button>
          </div>
        )}
      </div>
    </article>
  );
}
