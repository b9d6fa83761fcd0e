import type { Fetcher, FetcherOpts, FetcherParams } from '@graphiql/toolkit';
import { getOperationAST, parse } from 'graphql';
import { Subscriptions } from './subscriptions';

/** GraphQL over HTTP, as its specification names the media types, best first. */
const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';

/**
 * The operation that is meant, or null where only the server can say what is wrong. It is read from the text: what GraphiQL
 * knows of it, the name included, may still be that of the tab before for half a second.
 */
function operationOf({ query, operationName }: FetcherParams) {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document);
  } catch {
    return null;
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
  return async (params, options) => {
    const operation = operationOf(params);
    const { query, variables } = params;
    const payload = { query, variables, operationName: operation ? operation.name?.value : params.operationName };
    if (operation?.operation === 'subscription') {
      const authorization = authorizationOf(options?.headers);
      return {
        subscribe: (sink: Parameters<Subscriptions['subscribe']>[2]) => ({
          unsubscribe: subscriptions.subscribe(payload, authorization, sink),
        }),
      } as Awaited<ReturnType<Fetcher>>;
    }
    const answer = await post(payload, options?.headers);
    onAnswer(answer);
    return answer;
  };
}
