// A monotonic clock that can be put ahead, so that a test need not wait for minutes.
import { vi } from 'vitest'

export interface ClockAhead {
  /** Puts `performance.now` of this process ahead. */
  advance(ms: number): void
}

/** To be undone by `vi.restoreAllMocks`. */
export function clockAhead(): ClockAhead {
  let aheadMs = 0
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs)
  return {
    advance(ms) {
      aheadMs += ms
    },
  }
}
