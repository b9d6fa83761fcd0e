import { useMutation } from 'urql';
import { LikeDocument, UnlikeDocument } from '../generated/documents';
import { useTexts } from '../i18n';
import { useLive } from '../live';
import { Icon } from '../ui/Icon';

interface Likeable {
  readonly id: string;
  readonly likeCount: number;
  readonly viewerHasLiked: boolean;
}

export function LikeButton({ subject, size = 18 }: { subject: Likeable; size?: number }) {
  const t = useTexts();
  const { me, tell } = useLive();
  const [{ fetching: liking }, like] = useMutation(LikeDocument);
  const [{ fetching: unliking }, unlike] = useMutation(UnlikeDocument);
  const input = { subjectId: subject.id };
  const toggle = async () => {
    const { data, error } = subject.viewerHasLiked
      ? await unlike({ input }).then(({ data, error }) => ({ data: data?.unlike, error }))
      : await like({ input }).then(({ data, error }) => ({ data: data?.like, error }));
    if (error || data?.userErrors.length) tell(data?.userErrors[0]?.message ?? t.failed);
  };
  return (
    <button
      type="button"
      className="counter like"
      aria-pressed={subject.viewerHasLiked}
      aria-label={`${subject.viewerHasLiked ? t.unlike : t.like}, ${t.likes(subject.likeCount)}`}
      disabled={!me || liking || unliking}
      onClick={() => void toggle()}
    >
      <Icon name="heart" size={size} filled={subject.viewerHasLiked} />
      {subject.likeCount}
    </button>
  );
}
