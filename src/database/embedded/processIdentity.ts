// Identifies processes by pid and start time, because the system reuses pids. Synchronous and
// without dependencies, because prisma.config.ts imports this file.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'

export interface ProcessIdentity {
  readonly pid: number
  /** Opaque. Equal only for the same process on the same boot. */
  readonly startedAt: string
}

/**
 * The identity of a living process. Undefined if no such process is alive. A zombie counts as dead.
 */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? linuxStart(pid) : otherStart(pid)
  return startedAt === undefined ? undefined : { pid, startedAt }
}

export function identifySelf(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, startedAt: 'unknown' }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt
}

/** The arguments of a process. Empty if it is dead or hidden from us. */
export function commandLineOf(pid: number): readonly string[] {
  try {
    if (process.platform === 'linux') {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
    }
    return [ps(pid, 'command=')]
  } catch {
    return []
  }
}

/** Parses the JSON of an identity. Undefined for anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { pid, startedAt } = value as Partial<ProcessIdentity>
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined
  } catch {
    return undefined
  }
}

function linuxStart(pid: number): string | undefined {
  try {
    // The second field is the program's name in parentheses. It can contain blanks and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, startTicks] = [fields[0], fields[19]]
    if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${startTicks}`
  } catch {
    return undefined
  }
}

function otherStart(pid: number): string | undefined {
  if (process.platform === 'win32') return acceptsSignals(pid) ? 'unknown' : undefined
  try {
    const [state, ...start] = ps(pid, 'stat=', 'lstart=').split(/\s+/)
    return state === undefined || state === '' || state.startsWith('Z') ? undefined : start.join(' ')
  } catch {
    return undefined
  }
}

function ps(pid: number, ...columns: string[]): string {
  const options = { encoding: 'utf8', stdio: 'pipe', env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/bin:/usr/bin' } } as const
  // One -o per column: in BSD's ps an empty title swallows the rest of its argument.
  const chosen = columns.flatMap((column) => ['-o', column])
  return execFileSync('ps', ['-ww', ...chosen, '-p', String(pid)], options).trim()
}

function acceptsSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
