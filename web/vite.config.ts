/** How the dashboard is built. Everything it loads comes out of this build: no CDN, no inline script. */
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  // Fonts and pictures stay files of their own; the policy of the pages allows no `data:` font.
  build: { target: 'es2023', assetsInlineLimit: 0, sourcemap: false, chunkSizeWarningLimit: 900 },
  css: { modules: { localsConvention: 'camelCaseOnly' } },
});
