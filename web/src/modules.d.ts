// Files of Monaco and its GraphQL mode that are there for bundlers and come without types.
declare module 'monaco-editor/esm/vs/editor/editor.worker.js';
declare module 'monaco-editor/esm/vs/language/json/json.worker.js';
