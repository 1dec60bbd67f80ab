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
    serializers: { err: withoutClient },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  }
  const output = new LogOutput()
  if (!readable) return pino(options, output)
  // In this thread, not in pino's worker: the last lines must be out before the process exits.
  const toText = prettyFactory({ ignore: 'pid', translateTime: 'SYS:HH:MM:ss', colorize: isColorSupported })
  return pino(options, { write: (line) => output.write(toText(line)) })
}

/** An error as it is logged. A pool of pg hands over its client with the error, and that holds the key by which statements are cancelled. */
function withoutClient(error: unknown): unknown {
  const entry: unknown = pino.stdSerializers.err(error as Error)
  return typeof entry === 'object' && entry !== null && 'client' in entry ? { ...entry, client: undefined } : entry
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
