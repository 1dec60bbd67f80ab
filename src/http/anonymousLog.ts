// The log of requests that have not proved who sends them: anybody can cause its lines, so they are bounded.
import type { Logger } from 'pino'

/** What is asked of the log while a request is answered. */
export type RequestLog = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'>

const WINDOW_MS = 60_000
/** Lines with one message in a window. */
const MAX_LINES = 60

interface Window {
  readonly endsAt: number
  lines: number
  suppressed: number
}

/**
 * Writes at most 60 lines a minute of each message, as long as messages are constants. When the minute is over, or with the first line after it,
 * one more line says how many were left out.
 */
export function anonymousLog(log: Logger): RequestLog {
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

  const bounded = (level: 'warn' | 'error') => (facts: object, line: string) => {
    const window = windowOf(level, line)
    if (window.lines === MAX_LINES) window.suppressed += 1
    else {
      window.lines += 1
      log[level](facts, line)
    }
  }
  return {
    debug: log.debug.bind(log),
    info: log.info.bind(log),
    isLevelEnabled: log.isLevelEnabled.bind(log),
    warn: bounded('warn') as Logger['warn'],
    error: bounded('error') as Logger['error'],
  }
}
