import type { Language } from './index';

const made = new Map<string, Intl.DateTimeFormat>();

/** A formatter is dear to make and cheap to use. */
function formatter(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  let found = made.get(key);
  if (!found) made.set(key, (found = new Intl.DateTimeFormat(language, options)));
  return found;
}

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['minute', 60],
  ['hour', 3_600],
  ['day', 86_400],
];

/** "3 minutes ago" within a week, then the date. */
export function relative(language: Language, at: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1_000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  if (seconds < 60) return format.format(0, 'second');
  if (seconds >= 7 * 86_400) {
    const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
    const options = { month: 'short', day: 'numeric', year: sameYear ? undefined : 'numeric' } as const;
    return formatter(language, options).format(new Date(at));
  }
  const [unit, length] = steps.findLast(([, length]) => seconds >= length)!;
  return format.format(-Math.floor(seconds / length), unit);
}

export function exact(language: Language, at: string): string {
  return formatter(language, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(at));
}

export function clock(language: Language, at: string): string {
  return formatter(language, { timeStyle: 'short' }).format(new Date(at));
}

/** The local day, to see where one ends and the next begins. */
export function dayOf(at: string): string {
  return new Date(at).toDateString();
}

/** "Today", "Yesterday", or the date, with its year when that is another one. */
export function day(language: Language, at: string, now: number): string {
  const date = new Date(at);
  const midnight = (time: number | Date) => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (days < 2) {
    const word = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-days, 'day');
    return word.charAt(0).toLocaleUpperCase(language) + word.slice(1);
  }
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return formatter(language, { month: 'long', day: 'numeric', weekday: days < 7 ? 'long' : undefined, year: sameYear ? undefined : 'numeric' }).format(date);
}
