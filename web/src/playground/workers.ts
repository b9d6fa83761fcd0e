// Monaco asks for its workers here: a file of our own origin with a hashed name, so no CDN and no blob: is needed. The
// `new Worker(new URL(...))` stays literal, because that is how Vite finds what to build.

self.MonacoEnvironment = {
  getWorker: (_workerId, label) =>
    new Worker(new URL('./worker.ts', import.meta.url), {
      type: 'module',
      name: label === 'json' || label === 'graphql' ? label : 'editor',
    }),
};
