// Reads from a data directory which PostgreSQL serves it. Synchronous, read-only, without
// connections, and with Node's own modules only, because prisma.config.ts calls it for every
// command.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { candidatePaths, type DataPaths } from './dataPaths.ts'
import { commandLineOf, identify } from './processIdentity.ts'

export const SUPERUSER = 'jobledger'
export const DATABASE = 'jobledger'

/** The content of postmaster.pid. It can be stale: the process can be dead, or its pid reused. */
export interface PostmasterFile {
  readonly pid: number
  readonly port: number
  readonly ready: boolean
}

/** The URL of the embedded server running on this data directory. Undefined if none runs. */
export function runningEmbeddedUrl(dataDir: string, systemDir?: string): string | undefined {
  for (const place of candidatePaths(dataDir, systemDir)) {
    const file = readPostmasterFile(place)
    const password = readPassword(place)
    if (file?.ready && password !== undefined && servesCluster(file.pid, place) !== 'no') {
      return embeddedUrl(file.port, password)
    }
  }
  return undefined
}

export function embeddedUrl(port: number, password: string, database = DATABASE): string {
  return `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`
}

export function readPostmasterFile({ cluster }: DataPaths): PostmasterFile | undefined {
  // Lines: pid, data directory, start time, port, socket directory, address, shared memory, status.
  const lines = readIfThere(join(cluster, 'postmaster.pid'))?.split('\n')
  const [pid, port] = [Number(lines?.[0]), Number(lines?.[3])]
  if (!(pid > 0 && port > 0)) return undefined
  return { pid, port, ready: lines?.[7]?.trim() === 'ready' }
}

export function readPassword(place: DataPaths): string | undefined {
  return readIfThere(place.password)?.trim() || undefined
}

/**
 * Whether a process is the postmaster of this cluster. "perhaps" is a postmaster of another path,
 * which is ours if the checkout was renamed, or a process whose command line is hidden. Then only
 * our password can decide.
 */
export function servesCluster(pid: number, { cluster }: DataPaths): 'yes' | 'perhaps' | 'no' {
  if (identify(pid) === undefined) return 'no'
  const commandLine = `${commandLineOf(pid).join(' ')} `
  // Compares the start of the command line: an editor or a pager may have our path as an argument.
  if (commandLine.includes(`postgres -D ${cluster} `)) return 'yes'
  return commandLine === ' ' || commandLine.includes('postgres -D ') ? 'perhaps' : 'no'
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
