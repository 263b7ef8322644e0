import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds the console into `dist`, which the control plane serves. `npm run dev -w web` proxies the API to a running cell. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The server's content security policy takes files of its own origin only: nothing is turned into a data: URL.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: { port: 5173, proxy: { '/api': { target: 'http://localhost:8080', changeOrigin: false } } },
});
