import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

// The development server hands everything that is not a page to a running Notewire.
const notewire = process.env.NOTEWIRE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  appType: 'mpa',
  plugins: [react()],
  resolve: {
    // GraphiQL imports all of Monaco and Prettier's JavaScript; what it does not use is answered with less here.
    alias: [
      { find: 'monaco-editor/esm/vs/editor/edcore.main.js', replacement: here('src/playground/monaco.ts') },
      {
        find: /^\.\.\/\.\.\/browser\/widget\/(diffEditor\/diffEditorWidget|multiDiffEditor\/multiDiffEditorWidget)\.js$/,
        replacement: here('src/playground/monaco-without-diffs.ts'),
      },
      { find: /^prettier\/(plugins\/estree|parser-babel)$/, replacement: here('src/playground/prettier-jsonc.ts') },
      // The same file once more, by its old name.
      { find: 'prettier/parser-graphql', replacement: 'prettier/plugins/graphql' },
    ],
  },
  build: {
    outDir: 'dist',
    target: 'es2022',
    rolldownOptions: {
      input: [here('index.html'), here('playground.html')],
      // GraphiQL's packages carry directives for the React compiler, which has run already.
      checks: { moduleLevelDirective: false },
    },
    // Nothing becomes a data: URI, so that the pages need no data: in font-src.
    assetsInlineLimit: 0,
    // Every browser that can run the pages preloads modules by itself.
    modulePreload: { polyfill: false },
    // The notices of all that is bundled, for whoever hands the binary on.
    license: { fileName: 'licenses.md' },
    // Monaco alone is larger than the 500 kB that Vite warns of.
    chunkSizeWarningLimit: 2500,
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/graphql': { target: notewire, ws: true },
      '/schema.graphqls': notewire,
    },
  },
});
