// The names of the files of the spool, which say what a file is and which process is at work on it.
import { createHash } from 'node:crypto'
import { identify, identifySelf } from '../../database/embedded/processIdentity.ts'

/**
 * `<name>.json` awaits delivery, `<name>.claimed.<process>` is being delivered,
 * `<name>.writing.<process>` is being written.
 */
export const WAITING = '.json'
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const NAME = `\\d{8}T\\d{9}Z-${UUID}`
const OF_PROCESS = '(?<pid>\\d+)-(?<start>[0-9a-f]{16})'
const WAITING_FILE = new RegExp(`^(?<name>${NAME})\\.json$`)
const CLAIMED_FILE = new RegExp(`^(?<name>${NAME})\\.claimed\\.${OF_PROCESS}$`)
const DRAFT_FILE = new RegExp(`^${UUID}\\.writing\\.${OF_PROCESS}$`)

/**
 * Classifies a file that may be claimed: an outcome with a name, or an abandoned draft without one;
 * undefined for other files.
 */
export function statusOf(file: string): { readonly name?: string | undefined } | undefined {
  const waiting = WAITING_FILE.exec(file)
  if (waiting) return { name: waiting.groups?.name }
  const { name, pid, start } = (CLAIMED_FILE.exec(file) ?? DRAFT_FILE.exec(file))?.groups ?? {}
  return pid === undefined || markOf(Number(pid)) === `${pid}-${start}` ? undefined : { name }
}

// Processes of other machines and containers that share the directory count as dead. Then an
// outcome may be delivered twice at once, which is harmless because each step is idempotent.

/** Identifies this process in the names of files. */
export function ownMark(): string {
  const { pid, startedAt } = identifySelf()
  return `${pid}-${shortHash(startedAt)}`
}

function markOf(pid: number): string | undefined {
  const identity = identify(pid)
  return identity && `${pid}-${shortHash(identity.startedAt)}`
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
