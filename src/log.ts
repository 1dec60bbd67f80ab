// How the process writes its log: JSON lines for machines, coloured lines for a person at a terminal. Secrets do not
// belong in a log entry; the paths below are the net for those that slip in.
import { type Logger, pino } from 'pino'
import { isColorSupported, prettyFactory } from 'pino-pretty'
import { LogOutput } from './logOutput.ts'

const SECRETS = ['password', 'connectionString', 'databaseUrl', 'authorization', 'cookie', 'secret', 'token']

export interface LogOptions {
  readonly level: string
  /** For a person at a terminal. */
  readonly readable: boolean
}

export function createLogger({ level, readable }: LogOptions): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    redact: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
    serializers: { err: withoutContent },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  }
  const output = new LogOutput()
  if (!readable) return pino(options, output)
  // In this thread, not in pino's worker: the last lines must be out before the process exits.
  const toText = prettyFactory({ ignore: 'pid', translateTime: 'SYS:HH:MM:ss', colorize: isColorSupported })
  return pino(options, { write: (line) => output.write(toText(line)) })
}

/**
 * Members of errors that hold what callers have stored, or secrets: PostgreSQL repeats rows in `detail` and parameters in `where`; with
 * `client`, a pool of pg passes on the key by which statements are cancelled.
 */
const PRIVATE = new Set(['client', 'detail', 'where', 'internalQuery', 'parameters', 'params', 'values'])
/** Errors within errors are looked at to this depth. */
const MAX_DEPTH = 8

/** An error as it is logged: without the content of rows, also in its causes. */
export function withoutContent(error: unknown): unknown {
  return strip(pino.stdSerializers.err(error as Error), MAX_DEPTH)
}

function strip(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return undefined
  if (Array.isArray(value)) return value.map((item) => strip(item, depth - 1))
  const members = Object.entries(value).filter(([name]) => !PRIVATE.has(name))
  return Object.fromEntries(members.map(([name, member]) => [name, strip(member, depth - 1)]))
}

const MINUTE_MS = 60_000

/** Writes at most one line a minute, for lines that callers can cause at will. `suppressed` counts those left out since the last one. */
export function onceAMinute<Facts extends object>(
  write: (facts: Facts & { readonly suppressed: number }) => void,
): (facts: Facts) => void {
  let writtenAt = Number.NEGATIVE_INFINITY
  let suppressed = 0
  return (facts) => {
    if (performance.now() - writtenAt < MINUTE_MS) {
      suppressed += 1
      return
    }
    write({ ...facts, suppressed })
    writtenAt = performance.now()
    suppressed = 0
  }
}
