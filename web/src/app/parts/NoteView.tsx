import { useState, type MouseEvent, type ReactNode } from 'react';
import { useMutation } from 'urql';
import type { Note } from '../data/types';
import { DeleteNoteDocument, EditNoteDocument, UnsendNoteDocument } from '../generated/documents';
import { useLanguage, useTexts } from '../i18n';
import { clock, exact } from '../i18n/time';
import { useLive } from '../live';
import { Avatar } from '../ui/Avatar';
import { Confirm } from '../ui/Confirm';
import { Menu } from '../ui/Menu';
import { Text } from '../ui/Text';
import { WritingField } from '../ui/WritingField';

interface Props {
  readonly note: Note;
  readonly isClose: boolean;
  /** Whether another follows close behind, which then says the time. */
  readonly isFollowed: boolean;
  readonly showsSender: boolean;
  readonly seenBy: number | undefined;
  readonly onReply: ((note: Note) => void) | undefined;
}

/** One note: the viewer's own at the right, those of others at the left. */
export function NoteView({ note, isClose, isFollowed, showsSender, seenBy, onReply }: Props) {
  const t = useTexts();
  const language = useLanguage();
  const [isEditing, setEditing] = useState(false);
  const name = note.sender?.displayName ?? t.somebodyGone;
  const isGone = note.unsentAt !== null;
  const isEdited = note.editedAt !== null && !isGone;
  return (
    <article className={`note${note.isMine ? ' mine' : ''}${isClose ? ' close' : ''}`} data-note={note.id} aria-label={note.isMine ? t.you : name}>
      {showsSender && !note.isMine && (isClose ? <span className="note-indent" /> : <Avatar user={note.sender} little />)}
      <div className="note-body">
        {showsSender && !note.isMine && !isClose && <p className="note-sender">{name}</p>}
        {isEditing ? (
          <Editing note={note} onDone={() => setEditing(false)} />
        ) : (
          <div className="note-line">
            <div className={`bubble${isGone ? ' gone' : ''}`}>
              {note.replyTo && <Quote note={note.replyTo} />}
              {isGone ? t.noteGone : <span className="text"><Text>{note.body}</Text></span>}
            </div>
            <Actions note={note} onReply={isGone ? undefined : onReply} onEdit={() => setEditing(true)} />
          </div>
        )}
        {(!isFollowed || isEdited || seenBy !== undefined) && (
          <p className="note-meta">
            <time dateTime={note.createdAt} title={exact(language, note.createdAt)}>
              {clock(language, note.createdAt)}
            </time>
            {isEdited && <span> · {t.edited}</span>}
            {seenBy !== undefined && <span className="seen"> · {seenBy > 1 ? t.seenBy(seenBy) : t.seen}</span>}
          </p>
        )}
      </div>
    </article>
  );
}

function Quote({ note }: { note: NonNullable<Note['replyTo']> }) {
  const t = useTexts();
  const show = (event: MouseEvent<HTMLElement>) =>
    event.currentTarget.closest('.notes-list')?.querySelector(`[data-note="${note.id}"]`)?.scrollIntoView({ block: 'center' });
  return (
    <button type="button" className="quote" onClick={show}>
      <strong>{note.sender?.displayName ?? t.somebodyGone}</strong>
      <span className="clip">{note.unsentAt ? t.noteGone : note.body}</span>
    </button>
  );
}

interface ActionsProps {
  readonly note: Note;
  readonly onReply: ((note: Note) => void) | undefined;
  readonly onEdit: () => void;
}

function Actions({ note, onReply, onEdit }: ActionsProps): ReactNode {
  const t = useTexts();
  const { tell } = useLive();
  const [, unsend] = useMutation(UnsendNoteDocument);
  const [, remove] = useMutation(DeleteNoteDocument);
  const [asking, setAsking] = useState<'unsend' | 'delete'>();
  const done = () => setAsking(undefined);
  const input = { noteId: note.id };
  const isGone = note.unsentAt !== null;

  const unsent = async () => {
    const { data } = await unsend({ input });
    if (!data?.unsendNote.note) tell(data?.unsendNote.userErrors[0]?.message ?? t.failed);
  };
  const removed = async () => {
    const { data } = await remove({ input });
    if (!data?.deleteNote.deletedNoteId) tell(data?.deleteNote.userErrors[0]?.message ?? t.failed);
  };
  const copied = () => void navigator.clipboard.writeText(note.body).then(() => tell(t.copied), () => tell(t.failed));
  return (
    <div className="note-actions">
      <Menu
        label={t.noteActions}
        className="icon-button little"
        entries={[
          onReply && { icon: 'reply', label: t.reply, onChoose: () => onReply(note) },
          !isGone && { icon: 'copy', label: t.copy, onChoose: copied },
          note.isMine && !isGone && { icon: 'edit', label: t.edit, onChoose: onEdit },
          note.isMine && !isGone && { icon: 'undo', label: t.unsend, danger: true, onChoose: () => setAsking('unsend') },
          { icon: 'trash', label: t.deleteForMe, danger: true, onChoose: () => setAsking('delete') },
        ]}
      />
      {asking === 'unsend' && <Confirm question={t.unsendSure} action={t.unsend} onClose={done} onConfirm={() => void unsent()} />}
      {asking === 'delete' && <Confirm question={t.deleteForMeSure} action={t.deleteForMe} onClose={done} onConfirm={() => void removed()} />}
    </div>
  );
}

function Editing({ note, onDone }: { note: Note; onDone: () => void }) {
  const t = useTexts();
  const { tell } = useLive();
  const [text, setText] = useState(note.body);
  const [{ fetching }, edit] = useMutation(EditNoteDocument);
  const save = async () => {
    if (text.trim() === '' || text === note.body) return onDone();
    const { data } = await edit({ input: { noteId: note.id, body: text } });
    if (data?.editNote.note) onDone();
    else tell(data?.editNote.userErrors[0]?.message ?? t.failed);
  };
  return (
    <div className="editing">
      <WritingField value={text} label={t.edit} maxLength={10_000} autoFocus onChange={setText} onSend={() => void save()} onEscape={onDone} />
      <div className="actions end">
        <button type="button" className="button little" onClick={onDone}>
          {t.cancel}
        </button>
        <button type="button" className="button little primary" onClick={() => void save()} disabled={fetching}>
          {t.save}
        </button>
      </div>
    </div>
  );
}
