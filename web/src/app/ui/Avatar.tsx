import { useState } from 'react';

export interface Face {
  readonly id: string;
  readonly displayName: string;
  readonly avatarUrl?: string | null;
}

/** One of eight colours, the same for the same user. */
function hue(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return sum % 8;
}

/** The picture of a user, or the first letter of the name on a colour. It says nothing that the name beside it does not. */
export function Avatar({ user, little = false }: { user: Face | null | undefined; little?: boolean }) {
  const [broken, setBroken] = useState<string>();
  const url = user?.avatarUrl;
  const hasPicture = !!url && url !== broken;
  const first = user ? ([...user.displayName.trim()][0] ?? '·').toLocaleUpperCase() : '·';
  return (
    // The letter is drawn by the style: as text it would belong to the name of the button that it stands in.
    <span aria-hidden="true" className={`avatar${little ? ' little' : ''}${user ? ` hue-${hue(user.id)}` : ''}`} data-letter={hasPicture ? undefined : first}>
      {hasPicture && <img src={url} alt="" loading="lazy" onError={() => setBroken(url)} />}
    </span>
  );
}
