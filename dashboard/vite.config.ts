// Builds the dashboard into dist/dashboard, from where src/http/dashboard serves it.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { compressAssets } from './compressAssets.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  root: path('.'),
  base: '/ui/',
  // Preact's own preset brings 98 packages for what this line does.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: path('../dist/dashboard'),
    emptyOutDir: true,
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The content security policy admits files of the server only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  plugins: [compressAssets()],
  // `npm run dev:dashboard` beside `npm start`.
  server: { proxy: { '/graphql': 'http://localhost:4000', '/ui/session': 'http://localhost:4000' } },
})
