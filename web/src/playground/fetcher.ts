import type { Fetcher, FetcherOpts, FetcherParams } from '@graphiql/toolkit';
import { getOperationAST, parse } from 'graphql';
import { Subscriptions } from './subscriptions';

/** GraphQL over HTTP, as its specification names the media types, best first. */
const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';

function isSubscription({ query, operationName }: FetcherParams, options?: FetcherOpts): boolean {
  try {
    return getOperationAST(options?.documentAST ?? parse(query), operationName)?.operation === 'subscription';
  } catch {
    return false; // It does not parse: let the server say so.
  }
}

/** The Authorization of the headers tab, in whatever case it is written there. */
function authorizationOf(headers: FetcherOpts['headers']): string | undefined {
  const entry = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization');
  return entry && String(entry[1]);
}

/** An answer in the shape of GraphQL for what went wrong before any GraphQL came back. */
function failure(message: string) {
  return { errors: [{ message }] };
}

async function post(params: FetcherParams, headers: FetcherOpts['headers']) {
  let response: Response;
  let text: string;
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      headers: { Accept: ACCEPT, 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(params),
    });
    text = await response.text();
  } catch (error) {
    return failure(`The server could not be reached: ${error instanceof Error ? error.message : error}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    return failure(`The server answered ${response.status} ${response.statusText} without JSON: ${text.slice(0, 200)}`);
  }
}

/**
 * Makes GraphiQL's way to the server: queries and mutations by POST, subscriptions by graphql-transport-ws, both to /graphql
 * of the page's own origin and both with the Authorization of the headers tab. onAnswer sees each answer that came by POST.
 */
export function createFetcher(onAnswer: (answer: unknown) => void): Fetcher {
  const subscriptions = new Subscriptions();
  return (params, options) => {
    if (isSubscription(params, options)) {
      const { query, operationName, variables } = params;
      const authorization = authorizationOf(options?.headers);
      return {
        subscribe: (sink: Parameters<Subscriptions['subscribe']>[2]) => ({
          unsubscribe: subscriptions.subscribe({ query, operationName, variables }, authorization, sink),
        }),
      } as ReturnType<Fetcher>;
    }
    return post(params, options?.headers).then((answer) => {
      onAnswer(answer);
      return answer;
    });
  };
}
