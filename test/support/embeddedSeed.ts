// A data directory to start from: made once per test file, because initdb is most of the time of a first start.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startEmbedded } from '../../src/database/embedded/startEmbedded.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

export interface EmbeddedSeed {
  /** With the programs in it, where the checkout's own cannot be entered. */
  readonly systemDir: string
  /** Copies a stopped, sound data directory to `dir`. */
  plantIn(dir: string): void
  remove(): void
}

export async function makeEmbeddedSeed(): Promise<EmbeddedSeed> {
  const seed = temporaryDirectory('jobledger-seed-')
  const log = { info: () => undefined, warn: console.warn }
  const dataDir = join(seed, 'data')
  const systemDir = join(seed, 'system')
  const server = await startEmbedded({ dataDir, systemDir, settings: { fsync: 'off' }, log })
  await server.stop()
  return {
    systemDir,
    // Node's own copy would give root's files to root.
    plantIn: (dir) => void execFileSync('cp', ['-Rp', `${dataDir}/.`, dir]),
    remove: () => rmSync(seed, { recursive: true, force: true }),
  }
}
