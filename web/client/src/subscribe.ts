import { parse } from 'graphql';
import type { Connection } from './connection.ts';
import { Resume } from './resume.ts';

/** Who hears of results, as graphql-ws and the observables of Relay have it. */
export interface ResultSink<Result> {
  next(result: Result): void;
  error(error: unknown): void;
  complete(): void;
}

/**
 * Subscribes over a connection, for a client that has no links or exchanges, such as Relay. A subscription with `after: $after`
 * that selects `cursor` continues, after a lost connection, behind the last event that was handled, and what comes twice is
 * dropped. Returns what ends it.
 */
export function subscribe<Result extends object>(
  { client, state }: Connection,
  query: string,
  variables: Record<string, unknown>,
  sink: ResultSink<Result>,
): () => void {
  const resume = Resume.of(parse(query), variables, state);
  const stop = client.subscribe(
    { query, variables: resume?.variables ?? variables },
    {
      next: (result) => void (resume?.accept(result) === false || sink.next(result as Result)),
      error: (error) => (resume?.end(), sink.error(error)),
      complete: () => (resume?.end(), sink.complete()),
    },
  );
  return () => (stop(), resume?.end());
}
