// The log of unauthenticated requests. Anyone can cause its lines, so their number is limited.
import type { Logger } from 'pino'

/** The methods of the log that requests use. */
export type LimitedLog = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'>

const WINDOW_MS = 60_000
/** Maximum number of lines with the same message in one window. */
const MAX_LINES = 60

interface Window {
  readonly endsAt: number
  lines: number
  suppressed: number
}

/**
 * Writes at most 60 lines per minute for each message. Messages must be constants. One more line at
 * the end of the minute reports how many lines were suppressed.
 */
export function anonymousLog(log: Logger): LimitedLog {
  const windows = new Map<string, Window>()

  function end(window: Window, level: 'warn' | 'error', line: string): void {
    if (windows.get(line) === window) windows.delete(line)
    const { suppressed } = window
    window.suppressed = 0
    if (suppressed > 0) log[level]({ line, suppressed, seconds: WINDOW_MS / 1000 }, 'log lines suppressed')
  }

  function windowOf(level: 'warn' | 'error', line: string): Window {
    const current = windows.get(line)
    if (current !== undefined && performance.now() < current.endsAt) return current
    if (current !== undefined) end(current, level, line)
    const window = { endsAt: performance.now() + WINDOW_MS, lines: 0, suppressed: 0 }
    windows.set(line, window)
    setTimeout(() => end(window, level, line), WINDOW_MS).unref()
    return window
  }

  const limited = (level: 'warn' | 'error') => (fields: object, line: string) => {
    const window = windowOf(level, line)
    if (window.lines === MAX_LINES) window.suppressed += 1
    else {
      window.lines += 1
      log[level](fields, line)
    }
  }
  return {
    debug: log.debug.bind(log),
    info: log.info.bind(log),
    isLevelEnabled: log.isLevelEnabled.bind(log),
    warn: limited('warn') as Logger['warn'],
    error: limited('error') as Logger['error'],
  }
}
