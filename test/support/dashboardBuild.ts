// A build of the dashboard from the sources of the checkout, so that tests do not depend on an
// earlier `npm run build`.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

export interface DashboardBuild {
  readonly folder: string
  remove(): Promise<void>
}

export async function buildDashboard(): Promise<DashboardBuild> {
  const folder = await mkdtemp(join(tmpdir(), 'jobledger-dashboard-'))
  await build({
    configFile: fileURLToPath(new URL('../../dashboard/vite.config.ts', import.meta.url)),
    logLevel: 'error',
    build: { outDir: folder },
  })
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
