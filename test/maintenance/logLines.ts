// A log for tests, from level debug.
import { type Logger, pino } from 'pino'

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly task?: string
  readonly [fact: string]: unknown
}

export function readableLog(): { readonly log: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = []
  const log = pino(
    { level: 'debug', base: null, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  return { log, lines }
}
