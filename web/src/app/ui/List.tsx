import type { ReactNode } from 'react';
import { useQuery, type AnyVariables, type TypedDocumentNode } from 'urql';
import { useTexts } from '../i18n';

interface Page<T> {
  readonly nodes: readonly T[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null };
}

export interface ListState {
  readonly isLoading: boolean;
  readonly isFailed: boolean;
  readonly isEmpty: boolean;
  readonly next: string | undefined;
  readonly retry: () => void;
}

/** A paged list: what the cache has of it at once, and what the server says of it then. */
export function useList<Data, Variables extends AnyVariables, T>(
  { query, variables, pause }: { query: TypedDocumentNode<Data, Variables>; variables: Variables; pause?: boolean },
  pageOf: (data: Data) => Page<T> | null | undefined,
): ListState & { readonly nodes: readonly T[] } {
  const [{ data, fetching, error }, again] = useQuery<Data, Variables>({ query, variables, pause } as Parameters<typeof useQuery<Data, Variables>>[0]);
  const page = data ? pageOf(data) : undefined;
  return {
    nodes: page?.nodes ?? [],
    isLoading: fetching && !page,
    isFailed: !!error && !page,
    isEmpty: !!page && page.nodes.length === 0,
    next: page?.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? undefined) : undefined,
    retry: () => again({ requestPolicy: 'network-only' }),
  };
}

interface Props extends ListState {
  readonly empty: ReactNode;
  readonly onMore: (after: string) => void;
  readonly className?: string;
  readonly children: ReactNode;
}

export function List({ isLoading, isFailed, isEmpty, next, retry, empty, onMore, className = 'rows', children }: Props) {
  const t = useTexts();
  if (isFailed) {
    return (
      <div className="state">
        <p>{t.failed}</p>
        <button type="button" className="button" onClick={retry}>
          {t.retry}
        </button>
      </div>
    );
  }
  if (isLoading) return <Waiting />;
  if (isEmpty) return <div className="state">{empty}</div>;
  return (
    <>
      <ul className={className}>{children}</ul>
      {next && (
        <div className="more">
          <button type="button" className="button quiet" onClick={() => onMore(next)}>
            {t.loadMore}
          </button>
        </div>
      )}
    </>
  );
}

/** Where something is on its way: shown only after a moment, as most of it comes sooner. */
export function Waiting() {
  const t = useTexts();
  return (
    <div className="state waiting" role="status">
      {t.loading}
    </div>
  );
}
