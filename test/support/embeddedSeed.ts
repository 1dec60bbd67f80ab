// A data directory to copy, made once per test file, because initdb takes most of the time of a
// start.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startEmbedded } from '../../src/database/embedded/startEmbedded.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

export interface EmbeddedSeed {
  /** Contains the programs, for users that cannot read those of the checkout. */
  readonly systemDir: string
  /** Copies the data directory of a stopped server to `dir`. */
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
    // Node's own copy would not preserve the owner of the files.
    plantIn: (dir) => void execFileSync('cp', ['-Rp', `${dataDir}/.`, dir]),
    remove: () => rmSync(seed, { recursive: true, force: true }),
  }
}
