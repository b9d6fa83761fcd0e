import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The pages are served here, and everything else by a running Notewire, so that for the browser it is one site.
const notewire = process.env.NOTEWIRE_URL ?? 'http://127.0.0.1:8080';
const page = (name: string) => fileURLToPath(new URL(`${name}/index.html`, import.meta.url));

export default defineConfig({
  appType: 'mpa',
  plugins: [react()],
  server: { proxy: { '/graphql': { target: notewire, ws: true } } },
  build: { rolldownOptions: { input: ['apollo', 'urql', 'relay'].map(page) } },
});
