// A monotonic clock that a test can advance instead of waiting for minutes.
import { vi } from 'vitest'

export interface ClockAhead {
  /** Advances `performance.now` of this process. */
  advance(ms: number): void
}

/** Undo it with `vi.restoreAllMocks`. */
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
