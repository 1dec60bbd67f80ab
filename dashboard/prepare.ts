// Builds the dashboard after `npm ci`. An installation without development dependencies cannot
// build; it serves the build that it already has.
const VITE = 'vite'

try {
  const { build } = (await import(VITE)) as typeof import('vite')
  await build({ configFile: 'dashboard/vite.config.ts', logLevel: 'warn' })
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
}
