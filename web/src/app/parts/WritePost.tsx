import { useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import { useMutation } from 'urql';
import { useDraft } from '../data/drafts';
import type { Mistake } from '../data/types';
import { CreatePostDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive, useMe } from '../live';
import type { Go } from '../route';
import { Field } from '../ui/Field';
import { Icon } from '../ui/Icon';

export function WritePost({ go }: { go: Go }) {
  const t = useTexts();
  const { tell } = useLive();
  const me = useMe();
  const [title, setTitle] = useDraft(me.id, 'post-title');
  const [body, setBody] = useDraft(me.id, 'post-body');
  const [mistakes, setMistakes] = useState<readonly Mistake[]>([]);
  const [{ fetching }, create] = useMutation(CreatePostDocument);
  // The same until the server has taken it: a repetition after a lost answer makes no second post.
  const key = useRef({ input: '', key: '' });
  const of = (field: string) => mistakes.find((mistake) => mistake.field?.at(-1) === field)?.message;

  const publish = async (event?: FormEvent) => {
    event?.preventDefault();
    const input = JSON.stringify([title, body]);
    if (key.current.input !== input) key.current = { input, key: crypto.randomUUID() };
    const { data } = await create({ input: { title, body, idempotencyKey: key.current.key } });
    const made = data?.createPost;
    if (made?.post) {
      setTitle('');
      setBody('');
      go({ at: 'post', id: made.post.id });
    } else if (made) setMistakes(made.userErrors);
    else tell(t.failed);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void publish();
    if (event.key === 'Escape') go({ at: 'board' });
  };
  return (
    <>
      <div className="head">
        <button type="button" className="icon-button" aria-label={t.back} onClick={() => go({ at: 'board' })}>
          <Icon name="back" />
        </button>
        <h2>{t.newPost}</h2>
      </div>
      <div className="scroll">
        <form className="page-width form" onSubmit={(event) => void publish(event)} onKeyDown={onKeyDown}>
          <Field label={t.postTitle} error={of('title')}>
            <input className="input" value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)} autoFocus required />
          </Field>
          <Field label={t.postBody} error={of('body')}>
            <textarea className="input tall" value={body} maxLength={20_000} onChange={(event) => setBody(event.target.value)} required />
          </Field>
          <div className="actions end">
            <button type="button" className="button" onClick={() => go({ at: 'board' })}>
              {t.cancel}
            </button>
            <button type="submit" className="button primary" disabled={fetching}>
              {t.publish}
            </button>
          </div>
        </form>
      </div>
    </>
  );
}
