import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2024',
    // Nothing in the page's own text: the policy that the server sends forbids scripts and workers from `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  worker: { format: 'es' },
  server: {
    // `npx vite packages/console` beside a running monitor.
    proxy: { '/api': { target: 'http://127.0.0.1:4040', ws: true } },
  },
});
