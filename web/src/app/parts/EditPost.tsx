import { useState, type FormEvent } from 'react';
import { useMutation } from 'urql';
import type { Mistake, Post } from '../data/types';
import { EditPostDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive } from '../live';
import { Field } from '../ui/Field';

export function EditPost({ post, onDone }: { post: Post; onDone: () => void }) {
  const t = useTexts();
  const { tell } = useLive();
  const [title, setTitle] = useState(post.title);
  const [body, setBody] = useState(post.body);
  const [mistakes, setMistakes] = useState<readonly Mistake[]>([]);
  const [{ fetching }, edit] = useMutation(EditPostDocument);
  const of = (field: string) => mistakes.find((mistake) => mistake.field?.at(-1) === field)?.message;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const { data } = await edit({ input: { postId: post.id, title, body } });
    if (data?.editPost.post) onDone();
    else if (data) setMistakes(data.editPost.userErrors);
    else tell(t.failed);
  };
  return (
    <form className="form" onSubmit={(event) => void save(event)} onKeyDown={(event) => event.key === 'Escape' && onDone()}>
      <Field label={t.postTitle} error={of('title')}>
        <input className="input" value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)} autoFocus required />
      </Field>
      <Field label={t.postBody} error={of('body')}>
        <textarea className="input tall" value={body} maxLength={20_000} onChange={(event) => setBody(event.target.value)} required />
      </Field>
      <div className="actions end">
        <button type="button" className="button" onClick={onDone}>
          {t.cancel}
        </button>
        <button type="submit" className="button primary" disabled={fetching}>
          {t.save}
        </button>
      </div>
    </form>
  );
}
