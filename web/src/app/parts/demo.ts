import type { Language } from '../i18n';

/** Users of a site that was made with `notewire seed`, and the password that they all have. */
export const demoUsers = ['mina', 'joon'] as const;
export const demoPassword = 'correct horse battery';

const names: Record<Language, readonly [first: readonly string[], second: readonly string[]]> = {
  en: [
    ['Quiet', 'Sunny', 'Early', 'Gentle', 'Curious', 'Brave', 'Swift', 'Merry'],
    ['Heron', 'Otter', 'Maple', 'Comet', 'Finch', 'Willow', 'Panda', 'Lantern'],
  ],
  ko: [
    ['조용한', '햇살', '이른', '다정한', '궁금한', '용감한', '재빠른', '즐거운'],
    ['왜가리', '수달', '단풍', '혜성', '참새', '버들', '판다', '등불'],
  ],
};

function one<T>(of: readonly T[]): T {
  return of[Math.floor(Math.random() * of.length)]!;
}

export function madeUpName(language: Language): string {
  const [first, second] = names[language];
  return `${one(first)} ${one(second)}`;
}

export function madeUpUsername(): string {
  return `demo_${crypto.randomUUID().slice(0, 8)}`;
}

