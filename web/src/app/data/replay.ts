import type { Exchange, Operation, OperationResult } from 'urql';
import { makeSubject, merge, pipe, tap } from 'wonka';

/** The most events that are kept. More than come while a query is answered: beyond it the oldest is not told again. */
const MOST = 1_000;

/** The subscriptions whose events change lists. */
const lists = ['events', 'roomNoteAdded', 'commentAdded'];

const changesLists = ({ operation, data }: OperationResult) =>
  operation.kind === 'subscription' && lists.some((field) => data?.[field] && data[field].__typename !== 'StreamReady');

/**
 * While queries are on their way the cache lays their answers, and those to mutations, over the events that come, even over
 * newer ones: a note would be missing from its list. So those events are told once more when nothing is on its way. It stands
 * behind the cache.
 */
export const replayExchange: Exchange =
  ({ forward }) =>
  (operations) => {
    const asked = new Map<number, number>(); // how often a query is on its way
    let missed: OperationResult[] = [];
    const again = makeSubject<OperationResult>();
    const tellAgain = () => {
      if (asked.size > 0) return;
      const events = missed;
      missed = [];
      events.forEach(again.next);
    };
    const settle = ({ key, kind }: Operation) => {
      const left = kind === 'teardown' ? 0 : (asked.get(key) ?? 0) - 1;
      if (left > 0) asked.set(key, left);
      else if (!asked.delete(key)) return;
      // After the cache has taken in the answer, and unless that has led to another query.
      if (asked.size === 0) queueMicrotask(tellAgain);
    };
    const answers = pipe(
      operations,
      tap((operation) => {
        if (operation.kind === 'query') asked.set(operation.key, (asked.get(operation.key) ?? 0) + 1);
        else if (operation.kind === 'teardown') settle(operation);
      }),
      forward,
      tap((result) => {
        if (asked.size > 0 && changesLists(result)) missed = [...missed.slice(1 - MOST), result];
        else if (result.operation.kind === 'query') settle(result.operation);
      }),
    );
    return merge([answers, again.source]);
  };
