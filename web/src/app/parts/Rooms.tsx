import { useState, type FormEvent } from 'react';
import { useMutation } from 'urql';
import type { Mistake } from '../data/types';
import { CreateRoomDocument, JoinRoomDocument, RoomsDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive } from '../live';
import { Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { Icon } from '../ui/Icon';
import { List, useList } from '../ui/List';
import { Face } from './Conversations';

interface Props {
  readonly search: string;
  readonly chosen: string | undefined;
  readonly onOpen: (id: string) => void;
}

/** All rooms: to look in, to join, and to open another. */
export function Rooms({ search, chosen, onOpen }: Props) {
  const t = useTexts();
  const { tell } = useLive();
  const [after, setAfter] = useState<string>();
  const [isMaking, setMaking] = useState(false);
  const [, join] = useMutation(JoinRoomDocument);
  const list = useList({ query: RoomsDocument, variables: { search: search || undefined, after } }, (data) => data.rooms);

  const enter = async (roomId: string) => {
    const { data } = await join({ input: { roomId } });
    if (data?.joinRoom.conversation) onOpen(roomId);
    else tell(data?.joinRoom.userErrors[0]?.message ?? t.failed);
  };
  return (
    <>
      <List {...list} onMore={setAfter} empty={search ? t.nothingFound : t.noRooms}>
        {list.nodes.map((room) => (
          <li key={room.id} className="room-row">
            <button type="button" className="row" aria-current={room.id === chosen ? 'true' : undefined} onClick={() => onOpen(room.id)}>
              <Face conversation={room} />
              <span className="row-text">
                <span className="row-title clip">{room.title ?? `#${room.name}`}</span>
                <span className="row-body clip">
                  #{room.name} · {t.people(room.participantCount)}
                </span>
              </span>
            </button>
            {room.viewerParticipant ? (
              <span className="small soft">{t.joined}</span>
            ) : (
              <button type="button" className="button little" onClick={() => void enter(room.id)}>
                {t.join}
              </button>
            )}
          </li>
        ))}
      </List>
      <div className="more">
        <button type="button" className="button quiet" onClick={() => setMaking(true)}>
          <Icon name="plus" size={16} />
          {t.createRoom}
        </button>
      </div>
      {isMaking && <CreateRoom onClose={() => setMaking(false)} onMade={onOpen} />}
    </>
  );
}

function CreateRoom({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const t = useTexts();
  const { tell } = useLive();
  const [name, setName] = useState('');
  const [title, setTitle] = useState('');
  const [mistakes, setMistakes] = useState<readonly Mistake[]>([]);
  const [{ fetching }, create] = useMutation(CreateRoomDocument);
  const of = (field: string) => mistakes.find((mistake) => mistake.field?.at(-1) === field)?.message;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { data } = await create({ input: { name, title: title.trim() || undefined } });
    const made = data?.createRoom;
    if (made?.conversation) {
      onClose();
      onMade(made.conversation.id);
    } else if (made) setMistakes(made.userErrors);
    else tell(t.failed);
  };
  return (
    <Dialog title={t.createRoom} onClose={onClose}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <Field label={t.roomName} hint={t.roomNameHint} error={of('name')}>
          <input className="input" value={name} onChange={(event) => setName(event.target.value)} autoCapitalize="none" spellCheck={false} required />
        </Field>
        <Field label={`${t.roomTitle} (${t.optional})`} error={of('title')}>
          <input className="input" value={title} onChange={(event) => setTitle(event.target.value)} />
        </Field>
        <div className="actions end">
          <button type="submit" className="button primary" disabled={fetching}>
            {t.createRoom}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
