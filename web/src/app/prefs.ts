import { useEffect, useState } from 'react';
import { preferred, type Language } from './i18n';

export type Theme = 'auto' | 'light' | 'dark';

function stored<T extends string>(key: string, values: readonly T[], otherwise: T): T {
  const found = localStorage.getItem(key);
  return values.find((value) => value === found) ?? otherwise;
}

/** How the reader wants the page: kept in this browser, and put on the document, where the style sheets look. */
export function usePrefs() {
  const [language, setLanguage] = useState<Language>(() => stored('notewire.language', ['en', 'ko'], preferred()));
  const [theme, setTheme] = useState<Theme>(() => stored('notewire.theme', ['auto', 'light', 'dark'], 'auto'));
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return {
    language,
    theme,
    setLanguage(next: Language) {
      localStorage.setItem('notewire.language', next);
      setLanguage(next);
    },
    setTheme(next: Theme) {
      localStorage.setItem('notewire.theme', next);
      setTheme(next);
    },
  };
}

export type Prefs = ReturnType<typeof usePrefs>;
