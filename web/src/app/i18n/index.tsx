import { createContext, use, type ReactNode } from 'react';
import { en, type Texts } from './en';
import { ko } from './ko';

export type { Texts };
export type Language = 'en' | 'ko';

const Context = createContext<readonly [Language, Texts]>(['en', en]);

/** What the browser asks for, of the two that there are. */
export function preferred(): Language {
  const first = navigator.languages.find((tag) => /^(ko|en)\b/i.test(tag));
  return first?.toLowerCase().startsWith('ko') ? 'ko' : 'en';
}

export function Speaking({ language, children }: { language: Language; children: ReactNode }) {
  return <Context value={[language, language === 'ko' ? ko : en]}>{children}</Context>;
}

/** The language of the page, by the tag that Intl takes. */
export function useLanguage(): Language {
  return use(Context)[0];
}

export function useTexts(): Texts {
  return use(Context)[1];
}
