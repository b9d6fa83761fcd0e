import type { ReactNode } from 'react';

const address = /https?:\/\/[^\s<>"'`]+/gi;
/** What ends a sentence around an address rather than the address itself. */
const tail = /[.,;:!?…)\]}、。」』]+$/;

function safe(text: string): string | undefined {
  try {
    const url = new URL(text);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** What a user wrote, as text: the http and https addresses in it are links, and nothing else is anything. */
export function Text({ children }: { children: string }) {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of children.matchAll(address)) {
    const found = match[0].replace(tail, '');
    const url = safe(found);
    if (!url) continue;
    parts.push(children.slice(end, match.index));
    parts.push(
      <a key={match.index} href={url} target="_blank" rel="noopener noreferrer nofollow">
        {found}
      </a>,
    );
    end = match.index + found.length;
  }
  parts.push(children.slice(end));
  return <>{parts}</>;
}
