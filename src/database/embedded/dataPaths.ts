// The file locations of the embedded database: the names inside a data directory, the default
// directory, and the second location that root needs. Only path arithmetic and node:fs, because
// prisma.config.ts imports this file.
import { createHash } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { PACKAGE_ROOT } from '../packageRoot.ts'

/** Persistent and readable by every user: root stores here what PostgreSQL's user must reach. */
export const SYSTEM_DIR = '/var/lib/jobledger'

/** The files of one data directory. */
export interface DataPaths {
  readonly dir: string
  /** PostgreSQL's own directory (PGDATA). */
  readonly cluster: string
  readonly password: string
  readonly owner: string
  readonly log: string
}

export function dataPaths(dir: string): DataPaths {
  return {
    dir,
    cluster: join(dir, 'postgres'),
    password: join(dir, 'password'),
    owner: join(dir, 'owner.json'),
    log: join(dir, 'server.log'),
  }
}

/** `data` in the checkout, whatever the current folder is. */
export function defaultDataDir(): string {
  return join(PACKAGE_ROOT, 'data')
}

/**
 * The possible locations of the data of `dataDir`, in order of preference. Only the default
 * directory has a second one. A directory that was set explicitly has no fallback.
 */
export function candidatePaths(dataDir: string, systemDir = SYSTEM_DIR): readonly [DataPaths, ...DataPaths[]] {
  const dir = resolve(dataDir)
  return dir === defaultDataDir() ? [dataPaths(dir), relocatedPaths(dir, systemDir)] : [dataPaths(dir)]
}

/** The location with a cluster. Undefined if there is no cluster. */
export function occupiedPaths(places: readonly DataPaths[]): DataPaths | undefined {
  return places.find((place) => existsSync(join(place.cluster, 'PG_VERSION')))
}

function relocatedPaths(dir: string, systemDir: string): DataPaths {
  const checkout = realpathSync(dirname(dir))
  const hash = createHash('sha256').update(checkout).digest('hex').slice(0, 12)
  return dataPaths(join(systemDir, `${basename(checkout)}-${hash}`))
}
