// The log of the server during the trial: how often each message occurred, and unexpected messages.
import type { Faults } from './faults.ts'

interface Entry {
  readonly level: string
  readonly msg: string
  readonly err?: { readonly type?: string; readonly code?: string; readonly message?: string; readonly stack?: string }
}

/** Requests that failed because the database was unavailable. */
const DATABASE_UNAVAILABLE =
  /ECONNREFUSED|ECONNRESET|EPIPE|Can't reach database server|Server has closed the connection|Connection terminated|is not queryable|57P0[123]|timeout exceeded when trying to connect/

export class ServerLog {
  /** Number of occurrences of each message. */
  readonly messageCounts = new Map<string, number>()
  private readonly faults: Faults

  constructor(faults: Faults) {
    this.faults = faults
  }

  note(line: string): void {
    const entry = parse(line)
    if (entry === undefined) return
    const what = described(entry)
    this.messageCounts.set(what, (this.messageCounts.get(what) ?? 0) + 1)
    const isSerious = entry.level === 'error' || entry.level === 'fatal'
    if (isSerious && !DATABASE_UNAVAILABLE.test(`${entry.err?.code} ${entry.err?.message}`))
      this.faults.note(`The server logged: ${line}`)
  }
}

/** Undefined for an incomplete line of a killed server. */
function parse(line: string): Entry | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function described({ level, msg, err }: Entry): string {
  if (err === undefined) return `${level}: ${msg.replaceAll(/\d+/g, 'N')}`
  // Messages of Prisma start with the call. The message of PostgreSQL is last.
  const reason = err.message?.trim().split('\n').at(-1)
  return `${level}: ${msg} (${[err.type, err.code].filter(Boolean).join(' ')}: ${reason})`
}
