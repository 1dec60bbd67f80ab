// Writes the log of the process: JSON lines for machines, coloured lines for a terminal. Log
// entries must not contain secrets. The paths below remove those that do.
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
  // In this thread, not in pino's worker: the last lines must be written before the process exits.
  const toText = prettyFactory({ ignore: 'pid', translateTime: 'SYS:HH:MM:ss', colorize: isColorSupported })
  return pino(options, { write: (line) => output.write(toText(line)) })
}

/**
 * Properties of errors that can contain stored data or secrets. PostgreSQL repeats rows in `detail`
 * and parameters in `where`. A pool of pg passes on `client`, which has the key for cancelling
 * statements.
 */
const PRIVATE = new Set(['client', 'detail', 'where', 'internalQuery', 'parameters', 'params', 'values'])
/** Maximum depth of nested errors that are redacted. */
const MAX_DEPTH = 8

/** The loggable form of an error: without the content of rows, also in its causes. */
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

/**
 * Writes at most one line per minute, for lines that callers can cause at will. `suppressed` is the
 * number of lines dropped since the last one.
 */
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
