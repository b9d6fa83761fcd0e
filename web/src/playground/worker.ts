// The one file behind Monaco's three workers, so that they share what they have in common; a worker's name says which one
// it is. What arrives while its part is loading is kept and handed on: Monaco talks to a worker as soon as it has made it.

const parts: Record<string, () => Promise<unknown>> = {
  editor: () => import('monaco-editor/esm/vs/editor/editor.worker.js'),
  json: () => import('monaco-editor/esm/vs/language/json/json.worker.js'),
  graphql: () => import('monaco-graphql/esm/graphql.worker.js'),
};

const early: MessageEvent[] = [];
self.onmessage = (event) => early.push(event);

// Each part sets self.onmessage when it is loaded, and may set it again on the first message.
await parts[self.name]?.();
for (const event of early) self.onmessage?.(event);

export {};
