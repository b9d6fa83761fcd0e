import { useEffect, useState } from 'react';
import { useLanguage } from '../i18n';
import { exact, relative } from '../i18n/time';

/** How long ago, kept true while it is shown; the exact moment is in its title. */
export function Ago({ at }: { at: string }) {
  const language = useLanguage();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={at} title={exact(language, at)} className="ago">
      {relative(language, at, now)}
    </time>
  );
}
