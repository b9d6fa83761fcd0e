import { useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';

/** The token of an answer to register or login, under whatever alias. */
export function tokenOf(answer: unknown): string | undefined {
  const data = (answer as { data?: Record<string, unknown> | null } | null)?.data;
  for (const payload of Object.values(data ?? {})) {
    const token = (payload as { token?: unknown } | null)?.token;
    if (typeof token === 'string' && 'expiresAt' in (payload as object)) return token;
  }
  return undefined;
}

/**
 * Saves pasting the token into every tab: once there is one, it is written into the Headers editor of the tab in front
 * when that is empty. It stays visible there and may be edited; `{}` in the Headers means "as nobody". It is kept in memory
 * only, unless the reader asks GraphiQL to persist headers.
 */
export function SignIn({ token }: { token: string | undefined }) {
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const activeTabIndex = useGraphiQL((state) => state.activeTabIndex);

  useEffect(() => {
    if (token !== undefined && headerEditor?.getValue().trim() === '') {
      headerEditor.setValue(JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2));
    }
  }, [token, headerEditor, activeTabIndex]);

  return null;
}
